/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The flag lists of RFC 5232.  Knows no script and no store. */

#include "filter/flags.h"

#include "base/buf.h"
#include "ipc/actions.h"

static bool
is_listed(struct str flags, struct str flag)
{
	struct str rest = flags, each;

	while (str_can_split(&rest, ' ', &each))
		if (str_is_equal_nocase(each, flag))
			return true;
	return false;
}

static void
add_flag(struct buf *list, struct str flag)
{
	if (flag.n == 0 || list->n + flag.n + 1 > FILTER_FLAGS_MAX)
		return;
	if (list->n > 0)
		buf_add_byte(list, ' ');
	buf_add_str(list, flag);
}

static struct str
end(struct arena *a, struct buf *list)
{
	struct str result = arena_str(a, buf_str(list));

	buf_fini(list);
	return result;
}

struct str
flags_add(struct arena *a, struct str flags, struct str more)
{
	struct buf list = BUF_EMPTY;
	struct str rest = more, flag;

	buf_add_str(&list, flags);
	/* RFC 5232 2: one string may hold several, with blanks between. */
	while (str_can_split(&rest, ' ', &flag)) {
		flag = str_trim(flag);
		if (!is_listed(buf_str(&list), flag))
			add_flag(&list, flag);
	}
	return end(a, &list);
}

struct str
flags_remove(struct arena *a, struct str flags, struct str less)
{
	struct buf list = BUF_EMPTY;
	struct str rest = flags, flag;

	while (str_can_split(&rest, ' ', &flag))
		if (!is_listed(less, flag))
			add_flag(&list, flag);
	return end(a, &list);
}
