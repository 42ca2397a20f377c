/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Encoded words: decoded text is one clean line, and survives encoding. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "mail/path.h"
#include "mail/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct buf *b)
{
	BUG_ON(!path_is_utf8(buf_str(b)));
	BUG_ON(str_find_byte(buf_str(b), '\n') >= 0 || str_find_byte(buf_str(b), '\r') >= 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf one = BUF_EMPTY, two = BUF_EMPTY, three = BUF_EMPTY;

	word_add_phrase(&one, (struct str){ (const char *)data, size }, NULL);
	check(&one);
	buf_clear(&one);
	word_add_decoded(&one, (struct str){ (const char *)data, size }, NULL);
	check(&one);
	word_add_encoded(&two, buf_str(&one), size % 80);
	word_add_decoded(&three, buf_str(&two), NULL);
	BUG_ON(!str_is_equal(buf_str(&one), buf_str(&three)));
	buf_fini(&one);
	buf_fini(&two);
	buf_fini(&three);
	return 0;
}
