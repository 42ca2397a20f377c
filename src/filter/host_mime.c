/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What is in a Content-Type or Content-Disposition, RFC 5703 4.2. */

#include <string.h>

#include "filter/host.h"
#include "mail/param.h"

/* Of one value: LIMITS_PARAMS of them and what they are unquoted into. */
#define PARSE_MEMORY_MAX ((size_t)64 << 10)

static bool
has_param(struct host *host, struct str rest, struct str name)
{
	struct arena a;
	struct param_list params;
	bool is_there;

	arena_init_limit(&a, PARSE_MEMORY_MAX);
	param_parse(rest, &a, &params);
	is_there = param_has_value(&params, name, host->charsets, &host->value);
	arena_fini(&a);
	return is_there;
}

bool
host_has_mime_value(struct host *host, struct str raw, enum host_mime what, struct str param,
    struct str *out)
{
	struct str rest = raw, type = mime_take_token(&rest), subtype = STR_EMPTY;

	if (rest.n > 0 && rest.p[0] == '/') {
		rest = str_from(rest, 1);
		subtype = mime_take_token(&rest);
	}
	buf_clear(&host->value);
	if (what == HOST_MIME_PARAM) {
		if (!has_param(host, rest, param))
			return false;
	} else if (type.n == 0 || (what == HOST_MIME_SUBTYPE && subtype.n == 0)) {
		return false;
	} else {
		if (what != HOST_MIME_SUBTYPE)
			buf_add_str(&host->value, type);
		if (what == HOST_MIME_CONTENT_TYPE && subtype.n > 0)
			buf_add_byte(&host->value, '/');
		if (what != HOST_MIME_TYPE)
			buf_add_str(&host->value, subtype);
	}
	*out = buf_str(&host->value);
	return buf_is_ok(&host->value);
}
