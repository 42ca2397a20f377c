/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * HTML to text: no more of it than there was, UTF-8 stays UTF-8; and back. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "mail/charset.h"
#include "mail/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf clean = BUF_EMPTY, text = BUF_EMPTY, again = BUF_EMPTY;
	struct str rest;
	unsigned long code;

	charset_add_unlabelled(&clean, (struct str){ (const char *)data, size });
	html_add_text(&text, buf_str(&clean));
	BUG_ON(!buf_is_ok(&text) || text.n > clean.n);
	for (rest = buf_str(&text); rest.n > 0;) {
		size_t n = charset_take_utf8(rest, &code);

		BUG_ON(n == 0);
		rest = str_from(rest, n);
	}
	html_add_document(&again, buf_str(&text));
	BUG_ON(!buf_is_ok(&again));
	buf_fini(&again);
	buf_fini(&text);
	buf_fini(&clean);
	return 0;
}
