#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# doorstep(3) declares the functions of include/doorstep.h, with the parameters
# that they have there.

set -u
cd "$1" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# One declaration a line, without blanks, parameters and all.
awk '
	/^\/\*/, /\*\/$/ { next }
	/^ \*/ || /^#/ { next }
	/^[a-z].*doorstep_[a-z_]*\(/ && !/^typedef/ { open = 1; line = "" }
	open { line = line $0 }
	open && /;/ {
		sub(/;.*/, "", line)
		gsub(/[ \t]/, "", line)
		if (match(line, /doorstep_[a-z_]*\(/))
			print substr(line, RSTART)
		open = 0
	}
' include/doorstep.h | sort >"$tmp/code"
awk '
	/^\.Sh / { synopsis = $2 == "SYNOPSIS" }
	!synopsis { next }
	/^\.Fn / { line = $0; sub(/^\.Fn /, "", line); sub(/ /, "(", line); gsub(/" "/, ",", line); print line ")" }
	/^\.Fo / { line = $2 "("; comma = "" }
	/^\.Fa / { argument = $0; sub(/^\.Fa /, "", argument); line = line comma argument; comma = "," }
	/^\.Fc/ { print line ")" }
' doc/doorstep.3 | tr -d '" ' | sort >"$tmp/page"
diff "$tmp/code" "$tmp/page" >"$tmp/diff" && exit 0
printf '< doorstep.h, > doorstep(3)\n'
cat "$tmp/diff"
exit 1
