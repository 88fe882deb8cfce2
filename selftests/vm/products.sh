# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What a machine is given of this tree: the modules, the tool and the selftests. Sourced.

TREE=$(cd "$VM/../.." && pwd)

# kernel_build_dir KIND: where, inside its build root, that kernel's external modules are made.
kernel_build_dir() {
	case $1 in
	uml* | qemu-debug) echo "/apn/kernels/$1" ;;
	*) (cd "$CACHE/$(release_of "$1")" && echo "lib/modules/${1#qemu-}".*/build | sed 's,^,/,') ;;
	esac
}

# products KIND DIR: DIR/build has the modules and apnctl, DIR/selftests the tests. Incremental, one build a tree and kind; the
# kinds of a tree share the place of its programs, so they are made one after the other. With APN_COVERAGE the modules count
# which of their lines run.
products() {
	local kind=$1 to=$2 id
	id=$(stamp_of "$TREE")
	locked "products-$id" products_locked "$kind" "$to" "$id"
}

products_locked() {
	local kind=$1 to=$2 id=$3 release dir tool
	release=$(release_of "$kind")
	dir=/apn/build/$id/$kind${APN_COVERAGE:+-coverage}
	tool=/apn/build/$id/tool
	mkdir -p "$to/build" "$CACHE/$release$dir" "$CACHE/trixie$tool"
	copy_tree "$CACHE/$release$dir"
	copy_tree "$CACHE/trixie$tool"
	quiet "the modules for $kind" make_modules "$kind" "$release" "$dir"
	quiet "apnctl and the test programs" make_programs "$tool"
	find "$CACHE/$release$dir" -name '*.ko' -exec cp -t "$to/build" {} +
	[ ! -x "$CACHE/trixie$tool/tools/apnctl/apnctl" ] || cp "$CACHE/trixie$tool/tools/apnctl/apnctl" "$to/build/"
	rsync -a --exclude='*.o' "$CACHE/trixie$tool/selftests" "$to/"
}

copy_tree() {
	rsync -a --delete --filter='P *.o' --filter='P *.ko' --filter='P *.mod' --filter='P *.mod.c' --filter='P .*.cmd' \
		--filter='P *.symvers' --filter='P modules.order' --filter='P *.d' --filter='P *.gcno' \
		--filter='P /tools/apnctl/apnctl' \
		--exclude=.git --exclude='*.o' --exclude='*.ko' --exclude='*.mod' --exclude='*.mod.c' --exclude='.*.cmd' \
		--exclude='*.symvers' --exclude='modules.order' --exclude='/tools/apnctl/apnctl' "$TREE/" "$1/"
}

quiet() {
	local what=$1 log
	shift
	log=$(mktemp)
	if ! "$@" >"$log" 2>&1 </dev/null; then
		cat "$log" >&2
		rm -f "$log"
		die "$what could not be built"
	fi
	grep -E 'warning:|Warning' "$log" >&2 || true
	rm -f "$log"
}

make_modules() {
	local kind=$1 release=$2 dir=$3 arch=x86_64 kernel flags='' kbuild
	kernel=$(kernel_build_dir "$kind")
	case $kind in
	uml*) arch=um ;;
	esac
	case $kind in
	*debug) flags=-DDEBUG ;;
	esac
	for kbuild in "$CACHE/$release$dir"/Kbuild "$CACHE/$release$dir"/selftests/*/Kbuild; do
		[ -e "$kbuild" ] || continue
		# a tree whose modules are still to come has tests of the testbed alone
		[ "$kbuild" != "$CACHE/$release$dir/Kbuild" ] || [ -e "$CACHE/$release$dir/drivers/apn/Kbuild" ] || continue
		kbuild=${kbuild#"$CACHE/$release"}
		in_root "$release" make -C "$kernel" M="${kbuild%/Kbuild}" ARCH="$arch" KCFLAGS="$flags" -j"$(nproc)" \
			${APN_COVERAGE:+GCOV_PROFILE=y} modules || return
	done
}

# apnctl, and of every folder of selftests whose Makefile has a target "programs": what its tests run in the machine.
make_programs() {
	local makefile verb
	for makefile in "$CACHE/trixie$1"/tools/apnctl/Makefile "$CACHE/trixie$1"/selftests/*/Makefile; do
		[ -e "$makefile" ] || continue
		verb=all
		if [[ $makefile == */selftests/* ]]; then
			verb=programs
			grep -q '^programs:' "$makefile" || continue
		fi
		makefile=${makefile#"$CACHE/trixie"}
		in_root trixie make -C "${makefile%/Makefile}" -j"$(nproc)" "$verb" || return
	done
}
