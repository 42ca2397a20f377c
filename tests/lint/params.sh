#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# src/conf/params.def and doc/doorstep.conf.5 name the same settings with the
# same defaults, and etc/doorstep.conf uses no other.

set -u
cd "$1" || exit 1
page=doc/doorstep.conf.5
test -f "$page" || { printf '%s is missing\n' "$page"; exit 1; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# Lines `section name default`.
awk -F, '/^PARAM\(/ {
	section = substr($1, 7)
	name = $3
	gsub(/ /, "", name)
	preset = $0
	if ($4 ~ /DOORSTEP_/) {
		preset = tolower($4)
		sub(/ *doorstep_/, "", preset)
		while ((getline line <"configure") > 0)
			if (index(line, preset "=") == 1)
				value = substr(line, length(preset) + 2)
		close("configure")
		print section, name, value
		next
	}
	sub(/^[^"]*"/, "", preset)
	sub(/".*/, "", preset)
	if ($2 ~ /ENUM/)
		sub(/ .*/, "", preset)
	print section, name, preset == "" ? "empty" : preset
}' src/conf/params.def | sort >"$tmp/params"

# A setting is `.It Cm NAME ...`, its default the next line `Default: VALUE.`
awk '
	/^\.Ss Global settings/ { section = "G" }
	/^\.Ss Listeners/ { section = "L" }
	/^\.Ss Domains/ { section = "D" }
	/^\.S[hs] / && !/^\.Ss (Global settings|Listeners|Domains)/ { section = "" }
	/^\.Bl / { depth++ }
	/^\.El/ { depth-- }
	section != "" && depth == 1 && /^\.It Cm / { name = $3 }
	name != "" && /^Default: / {
		value = $0
		sub(/^Default: /, "", value)
		sub(/\.$/, "", value)
		gsub(/\\\(ti/, "~", value)
		print section, name, value
		name = ""
	}
' "$page" | sort >"$tmp/page"
bad=0
if ! diff "$tmp/params" "$tmp/page" >"$tmp/diff"; then
	printf '< params.def, > doorstep.conf.5\n'
	cat "$tmp/diff"
	bad=1
fi
if test -f etc/doorstep.conf; then
	sed -n 's/^#* *\([a-z_][a-z_]*\) = .*/\1/p' etc/doorstep.conf | sort -u |
	while read -r name; do
		grep -q "^[GLD] $name " "$tmp/params" || printf 'etc/doorstep.conf: no setting %s\n' "$name"
	done >"$tmp/sample"
	if test -s "$tmp/sample"; then
		cat "$tmp/sample"
		bad=1
	fi
fi
exit $bad
