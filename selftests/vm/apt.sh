# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A private apt: the user's sources are read for the mirror's name and for nothing else. Sourced.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# The main archive that this machine's own apt uses, unless APNBD_MIRROR names another.
apt_mirror() {
	local uri
	if [ -n "${APNBD_MIRROR:-}" ]; then
		echo "${APNBD_MIRROR%/}"
		return
	fi
	# shellcheck disable=SC2016	# apt's variables, not the shell's
	uri=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL) $(CREATED_BY)' 2>/dev/null |
		awk '$2 == "Debian" && $3 == "Debian" && $1 !~ /security/ && !n++ { sub("/$", "", $1); print $1 }')
	# shellcheck disable=SC2016
	[ -n "$uri" ] || uri=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null |
		awk '/\/debian\/?$/ { sub("/$", ""); if (!n++) print }')
	[ -n "$uri" ] || die "apt names no Debian mirror; type APNBD_MIRROR=http://MIRROR/debian $0"
	echo "$uri"
}

# apt_sources SUITE...: the lines of a sources.list; security archives live beside the main one.
apt_sources() {
	local mirror suite
	mirror=$(apt_mirror)
	for suite; do
		case $suite in
		*-security) echo "deb [signed-by=$KEYRING] ${APNBD_MIRROR_SECURITY:-$mirror-security} $suite main" ;;
		*) echo "deb [signed-by=$KEYRING] $mirror $suite main" ;;
		esac
	done
}

suites_of() {
	case $1 in
	bookworm) echo bookworm bookworm-updates bookworm-security ;;
	trixie) echo trixie trixie-updates trixie-security trixie-backports ;;
	esac
}

machine_apt() { apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries|ForceIPv)' || true; }

# apt_open RELEASE: from here on, apt-get and apt-cache speak of that release and touch only the cache.
apt_open() {
	local release=$1 dir=$CACHE/apt/$1
	export APT_CONFIG=$dir/apt.conf
	[ -e "$dir/.open-$$" ] && return
	rm -rf "$dir"/.open-*
	mkdir -p "$dir"/etc/apt.conf.d "$dir"/etc/preferences.d "$dir"/state/lists/partial "$dir"/archives/partial
	: >"$dir/state/status"
	# proxies and clock settings are the machine's; sources, lists and archives are ours
	unset APT_CONFIG
	machine_apt >"$dir/machine.conf"
	# shellcheck disable=SC2046
	apt_sources $(suites_of "$release") >"$dir/etc/sources.list.new"
	mv "$dir/etc/sources.list.new" "$dir/etc/sources.list"
	cat >"$dir/apt.conf" <<-END
	#include "$dir/machine.conf";
	Dir "$dir";
	Dir::Etc "$dir/etc";
	Dir::State "$dir/state";
	Dir::State::status "$dir/state/status";
	Dir::Cache "$dir";
	APT::Architecture "amd64";
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	END
	export APT_CONFIG=$dir/apt.conf
	locked "apt-$release" step "package lists of $release" "5 s" apt_update
	touch "$dir/.open-$$"
}

apt_update() {
	apt-get -o APT::Update::Error-Mode=any update ||
		{ echo "no package lists from $(APT_CONFIG='' apt_mirror): is the network there? Another mirror: APNBD_MIRROR=URL"; return 1; }
}

# The newest version of a package, by Debian's own order.
apt_newest() { apt-cache madison "$1" | awk -F' *[|] *' 'NR == 1 { print $2 }' | tr -d ' '; }

# apt_meta META SERIES: the package that the newest META (linux-image-amd64) of a series (6.12, 7) stands for.
apt_meta() {
	local version
	version=$(apt-cache madison "$1" | awk -F' *[|] *' -v s="$2." 'index($2, s) == 1 && !n++ { print $2 }')
	[ -n "$version" ] || die "the mirror has no $1 of series $2"
	apt-cache show "$1=$version" | sed -n '/^Depends:/{s/.*\(linux-[a-z]*-[0-9][^ ]*-amd64\) .*/\1/p}'
}
