# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a peer that does what the dice say, as host and as target, harms neither module
# promises: P10
# tier: check
# kinds: uml-debug qemu-debug qemu-6.1 qemu-7
# transports: tcp
# cost: 26 s
# limit: 400
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=wire/rounds.sh
. "$SELFTESTS/wire/rounds.sh"

load
# shellcheck disable=SC2119
two_sites
later on_gpu apnctl disconnect --all --force
bad_hosts "${APN_SEED:=4921}" 100
bad_targets "$APN_SEED" 4 3
