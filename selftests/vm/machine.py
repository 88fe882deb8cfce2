# SPDX-License-Identifier: GPL-2.0
"""One virtual machine: a UML kernel or a QEMU, its console in a file, ended by its process group."""

import ctypes
import os
import signal
import socket
import subprocess
import threading
import time

CACHE = os.path.realpath(os.environ.get("APNBD_CACHE") or os.path.expanduser("~/.cache/apnbd"))
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


def kernel_dir(kind):
    return os.path.join(CACHE, "trixie/apn/kernels", kind)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Wire:
    """A cable between two machines; it is there before them and after them."""

    def __init__(self, folder):
        self.folder = folder
        self.ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in self.ends:
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                end.setsockopt(socket.SOL_SOCKET, option, 4 << 20)

    def fd(self, name):
        return self.ends["ab".index(name)].fileno()

    def path(self, name):
        return os.path.join(self.folder, f"wire-{name}")

    def close(self):
        for end in self.ends:
            end.close()


class Machine:
    """name: a or b. src: read-only folder for the guest; out: the shared writable one; disks: image files."""

    def __init__(self, kind, name, src, out, spec, disks=(), wire=None, boot=1, transport="tcp",
                 security="none"):
        self.kind, self.name, self.src, self.out = kind, name, src, out
        self.machines, self.cpus, self.memory, _, self.extra = spec
        self.disks, self.wire, self.boot = disks, wire, boot
        self.transport, self.security = transport, security
        self.own = os.path.join(out, name)
        self.console = os.path.join(out, f"console-{name}")
        self.seed = None
        self.process = None
        self.cut = False

    def words(self):
        """What guest/init and guest/agent read from the kernel's command line."""
        return [f"apn_kind={self.kind}", f"apn_machine={self.name}", f"apn_machines={self.machines}",
                f"apn_boot={self.boot}", f"apn_transport={self.transport}",
                f"apn_security={self.security}"] + ([f"apn_seed={self.seed}"] if self.seed else []) + \
            self.extra.split()

    def initramfs(self):
        """The kind's own, and vm/guest/init as it is now."""
        path = os.path.join(self.out, f"initramfs-{self.name}")
        guest = os.path.join(self.src, "selftests/vm/guest")
        with open(path, "wb") as f:
            with open(os.path.join(kernel_dir(self.kind), "initramfs.cpio"), "rb") as base:
                f.write(base.read())
            subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=guest, input=b"init\n", stdout=f, check=True)
        return path

    def start(self):
        os.makedirs(self.own, exist_ok=True)
        make = uml_command if self.kind.startswith("uml") else qemu_command
        command, fds = make(self)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True,
                                        preexec_fn=die_with_parent, pass_fds=fds, cwd=self.out)
        # a pipe, for UML cannot wait on a plain file; it ends when the last process of the group has gone
        self.pump = threading.Thread(target=copy, args=(self.process.stdout, self.console), daemon=True)
        self.pump.start()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stand_still(self, seconds):
        """As a machine that its host does not run, or moves elsewhere: its clock goes on, it does not."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        timer = threading.Timer(seconds, self.go_on)
        timer.daemon = True
        timer.start()

    def go_on(self):
        try:
            os.killpg(self.process.pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def kill(self):
        """Power cut. UML has helper processes: the whole group goes."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.pump.join(5)

    def log_tail(self, lines=40):
        try:
            with open(self.console, encoding="utf-8", errors="replace") as f:
                return f.read().splitlines()[-lines:]
        except FileNotFoundError:
            return []


def copy(pipe, path):
    with open(path, "ab", buffering=0) as f:
        while True:
            said = pipe.read1(65536)
            if not said:
                return
            f.write(said)


