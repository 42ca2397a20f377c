/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Parameters: every value by its name, as one clean line. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "mail/param.h"
#include "mail/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_EMPTY;
	struct buf out = BUF_EMPTY;
	struct param_list list;

	param_parse((struct str){ (const char *)data, size }, &a, &list);
	for (size_t i = 0; i < list.n; i++) {
		struct str name = list.at[i].name;
		ptrdiff_t star = str_find_byte(name, '*');

		BUG_ON(!param_has_value(&list, name, NULL, &out));
		if (star >= 0)
			param_has_value(&list, str_sub(name, 0, (size_t)star), NULL, &out);
		BUG_ON(!path_is_utf8(buf_str(&out)) || str_find_byte(buf_str(&out), '\n') >= 0);
		BUG_ON(param_plain(&list, name, &a).n > size);
		buf_clear(&out);
	}
	buf_fini(&out);
	arena_fini(&a);
	return 0;
}
