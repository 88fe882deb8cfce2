# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: disks come and go a thousand times under load on another one, and nothing stays behind
# tier: all
# kinds: uml-debug uml qemu-debug qemu-6.1 qemu-6.12 qemu-7
# cost: 300 s
# limit: 1500
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=many/rounds.sh
. "$SELFTESTS/many/rounds.sh"

sixty_four
come_and_go 1000
