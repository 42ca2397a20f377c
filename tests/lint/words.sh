#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# Functions that cut or overrun silently, and notes to oneself, stay out.

set -u
cd "$1" || exit 1
calls='strcpy|strcat|strncpy|strlcpy|sprintf|vsprintf|strtok|atoi|gets|alloca'
notes='TODO|FIXME|XXX'
bad=0
if find src include sieve tests -name '*.[ch]' -exec grep -nE "(^|[^A-Za-z0-9_])($calls)[ 	]*\\(" {} + ; then
	bad=1
fi
if grep -rnwE "$notes" configure Makefile.in README src include sieve tests etc doc 2>/dev/null |
    grep -v '^tests/lint/words.sh:'; then
	bad=1
fi
exit $bad
