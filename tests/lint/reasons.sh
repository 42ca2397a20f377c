#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# Steps of durability and privilege say why they are where they are: a comment
# on the line of the call or within the five above it.

set -u
cd "$1" || exit 1
find src -name '*.c' | sort | xargs awk '
	FNR == 1 { seen = -9 }
	/\/\*|\*\/|^[ \t]+\* / { seen = FNR }
	/^\t.*[^a-z_](file_sync[a-z_]*|f(data)?sync)\(/ ||
	/^\t.*(drop_identity|sandbox_enter|child_drop|child_enter)\(/ {
		if (FNR - seen > 5) {
			printf "%s:%d: no reason given: %s\n", FILENAME, FNR, $0
			bad = 1
		}
	}
	END { exit bad }
'
