# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: the disk does what a model of it in RAM does: operations of all kinds at random, concurrent, then equality
# promises: P1
# tier: check
# kinds: all
# smoke: qemu-6.1
# cost: 38 s
# limit: 500
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=model-disk/rounds.sh
. "$SELFTESTS/model-disk/rounds.sh"

case $APN_KIND in
qemu*) rounds 1500 ;;
*) rounds 6000 ;;
esac
