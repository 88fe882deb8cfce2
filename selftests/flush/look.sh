#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# look.sh FS IMAGE SUMS NUMBER MARK: a power cut left IMAGE behind. It mounts, its journal makes it whole, and the file
# that the mark names is what SUMS says.
set -eu
fs=$1 image=$2 sums=$3 cut=$2.$4 mark=$5
options=loop
[ "$fs" != xfs ] || options+=,nouuid
cp --sparse=always "$image" "$cut"
mount -t "$fs" -o "$options" "$cut" /tmp/look
# mount would take a loop device that udev still looks at for the same file: so each cut has a name of its own
trap 'rm -f "$cut"' EXIT
code=0
if [ -n "$mark" ]; then
	(cd /tmp/look && grep "  $mark\$" "$sums" | sha256sum --quiet -c) || code=1
fi
umount /tmp/look
case $fs in
ext4) e2fsck -fn "$cut" || code=1 ;;
xfs) xfs_repair -n "$cut" || code=1 ;;
esac
exit $code
