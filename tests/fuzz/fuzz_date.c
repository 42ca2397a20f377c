/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Dates: what is understood is written as the same date. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "mail/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_EMPTY;
	struct date one, two;

	if (date_is_parsed((struct str){ (const char *)data, size }, &one)) {
		struct date_fields fields;

		date_split(one.seconds, one.offset, &fields);
		date_add_rfc5322(&text, one.seconds, one.offset);
		BUG_ON(!date_is_parsed(buf_str(&text), &two));
		if (fields.year > 1 && fields.year < 9999)
			BUG_ON(one.seconds != two.seconds || one.offset != two.offset);
	}
	buf_fini(&text);
	return 0;
}
