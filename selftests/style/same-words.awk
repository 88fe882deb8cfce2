# SPDX-License-Identifier: GPL-2.0
#
# awk -v file=NAME -f same-words.awk: the hunks of a diff -U0 that do more than move line breaks; status 1 if there are
# any.

function judge(	i, moved)
{
	if (hunk == "")
		return
	if (minus == plus) {
		moved = minuses != pluses
		for (i = 1; i <= minuses && !moved; i++)
			moved = left[i] != right[i]
		if (moved)
			return
	}
	print file ":" place
	printf "%s", hunk
	bad = 1
}

function words(line)
{
	line = substr(line, 2)
	gsub(/[[:blank:]]/, "", line)
	return line
}

/^(---|\+\+\+) / { next }

/^@@ / {
	judge()
	place = $2
	sub(/^-/, "", place)
	sub(/,.*/, "", place)
	hunk = minus = plus = ""
	minuses = pluses = 0
	next
}

/^-/ { left[++minuses] = words($0); minus = minus words($0) }
/^\+/ { right[++pluses] = words($0); plus = plus words($0) }
{ hunk = hunk $0 "\n" }

END { judge(); exit bad }
