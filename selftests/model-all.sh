# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: the disk does what a model of it in RAM does, a million times
# promises: P1
# tier: all
# kinds: uml-debug uml qemu-debug qemu-6.1 qemu-6.12 qemu-7
# cost: 600 s
# limit: 5000
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=model-disk/rounds.sh
. "$SELFTESTS/model-disk/rounds.sh"

rounds 500000
