/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Charsets: a name, a line end, bytes; what comes out is clean UTF-8. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "mail/charset.h"
#include "mail/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct charset_set *set; /* opening it takes milliseconds */
	struct str bytes = { (const char *)data, size }, charset;
	struct buf out = BUF_EMPTY;

	if (set == NULL) {
		set = charset_set_new();
		charset_preload(set);
	}
	str_can_split(&bytes, '\n', &charset);
	if (!charset_is_converted(set, charset, bytes, &out))
		BUG_ON(out.n > 0);
	charset_add_unlabelled(&out, bytes);
	BUG_ON(!path_is_utf8(buf_str(&out)));
	BUG_ON(!path_is_utf8(charset_cut_utf8(buf_str(&out), size / 2)));
	buf_fini(&out);
	return 0;
}
