# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: whatever happens in whatever order: no ghost write, each request ends once, one writer, no loss in silence, no deadlock
# tier: check
# promises: P1 P2 P3 P4 P8
# kinds: host
# cost: 10 s
# limit: 300
#
# The model checker of selftests/model, over the rules that the modules compile.

set -euo pipefail
cd "$(dirname "$0")/.."
. selftests/host.sh

check_model()
{
	local dir=apn/model/$TREE_ID

	build_root trixie
	tools/sources "$CACHE/trixie/$dir" drivers include selftests/model
	in_root trixie make -s -C "/$dir/selftests/model" check
}

ktap_run states model
