/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_INDEX_CHECK_H
#define DOORSTEP_STORE_INDEX_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * LMDB trusts its file: a page number that points behind its end, or an offset
 * that points out of its page, ends the program.  So the file is looked at
 * before LMDB may.  The layout is that of LMDB 0.9 data files on a 64-bit
 * little-endian machine (data version 1); any other is left to LMDB itself.
 */
#define INDEX_CHECK_MAX 160

/*
 * True when the file is sound or not there (*size_out 0).  Both metadata pages
 * always; is_thorough follows every page from the newer one, which must not
 * run beside a writer.  False: what[] says what is wrong.
 */
bool index_check(const char *path, bool is_thorough, uint64_t *size_out,
    char what[INDEX_CHECK_MAX]);

#endif