def uml_command(m):
    kernel = kernel_dir(m.kind)
    command = [os.path.join(kernel, "vmkernel"), f"mem={m.memory}", "con=null", "con0=null,fd:1", "ssl=null",
               f"initrd={m.initramfs()}",
               f"umid=uml-{m.name}", f"uml_dir={m.out}", "seccomp=on", "loglevel=7", "panic=-1", "printk.time=1",
               f"apn_src={m.src}", f"apn_out={m.out}"] + m.words()
    images = [f"{CACHE}/root/root.img", f"{kernel}/modules.img"]
    if m.kind == "uml-vtime":
        command += ["time-travel=inf-cpu", f"apn_images={','.join(images)}"]
    else:
        command += [f"ubd{i}r={image}" for i, image in enumerate(images)]
        command += [f"ubd{i}={disk}" for i, disk in enumerate(m.disks, 2)]
    if m.kind == "uml":
        command.append(f"ncpus={m.cpus}")
    if m.kind == "uml-debug":
        # the allocator's per-CPU sheaves keep stale pointers, which hide leaks from kmemleak; a debugged cache has none
        command.append("slab_debug=Z")
    fds = ()
    if m.wire:
        fds = (m.wire.fd(m.name),)
        command.append(f"vec0:transport=fd,fd={fds[0]},mac=52:54:00:00:00:0{'ab'.index(m.name) + 1},depth=256,gro=0")
    return command, fds


def qemu_command(m):
    kernel = kernel_dir(m.kind)
    append = ["console=ttyS0", "loglevel=7", "panic=-1", "log_buf_len=16M", "random.trust_cpu=on", "nokaslr",
              "tsc=reliable", "mitigations=off", "net.ifnames=0"] + m.words()
    if m.kind == "qemu-debug":
        # uml-debug looks for leaks; here the traces that it takes would cost more than all else
        append += ["preempt=full", "kmemleak=off"]
    command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
               "-machine", "q35", "-m", m.memory, "-smp", str(m.cpus), *accel(),
               "-serial", "stdio", "-kernel", os.path.join(kernel, "vmkernel"), "-initrd", m.initramfs(),
               "-device", "virtio-rng-pci", "-append", " ".join(append)]
    images = [(f"{CACHE}/root/root.img", "on"), (f"{kernel}/modules.img", "on")] + [(d, "off") for d in m.disks]
    for i, (image, read_only) in enumerate(images):
        command += ["-drive", f"file={image},format=raw,if=none,id=d{i},readonly={read_only},file.locking=off",
                    "-device", f"virtio-blk-pci,drive=d{i},addr=0x{i + 8:x}"]
    for tag, path, more in (("src", m.src, ",readonly=on"), ("out", m.out, "")):
        command += ["-fsdev", f"local,id={tag},path={path},security_model=none,multidevs=remap{more}",
                    "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
    if m.wire:
        other = "b" if m.name == "a" else "a"
        command += ["-netdev", f"dgram,id=wire,local.type=unix,local.path={m.wire.path(m.name)},"
                    f"remote.type=unix,remote.path={m.wire.path(other)}",
                    "-device", f"virtio-net-pci,netdev=wire,mac=52:54:00:00:00:0{'ab'.index(m.name) + 1}"]
    return command, ()


def accel():
    if kvm_works():
        return ["-accel", "kvm", "-cpu", "host"]
    return ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max,la57=off"]


def kvm_works():
    """/dev/kvm proves nothing: a kernel must say its first word within two seconds. Asked once a boot of the host."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as f:
        boot = f.read().strip()
    verdict = os.path.join(CACHE, "kvm")
    try:
        with open(verdict, encoding="ascii") as f:
            known, answer = f.read().split()
        if known == boot:
            return answer == "yes"
    except (FileNotFoundError, ValueError):
        pass
    answer = "no"
    if os.access("/dev/kvm", os.R_OK | os.W_OK):
        answer = "yes" if kvm_trial() else "no"
    with open(verdict + ".new", "w", encoding="ascii") as f:
        f.write(f"{boot} {answer}\n")
    os.rename(verdict + ".new", verdict)
    return answer == "yes"


def kvm_trial():
    kernels = [kernel_dir(k) + "/vmkernel" for k in ("qemu-6.12", "qemu-7", "qemu-6.1", "qemu-debug")]
    kernel = next((k for k in kernels if os.path.exists(k)), None)
    if kernel is None:
        return False
    trial = subprocess.Popen(["qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot", "-accel", "kvm",
                              "-cpu", "host", "-m", "256M", "-serial", "stdio", "-kernel", kernel,
                              "-append", "earlyprintk=serial console=ttyS0 panic=-1"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             start_new_session=True, preexec_fn=die_with_parent)
    os.set_blocking(trial.stdout.fileno(), False)
    said, end = b"", time.monotonic() + 2
    while time.monotonic() < end and b"Linux version" not in said and trial.poll() is None:
        time.sleep(0.05)
        said += trial.stdout.read() or b""
    try:
        os.killpg(trial.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    trial.wait()
    return b"Linux version" in said
