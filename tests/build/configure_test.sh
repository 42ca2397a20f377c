#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# configure_test.sh SRCDIR: what configure and Makefile.in promise, checked on
# a small tree of the same shape, so that it takes seconds.

set -u
srcdir=$(cd "$1" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
skipped=0

check()
{
	what=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		printf 'ok   build %s\n' "$what"
		passed=$((passed + 1))
	else
		printf 'FAIL build %s\n' "$what"
		tail -30 "$work/log" | sed 's/^/    /'
		failed=$((failed + 1))
	fi
}

# ---- a small tree ----

tree=$work/tree
mkdir -p "$tree/src/base" "$tree/src/master" "$tree/src/session" "$tree/src/store" \
    "$tree/include" "$tree/etc" "$tree/doc" "$tree/tests/unit" "$tree/tests/fuzz/seeds/one"
cp "$srcdir/configure" "$tree"
cp "$srcdir/tests/unit/run.sh" "$tree/tests/unit"
cp "$srcdir/tests/fuzz/run.sh" "$srcdir/tests/fuzz/replay.c" "$tree/tests/fuzz"
cp "$srcdir/include/doorstep.map" "$tree/include"
awk '
	/^[A-Z_]+_(SRC|TESTS|PAGES) = / { print; list = $1; empty = 1; next }
	list != "" && /\\$/ { next }
	list != "" { add(list); list = ""; print "" ; next }
	{ print }
	function add(list) {
		if (list == "BASE_SRC") print "\tsrc/base/one.c \\"
		if (list == "MASTER_SRC") print "\tsrc/master/main.c \\"
		if (list == "SESSION_SRC") print "\tsrc/session/main.c \\"
		if (list == "LIB_SRC") print "\tsrc/store/lib.c \\"
		if (list == "UNIT_TESTS") print "\ttests/unit/test_one.c \\"
		if (list == "FUZZ_TESTS") print "\ttests/fuzz/fuzz_one.c \\"
		if (list == "REPLAY_SRC") print "\ttests/fuzz/replay.c \\"
		if (list == "MAN_PAGES") print "\tdoc/doorstep.1 \\"
	}
' "$srcdir/Makefile.in" >"$tree/Makefile.in"
printf '#ifndef ONE_H\n#define ONE_H\nint one(void);\n#endif\n' >"$tree/src/base/one.h"
printf '#include "base/one.h"\n\nint\none(void)\n{\n\treturn 1;\n}\n' >"$tree/src/base/one.c"
printf '#include "base/one.h"\n\nint\nmain(void)\n{\n\treturn one() - 1;\n}\n' >"$tree/src/session/main.c"
cat >"$tree/src/master/main.c" <<-'END'
	#include <stdio.h>

	#include "config.h"
	#include "base/one.h"

	int
	main(void)
	{
		puts(DOORSTEP_CONF_FILE);
		return one() - 1;
	}
END
cat >"$tree/include/doorstep.h" <<-'END'
	#ifndef DOORSTEP_H
	#define DOORSTEP_H
	int doorstep_one(void);
	#endif
END
printf '#include "base/one.h"\n#include "doorstep.h"\n\nint\ndoorstep_one(void)\n{\n\treturn one();\n}\n' \
    >"$tree/src/store/lib.c"
cat >"$tree/tests/unit/test_one.c" <<-'END'
	#include <setjmp.h>
	#include <stdarg.h>
	#include <stddef.h>
	#include <stdint.h>

	#include <cmocka.h>

	#include "base/one.h"

	static void
	one_is_one(void **state)
	{
		(void)state;
		assert_int_equal(one(), 1);
	}

	int
	main(void)
	{
		const struct CMUnitTest tests[] = { cmocka_unit_test(one_is_one) };

		return cmocka_run_group_tests(tests, NULL, NULL);
	}
END
cat >"$tree/tests/fuzz/fuzz_one.c" <<-'END'
	#include <stddef.h>
	#include <stdint.h>

	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

	int
	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
	{
		return size > 0 && data[0] == 255 ? -1 : 0;
	}
END
printf 'seed' >"$tree/tests/fuzz/seeds/one/seed"
printf '# sample\n' >"$tree/etc/doorstep.conf"
printf '.Dd January 1, 2026\n.Dt DOORSTEP 1\n.Os\n.Sh NAME\n.Nm doorstep\n.Nd nothing\n' >"$tree/doc/doorstep.1"

# configure_in DIR ARGUMENT...: in a directory of its own, made when missing.
configure_in()
{
	mkdir -p "$work/$1" || return 1
	(
		cd "$work/$1" || exit 1
		shift
		"$tree/configure" -q "$@"
	)
}

# ---- the command line ----

refuses()
{
	! configure_in refuse "$@" && test ! -f "$work/refuse/Makefile"
}

unknown_feature_warns_at_the_end()
{
	configure_in warn --enable-nonsense --with-more=7 >"$work/warn.out" 2>&1 || return 1
	tail -1 "$work/warn.out" | grep -q 'WARNING.*--enable-nonsense --with-more' &&
	    test -f "$work/warn/Makefile"
}

packaging_tools_are_understood()
{
	configure_in deb --build=x86_64-linux-gnu --prefix=/usr '--includedir=${prefix}/include' \
	    '--mandir=${prefix}/share/man' '--infodir=${prefix}/share/info' --sysconfdir=/etc \
	    --localstatedir=/var --disable-option-checking --disable-silent-rules \
	    '--libdir=${prefix}/lib/x86_64-linux-gnu' --runstatedir=/run \
	    --disable-maintainer-mode --disable-dependency-tracking \
	    --program-prefix= --datadir=/usr/share --sharedstatedir /usr/com >"$work/deb.out" 2>&1 &&
	    test ! -s "$work/deb.out" &&
	    grep -q '"/etc/doorstep/doorstep.conf"' "$work/deb/config.h" &&
	    grep -q '"/var/lib/doorstep"' "$work/deb/config.h" &&
	    grep -q '"/run/doorstep"' "$work/deb/config.h" &&
	    grep -q '"/usr/libexec/doorstep"' "$work/deb/config.h" &&
	    grep -qxF 'libdir = ${prefix}/lib/x86_64-linux-gnu' "$work/deb/Makefile"
}

every_macro_is_zero_or_one()
{
	grep -q '^#define HAVE_SECCOMP 1$' "$work/deb/config.h" &&
	    configure_in less --without-seccomp --without-libsieve &&
	    grep -q '^#define HAVE_SECCOMP 0$' "$work/less/config.h" &&
	    grep -q '^#define HAVE_LIBSIEVE 0$' "$work/less/config.h"
}

no_date_host_or_user_in_results()
{
	! grep -qwF -e "$(uname -n)" -e "$(date +%Y-%m-%d)" "$work/deb/config.h"
}

a_missing_source_is_named()
{
	cp -R "$tree" "$work/hole" && rm "$work/hole/src/base/one.c" && mkdir "$work/hole.b" || return 1
	(cd "$work/hole.b" && ! ../hole/configure -q >out 2>&1 && grep -q src/base/one.c out)
}

a_configured_source_tree_is_refused_elsewhere()
{
	cp -R "$tree" "$work/inside" && mkdir "$work/inside.b" || return 1
	(cd "$work/inside" && ./configure -q && make -s) || return 1
	(cd "$work/inside.b" && ! ../inside/configure -q)
}

spaces_are_refused()
{
	mkdir -p "$work/a b" && (cd "$work/a b" && ! ../tree/configure -q)
}

check 'unknown option is an error' refuses --nonsense
check 'unknown variable is an error' refuses NONSENSE=1
check 'missing value is an error' refuses --prefix
check 'relative prefix is an error' refuses --prefix=usr
check 'required library cannot be left out' refuses --without-lmdb
check 'library where it is not is an error' refuses --with-lmdb=/nonexistent
check 'fatal option checking' refuses --enable-option-checking=fatal --enable-nonsense
check 'unknown feature warns at the end' unknown_feature_warns_at_the_end
check 'packaging tools are understood' packaging_tools_are_understood
check 'every macro is 0 or 1' every_macro_is_zero_or_one
check 'no date, host or user in config.h' no_date_host_or_user_in_results
check 'a missing source is named' a_missing_source_is_named
check 'a configured source tree is refused' a_configured_source_tree_is_refused_elsewhere
check 'paths with spaces are refused' spaces_are_refused

# ---- building ----

builds_with()
{
	make=$1
	dir=$2
	shift 2
	configure_in "$dir" --enable-werror "$@" && (cd "$work/$dir" && $make all check-unit check-fuzz)
}

nothing_is_done_twice()
{
	(
		cd "$work/gcc" || exit 1
		# Older than configure, as it is when an edit changed nothing in it.
		touch -d '1 hour ago' config.h Makefile &&
		    make >/dev/null && ! make -q -n 2>/dev/null | grep -q configure && make -q all
	)
}

header_change_builds_again()
{
	(
		cd "$work/gcc" || exit 1
		sleep 1
		touch "$tree/src/base/one.h"
		! make -q all && make -s all && make -q all
	)
}

list_change_configures_again()
{
	(
		cd "$work/gcc" || exit 1
		sleep 1
		printf 'int two(void);\n\nint\ntwo(void)\n{\n\treturn 2;\n}\n' >"$tree/src/base/two.c"
		sed 's,^\tsrc/base/one.c .*,&\n\tsrc/base/two.c \\,' "$tree/Makefile.in" >"$work/m" &&
		    cat "$work/m" >"$tree/Makefile.in"
		make -s all && test -f o/base/two.o
	)
}

other_flags_build_again()
{
	(
		cd "$work/gcc" || exit 1
		before=$(cksum <o/base/one.o)
		"$tree/configure" -q --enable-werror CFLAGS=-O0 && make -s all &&
		    test "$before" != "$(cksum <o/base/one.o)"
	)
}

nothing_of_the_build_directory_leaks()
{
	! grep -q "$work" "$work/gcc/o/doorstepd" "$work/gcc/o/base/one.o"
}

objects_are_reproducible()
{
	builds_with make again CC=gcc && cmp "$work/again/o/doorstepd" "$work/plain/o/doorstepd" &&
	    cmp "$work/again/o/libbase.a" "$work/plain/o/libbase.a"
}

install_honours_destdir()
{
	(
		cd "$work/deb" || exit 1
		make -s install DESTDIR="$work/dest" || exit 1
		cd "$work/dest" || exit 1
		find . -type f -o -type l | sort >"$work/files"
		cat >"$work/expected" <<-'END'
			./etc/doorstep/doorstep.conf
			./etc/doorstep/doorstep.conf.sample
			./usr/include/doorstep.h
			./usr/lib/x86_64-linux-gnu/libdoorstep.a
			./usr/lib/x86_64-linux-gnu/libdoorstep.so
			./usr/lib/x86_64-linux-gnu/libdoorstep.so.0
			./usr/lib/x86_64-linux-gnu/pkgconfig/doorstep.pc
			./usr/libexec/doorstep/doorstep-session
			./usr/sbin/doorstepd
			./usr/share/man/man1/doorstep.1
		END
		diff "$work/expected" "$work/files" || exit 1
		printf 'mine\n' >etc/doorstep/doorstep.conf
		cd "$work/deb" && make -s install DESTDIR="$work/dest" &&
		    grep -q mine "$work/dest/etc/doorstep/doorstep.conf" || exit 1
		make -s uninstall DESTDIR="$work/dest" &&
		    test "$(find "$work/dest" -type f)" = "$work/dest/etc/doorstep/doorstep.conf"
	)
}

shared_library_shows_only_its_api()
{
	test "$(nm -D --defined-only "$work/deb/o/libdoorstep.so.0" | awk '$2 == "T" { print $3 }')" = \
	    doorstep_one@@DOORSTEP_0 &&
	    nm "$work/deb/o/libdoorstep.a" | awk '$2 == "T" && $3 !~ /^doorstep_/ { bad = 1 } END { exit bad }'
}

session_is_hardened()
{
	readelf -hld "$work/deb/o/doorstep-session" >"$work/elf" &&
	    grep -q 'Type:.*DYN' "$work/elf" && grep -q GNU_RELRO "$work/elf" && grep -q BIND_NOW "$work/elf" &&
	    ! grep 'GNU_STACK' -A1 "$work/elf" | grep -q RWE
}

clean_leaves_what_make_needs()
{
	(
		cd "$work/gcc" || exit 1
		make -s clean && test ! -f o/doorstepd && make -s all && make -s distclean &&
		    test -z "$(find . -mindepth 1)"
	)
}

check 'gcc and make' builds_with make gcc CC=gcc
check 'nothing is done twice' nothing_is_done_twice
check 'header change builds again' header_change_builds_again
check 'list change configures again' list_change_configures_again
check 'other flags build again' other_flags_build_again
check 'nothing of the build directory leaks' nothing_of_the_build_directory_leaks
check 'sanitizers' builds_with make sanitized --enable-sanitizers
check 'without pkg-config' builds_with make plain PKG_CONFIG=false
check 'objects are reproducible' objects_are_reproducible
check 'install honours DESTDIR and keeps settings' install_honours_destdir
check 'the shared library shows only its API' shared_library_shows_only_its_api
check 'session is hardened' session_is_hardened
if command -v clang >/dev/null 2>&1; then
	check 'clang' builds_with make clang CC=clang
	check 'clang with libFuzzer' builds_with make fuzzer CC=clang --enable-fuzz
else
	printf 'skip build clang: not installed\n'
	skipped=$((skipped + 2))
fi
if command -v bmake >/dev/null 2>&1; then
	check 'BSD make' builds_with bmake bmake
	check 'BSD make in the tree' builds_with bmake tree
	(cd "$tree" && make -s distclean)
else
	printf 'skip build bmake: not installed\n'
	skipped=$((skipped + 2))
fi
check 'clean leaves what make needs' clean_leaves_what_make_needs
printf 'build: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
test "$failed" -eq 0
