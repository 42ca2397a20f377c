/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Mailbox names: each has one encoded form, and only that is taken. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "mail/mutf7.h"
#include "mail/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	struct buf one = BUF_EMPTY, two = BUF_EMPTY;

	BUG_ON(mutf7_is_encoded(&one, bytes) != path_is_utf8(bytes));
	if (path_is_utf8(bytes)) {
		BUG_ON(!mutf7_is_decoded(&two, buf_str(&one)));
		BUG_ON(!str_is_equal(buf_str(&two), bytes));
	}
	buf_clear(&one);
	buf_clear(&two);
	if (mutf7_is_decoded(&one, bytes)) {
		BUG_ON(!mutf7_is_encoded(&two, buf_str(&one)));
		BUG_ON(!str_is_equal(buf_str(&two), bytes));
	}
	buf_fini(&one);
	buf_fini(&two);
	return 0;
}
