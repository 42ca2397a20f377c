/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The list of source kinds and what they share. */

#include "directory/source.h"

static const struct source_kind *const kinds[] = { &source_passwd, &source_file, &source_static };

const struct source_kind *
source_find_kind(struct str setting, struct str *argument_out)
{
	struct str rest = setting, name;
	size_t i;

	str_can_split(&rest, ':', &name);
	*argument_out = rest;
	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (str_is_equal(name, str_of(kinds[i]->name)) &&
		    (rest.n > 0) == kinds[i]->has_argument)
			return kinds[i];
	return NULL;
}

bool
source_is_name(struct str name)
{
	size_t i;

	if (name.n == 0 || name.n > SOURCE_NAME_MAX || name.p[0] == '.')
		return false;
	for (i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f || name.p[i] == '/')
			return false;
	return true;
}

bool
source_is_size(struct str text, uint64_t *out)
{
	uint64_t unit = 1, number;
	char last = text.n > 0 ? text.p[text.n - 1] : '0';

	switch (str_lower((unsigned char)last)) {
	case 'b':
		break;
	case 'k':
		unit = UINT64_C(1) << 10;
		break;
	case 'm':
		unit = UINT64_C(1) << 20;
		break;
	case 'g':
		unit = UINT64_C(1) << 30;
		break;
	case 't':
		unit = UINT64_C(1) << 40;
		break;
	default:
		return str_is_number(text, UINT64_MAX, out);
	}
	if (!str_is_number(str_sub(text, 0, text.n - 1), UINT64_MAX / unit, &number))
		return false;
	*out = number * unit;
	return true;
}
