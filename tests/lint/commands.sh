#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# Every subcommand is in doorstep(1), and nothing else.

set -u
cd "$1" || exit 1
bad=0
for command in $(sed -n 's/^COMMAND(\(.*\))/\1/p' src/cli/commands.def); do
	grep -q "^\.It Ic $command\\( \\|\$\\)" doc/doorstep.1 ||
	    { printf 'doorstep(1) lacks %s\n' "$command"; bad=1; }
done
for command in $(sed -n 's/^\.It Ic \([a-z]*\).*/\1/p' doc/doorstep.1 | sort -u); do
	grep -q "^COMMAND($command)" src/cli/commands.def ||
	    { printf 'doorstep(1) has %s, which does not exist\n' "$command"; bad=1; }
done
exit $bad
