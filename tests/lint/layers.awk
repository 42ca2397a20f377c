# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# layers.awk LAYERS SOURCE...: names the file and line of each forbidden edge.

FILENAME == ARGV[1] {
	if ($0 ~ /^#/ || $1 !~ /:$/)
		next
	from = substr($1, 1, length($1) - 1)
	allowed[from, from] = 1
	for (i = 2; i <= NF; i++)
		allowed[from, $i] = 1
	known[from] = 1
	next
}
FNR == 1 {
	n = split(FILENAME, part, "/")
	dir = part[n - 1]
	if (!(dir in known)) {
		printf "%s: src/LAYERS does not know %s\n", FILENAME, dir
		bad = 1
	}
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, quoted, "\"")
	if (quoted[2] == "config.h" || quoted[2] == "doorstep.h")
		next
	# The Sieve engine is compiled with nothing else in sight.
	if (dir == "sieve" && quoted[2] !~ /\//)
		next
	to = quoted[2]
	if (!sub(/\/[^\/]*$/, "", to))
		to = "(no directory)"
	if (!((dir, to) in allowed)) {
		printf "%s:%d: %s may not include %s\n", FILENAME, FNR, dir, quoted[2]
		bad = 1
	}
}
END { exit bad }
