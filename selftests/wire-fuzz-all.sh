# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a peer that does what the dice say, for an hour and with new dice, harms neither module
# promises: P10
# tier: soak
# kinds: uml-debug qemu-debug
# cost: 3600 s
# limit: 6000
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=wire/rounds.sh
. "$SELFTESTS/wire/rounds.sh"

load
# shellcheck disable=SC2119
two_sites
later on_gpu apnctl disconnect --all --force
for ((i = 0; i < 20; i++)); do
	seed=${APN_SEED:-$((RANDOM << 16 | RANDOM))}
	echo "# seed $seed"
	bad_hosts "$seed" 1000
	bad_targets "$seed" 4 20
done
