#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# What each program may be linked with, and what it may not call: privilege
# separation that `readelf -d` can show.

set -u
grep -q -- -fsanitize o/flags 2>/dev/null && exit 77
command -v readelf >/dev/null 2>&1 || exit 77
bad=0

# check PROGRAM 'LIBRARIES' 'FUNCTIONS IT MUST NOT IMPORT'
check()
{
	program=o/$1
	if ! test -f "$program"; then
		printf '%s is not built\n' "$program"
		bad=1
		return
	fi
	for library in $(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(lib[a-z_0-9]*\).*/\1/p'); do
		case " libc libm $2 " in
		*" $library "*) ;;
		*) printf '%s is linked with %s\n' "$program" "$library"; bad=1 ;;
		esac
	done
	for function in $3; do
		if nm -D --undefined-only "$program" | grep -qE " $function(64)?(@|\$)"; then
			printf '%s calls %s\n' "$program" "$function"
			bad=1
		fi
	done
}

files='open openat fopen creat'
processes='fork execve execv execvp posix_spawn system popen'
check doorstepd 'libconfuse libevent_core libidn2' ''
check doorstep-session 'libssl libcrypto libevent_core libseccomp libidn2' "$files $processes connect"
check doorstep-directory 'libsasl2 libevent_core libseccomp libunistring libidn2' "$processes"
# Programs of scripts (doc/privileges.md) are started in one place.
check doorstep-deliver 'liblmdb libcrypto libevent_core libseccomp' \
    "$(echo "$processes" | sed 's/ execve / /') socket connect"
starters=$(for object in o/deliver/*.o; do
	nm --undefined-only "$object" | grep -qE ' (v?fork|exec[a-z]*)$' && printf '%s ' "$object"
done)
if test "$starters" != 'o/deliver/program.o '; then
	printf 'programs are started by %s\n' "$starters"
	bad=1
fi
check doorstep-filter 'libsieve libpcre2 libunistring libseccomp' "$files $processes socket connect bind"
# relay's half outside runs sendmail; seccomp keeps the other from it.
check doorstep-relay 'libssl libcrypto libevent_core libseccomp' "$files"
check doorstep 'libconfuse libidn2 liblmdb libevent_core libpcre2 libunistring' ''
check libdoorstep.so.0 'liblmdb' "$processes socket connect exit"
exit $bad
