# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: 64 disks from one target share one line, idle disks are small, and disks come and go under load
# tier: check
# kinds: all
# cost: 111 s
# limit: 600
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=many/rounds.sh
. "$SELFTESTS/many/rounds.sh"

sixty_four
come_and_go 50
