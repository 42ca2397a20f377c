/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Content cut at any place comes out the same as in one piece. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "mail/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	enum data_mode mode = n > 0 && bytes[0] % 2 == 1 ? DATA_CHUNKED : DATA_DOTTED;
	size_t cut = n > 0 ? bytes[0] / 2 : 0;
	struct str in = str_from((struct str){ (const char *)bytes, n }, 1);
	struct buf whole = BUF_EMPTY, parts = BUF_EMPTY;
	struct data a, b;
	size_t used;

	data_init(&a, mode);
	data_init(&b, mode);
	used = data_take(&a, in, &whole);
	cut = data_take(&b, str_sub(in, 0, cut), &parts);
	cut += data_take(&b, str_from(in, cut), &parts);
	if (used != cut || a.place != b.place || a.wire_size != b.wire_size || a.size != whole.n ||
	    !str_is_equal(buf_str(&whole), buf_str(&parts)))
		abort();
	buf_fini(&whole);
	buf_fini(&parts);
	return 0;
}
