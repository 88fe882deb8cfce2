# SPDX-License-Identifier: GPL-2.0
#
# awk -f excuse.awk EXCEPTIONS REPORT: the lines of a checkpatch report (--terse --show-types) that no exception covers;
# status 1 if there are any.
#
# An exception is a line "TYPE PATTERN reason": PATTERN is a regular expression for the path, "." for all.

FNR == NR {
	if ($0 !~ /^[[:space:]]*(#|$)/) {
		types[++count] = $1
		paths[count] = $2
	}
	next
}

/^[^:]+:[0-9]+: (ERROR|WARNING|CHECK):[A-Z0-9_]+:/ {
	split($0, field, ":")
	for (i = 1; i <= count; i++)
		if (field[4] == types[i] && field[1] ~ paths[i])
			next
}

NF { print; bad = 1 }

END { exit bad }
