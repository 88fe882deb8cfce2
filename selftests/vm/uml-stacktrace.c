// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for arch/um/kernel/stacktrace.c in the testbed's UML kernels.
 *
 * The kernel's own looks at every word of the stack, to its end, each time that KASAN, kmemleak or lockdep keep a
 * trace: two thirds of the time of a debug kernel.  This one follows the frame pointers when a trace is kept, and
 * looks at every word only when one is printed.
 */

#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <asm/stacktrace.h>

void dump_trace(struct task_struct *tsk, const struct stacktrace_ops *ops, void *data)
{
	unsigned long *sp = get_stack_pointer(tsk, tsk->thread.segv_regs);
	unsigned long bp = get_frame_pointer(tsk, tsk->thread.segv_regs);

	for (; (unsigned long)sp & (THREAD_SIZE - 1); sp++) {
		unsigned long addr = READ_ONCE_NOCHECK(*sp);
		int reliable = 0;

		if (!__kernel_text_address(addr))
			continue;
		if ((unsigned long)sp == bp + sizeof(long)) {
			bp = bp ? READ_ONCE_NOCHECK(*(unsigned long *)bp) : 0;
			reliable = 1;
		}
		ops->address(data, addr, reliable);
	}
}

static void follow_frames(struct task_struct *tsk, struct stack_trace *trace)
{
	unsigned long bp = get_frame_pointer(tsk, tsk->thread.segv_regs);
	unsigned long end = bp | (THREAD_SIZE - 1);

	while (bp && trace->nr_entries < trace->max_entries) {
		struct stack_frame *frame = (struct stack_frame *)bp;
		unsigned long addr = READ_ONCE_NOCHECK(frame->return_address);
		unsigned long next = (unsigned long)READ_ONCE_NOCHECK(frame->next_frame);

		if (!__kernel_text_address(addr))
			return;
		trace->entries[trace->nr_entries++] = addr;
		if (next <= bp || next > end - sizeof(*frame))
			return;
		bp = next;
	}
}

void save_stack_trace(struct stack_trace *trace)
{
	follow_frames(current, trace);
}
EXPORT_SYMBOL_GPL(save_stack_trace);

void save_stack_trace_tsk(struct task_struct *tsk, struct stack_trace *trace)
{
	follow_frames(tsk, trace);
}
EXPORT_SYMBOL_GPL(save_stack_trace_tsk);
