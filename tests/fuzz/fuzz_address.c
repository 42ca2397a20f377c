/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Address lists: what is taken for an address can be written down again. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "mail/address.h"
#include "mail/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_EMPTY;
	struct buf text = BUF_EMPTY;
	struct address_list list, again;
	struct address one, two;

	address_list_init(&list, (struct str){ (const char *)data, size }, &a);
	while (address_has_next(&list, &one)) {
		if (one.kind != ADDRESS_MAILBOX || one.domain.n == 0)
			continue;
		buf_clear(&text);
		address_add(&text, one.local, one.domain);
		address_list_init(&again, buf_str(&text), &a);
		BUG_ON(!address_has_next(&again, &two) || two.kind != ADDRESS_MAILBOX);
		BUG_ON(!str_is_equal(one.local, two.local) || !path_is_utf8(one.local));
		BUG_ON(!str_is_equal(one.domain, two.domain));
	}
	BUG_ON(list.in_group);
	buf_fini(&text);
	arena_fini(&a);
	return 0;
}
