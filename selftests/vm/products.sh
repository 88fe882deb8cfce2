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

# What is built of all trees in turn: sources that are the same there are not touched, so what came out of them stands. A build
# that did not come to its end leaves its mark, and the next one begins from nothing. Whoever calls this may have switched off
# that an error ends the shell.
building() { # building PLACE CMD...
	local place=$1 held
	shift
	mkdir -p "${place%/*}" || return
	# held also by a make whose testbed was killed
	exec {held}>"$place.lock" || return
	flock "$held" || return
	if [ -e "$place.begun" ]; then
		rm -rf --one-file-system "$place" || return
	fi
	mkdir -p "$place" || return
	touch "$place.begun" || return
	copy_tree "$place" || return
	"$@" || return
	rm "$place.begun"
}

# products KIND DIR: DIR/build has the modules and apnctl, DIR/selftests the tests. With APN_COVERAGE the modules count which of
# their lines run.
products() { locked products products_locked "$@"; }

products_locked() {
	local kind=$1 to=$2 place tool=$CACHE/trixie/apn/build/tool
	place=$(place_of "$kind")
	mkdir -p "$to/build"
	quiet "the modules for $kind" make_modules "$kind"
	quiet "apnctl and the test programs" building "$tool" make_programs "$tool"
	# not every .ko that lies there: another tree may have more modules
	built_modules "$place" | while read -r module; do
		find "$place" -name "$module.ko" -exec cp -t "$to/build" {} +
	done
	[ ! -x "$tool/tools/apnctl/apnctl" ] || cp "$tool/tools/apnctl/apnctl" "$to/build/"
	rsync -a --exclude='*.o' "$tool/selftests" "$to/"
}

built_modules() { cat "$1"/modules.order "$1"/selftests/*/modules.order 2>/dev/null | sed -E 's,.*/,,; s/\.k?o$//'; }

# place_of KIND: where its modules are built, in its root.
place_of() { echo "$CACHE/$(release_of "$1")/apn/build/$1${APN_COVERAGE:+-coverage}"; }

# Its files are as old as their text. What was built in the tree stays there, and what was built in the copy here (.gitignore).
copy_tree() {
	rsync -a --no-times --checksum --delete --filter=':- .gitignore' --filter='P *.gcno' --exclude=.git "$TREE/" "$1/"
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

# make_modules KIND [VARIABLE=VALUE...]: all warnings are asked for where Debian made the kernel; PLACE.warned is there when some came.
make_modules() {
	local kind=$1 place
	place=$(place_of "$kind")
	mkdir -p "$place" || return
	building "$place" make_modules_there "$place" "$@" 2>&1 | tee "$place.log" || return
	! grep -qE 'warning:|WARNING:' "$place.log" || touch "$place.warned"
}

make_modules_there() {
	local place=$1 kind=$2 release arch=x86_64 kernel flags='' kbuild options=()
	release=$(release_of "$kind")
	kernel=$(kernel_build_dir "$kind")
	case $kind in
	uml*) arch=um ;;
	esac
	case $kind in
	*debug) flags=-DDEBUG ;;
	qemu-*) options=(W=1) ;;
	esac
	for kbuild in "$place"/Kbuild "$place"/selftests/*/Kbuild; do
		[ -e "$kbuild" ] || continue
		# a tree whose modules are still to come has tests of the testbed alone
		[ "$kbuild" != "$place/Kbuild" ] || [ -e "$place/drivers/apn/Kbuild" ] || continue
		kbuild=${kbuild#"$CACHE/$release"}
		in_root "$release" make -C "$kernel" M="${kbuild%/Kbuild}" ARCH="$arch" KCFLAGS="$flags" -j"$(nproc)" \
			"${options[@]}" ${APN_COVERAGE:+GCOV_PROFILE=y} "${@:3}" modules || return
	done
}

# apnctl, and of every folder of selftests whose Makefile has a target "programs": what its tests run in the machine.
make_programs() {
	local makefile verb
	for makefile in "$1"/{tools/apnctl,selftests/*}/Makefile; do
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
