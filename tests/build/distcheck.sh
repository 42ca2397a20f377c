#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# distcheck.sh NAME: NAME.tar.gz builds out of its read-only tree, passes its
# checks, installs, and uninstalls all it installed but the settings.

set -eu
name=$1
here=$(pwd)
work=$(mktemp -d)
cleanup()
{
	chmod -R u+w "$work"
	rm -rf "$work"
}
trap cleanup EXIT

cd "$work"
gzip -dc "$here/$name.tar.gz" | tar xf -
chmod -R a-w "$name"
mkdir build
cd build
"../$name/configure" --prefix=/usr --sysconfdir=/etc --localstatedir=/var --runstatedir=/run \
    --enable-werror
make -j2 all
make check
make install DESTDIR="$work/dest"
(cd "$work/dest" && find . ! -type d | LC_ALL=C sort) >"$work/files"
diff "../$name/tests/build/installed" "$work/files" || {
	printf 'these are not the files of tests/build/installed\n'
	exit 1
}
make uninstall DESTDIR="$work/dest"
left=$(cd "$work/dest" && find . ! -type d)
test "$left" = ./etc/doorstep/doorstep.conf || {
	printf 'left after uninstall:\n%s\n' "$left"
	exit 1
}
make distclean
test -z "$(find . -mindepth 1)" || {
	printf 'left after distclean:\n'
	find . -mindepth 1
	exit 1
}
printf '%s is ready\n' "$name.tar.gz"
