/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Parameters of MIME fields, put together from their pieces.  Does not know
 * what any of them is for. */
#include "mail/param.h"

#include <string.h>

#include "mail/header.h"
#include "mail/limits.h"
#include "mail/transfer.h"
#include "mail/word.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 2045 5.1: token, and 8-bit bytes. */
static bool
is_token_byte(char c)
{
	return ((unsigned char)c > ' ' && c != 127 && strchr("()<>@,;:\\\"/[]?=", c) == NULL);
}

/* Behind the next semicolon; false when there is none. */
static bool
can_skip_to_next(struct str *rest)
{
	ptrdiff_t semicolon = str_find_byte(*rest, ';');

	*rest = semicolon < 0 ? STR_EMPTY : str_from(*rest, (size_t)semicolon + 1);
	return semicolon >= 0;
}

static void
take_quoted(struct str *rest, struct param *out)
{
	size_t i;

	for (i = 1; i < rest->n && rest->p[i] != '"'; i++)
		if (rest->p[i] == '\\')
			i++;
	out->is_quoted = true;
	out->value = str_sub(*rest, 1, i - 1);
	*rest = str_from(*rest, i + 1);
}

static void
take_unquoted(struct str *rest, struct param *out)
{
	size_t n;

	for (n = 0; n < rest->n; n++) {
		char c = rest->p[n];

		if (c == ';' || c == '\r' || c == '\n' ||
		    (c == '(' && n > 0 && is_space(rest->p[n - 1])))
			break;
	}
	out->is_quoted = false;
	out->value = str_trim(str_sub(*rest, 0, n));
	*rest = str_from(*rest, n);
}

static bool
can_take_param(struct str *rest, struct param *out)
{
	size_t n = 0;

	*rest = header_skip_space(*rest);
	while (n < rest->n && is_token_byte(rest->p[n]))
		n++;
	out->name = str_sub(*rest, 0, n);
	*rest = str_from(*rest, n);
	*rest = header_skip_space(*rest);
	if (n == 0 || rest->n == 0 || rest->p[0] != '=')
		return false;
	*rest = str_from(*rest, 1);
	*rest = header_skip_space(*rest);
	if (rest->n > 0 && rest->p[0] == '"')
		take_quoted(rest, out);
	else
		take_unquoted(rest, out);
	return true;
}

void
param_parse(struct str text, struct arena *a, struct param_list *out)
{
	struct param found[LIMITS_PARAMS];
	struct param *kept;
	struct str rest = text;
	size_t n = 0;

	*out = (struct param_list){ NULL, 0, 0 };
	while (can_skip_to_next(&rest)) {
		if (n == LIMITS_PARAMS) {
			out->limits |= LIMITS_MET_PARAMS;
			break;
		}
		if (can_take_param(&rest, &found[n]))
			n++;
	}
	if (n == 0)
		return;
	kept = arena_array(a, n, sizeof *kept);
	if (kept == NULL) {
		out->limits |= LIMITS_MET_MEMORY;
		return;
	}
	memcpy(kept, found, n * sizeof *kept);
	out->at = kept;
	out->n = n;
}

static const struct param *
find_param(const struct param_list *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_is_equal_nocase(list->at[i].name, name))
			return &list->at[i];
	return NULL;
}

/* Copies a value to `to`, quoted pairs and line ends undone. */
static size_t
copy_value(const struct param *param, char *to)
{
	struct str value = param->value;
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\r' || value.p[i] == '\n')
			continue;
		if (param->is_quoted && value.p[i] == '\\' && ++i == value.n)
			break;
		to[n++] = value.p[i];
	}
	return n;
}

static void
add_value(struct buf *out, const struct param *param)
{
	char *to = buf_reserve(out, param->value.n);

	if (to != NULL)
		buf_grew(out, copy_value(param, to));
}

struct str
param_plain(const struct param_list *list, struct str name, struct arena *a)
{
	const struct param *param = find_param(list, name);
	char *to;

	if (param == NULL)
		return STR_EMPTY;
	if (str_find_byte(param->value, '\\') < 0 && str_find_byte(param->value, '\n') < 0)
		return param->value;
	to = arena_alloc(a, param->value.n);
	return to == NULL ? STR_EMPTY : (struct str){ to, copy_value(param, to) };
}

/* RFC 2231 4: octets behind per cent signs. */
static void
add_octets(struct buf *out, struct str text)
{
	char octet;

	for (size_t i = 0; i < text.n; i++) {
		if (transfer_has_octet(text, i, '%', &octet)) {
			buf_add_byte(out, octet);
			i += 2;
		} else {
			buf_add_byte(out, text.p[i]);
		}
	}
}

/* Takes charset'language' off the front of *text. */
static struct str
take_charset(struct str *text)
{
	struct str rest = *text, charset, language;
	ptrdiff_t quote = str_find_byte(rest, '\'');

	if (quote < 0 || str_find_byte(str_from(rest, (size_t)quote + 1), '\'') < 0)
		return STR_EMPTY;
	str_can_split(&rest, '\'', &charset);
	str_can_split(&rest, '\'', &language);
	*text = rest;
	return charset;
}

/* The pieces of a value in order; a gap ends it. */
struct pieces {
	const struct param *at[LIMITS_PARAMS];
	bool is_extended[LIMITS_PARAMS];
};

/* RFC 2231 3 and 4.1: is `suffix`, what stands behind the name, `*N` or `*N*`? */
static bool
is_piece(struct str suffix, uint64_t *number_out, bool *is_extended_out)
{
	*is_extended_out = suffix.n > 1 && suffix.p[suffix.n - 1] == '*';
	if (suffix.n < 2 || suffix.p[0] != '*')
		return false;
	suffix = str_sub(suffix, 1, suffix.n - 1 - *is_extended_out);
	return str_is_number(suffix, LIMITS_PARAMS - 1, number_out);
}

/* All pieces of a name; name* alone is piece 0 and comes before name*0. */
static bool
has_pieces(const struct param_list *list, struct str name, struct pieces *pieces)
{
	*pieces = (struct pieces){ .at = { NULL } };
	for (size_t i = 0; i < list->n; i++) {
		struct str suffix = str_from(list->at[i].name, name.n);
		bool is_extended = true;
		uint64_t number = 0;

		if (!str_has_prefix_nocase(list->at[i].name, name))
			continue;
		if (str_is_equal(suffix, STR("*"))) {
			*pieces = (struct pieces){ .at = { &list->at[i] }, .is_extended = { true } };
			return true;
		}
		if (!is_piece(suffix, &number, &is_extended) || pieces->at[number] != NULL)
			continue;
		pieces->at[number] = &list->at[i];
		pieces->is_extended[number] = is_extended;
	}
	return pieces->at[0] != NULL;
}

static void
add_pieces(struct buf *out, const struct pieces *pieces, struct charset_set *set)
{
	struct buf bytes = BUF_EMPTY, piece = BUF_EMPTY, charset = BUF_EMPTY;

	for (size_t i = 0; i < LIMITS_PARAMS && pieces->at[i] != NULL; i++) {
		struct str text;

		buf_clear(&piece);
		add_value(&piece, pieces->at[i]);
		text = buf_str(&piece);
		if (!pieces->is_extended[i]) {
			buf_add_str(&bytes, text);
			continue;
		}
		/* RFC 2231 4.1: only the first piece names the charset. */
		if (i == 0)
			buf_add_str(&charset, take_charset(&text));
		add_octets(&bytes, text);
	}
	word_add_labelled(out, buf_str(&bytes), buf_str(&charset), set);
	buf_fini(&charset);
	buf_fini(&piece);
	buf_fini(&bytes);
}

bool
param_has_value(const struct param_list *list, struct str name, struct charset_set *set,
    struct buf *out)
{
	const struct param *plain;
	struct pieces pieces;
	struct buf value = BUF_EMPTY;

	if (has_pieces(list, name, &pieces)) {
		add_pieces(out, &pieces, set);
		return true;
	}
	plain = find_param(list, name);
	if (plain == NULL)
		return false;
	add_value(&value, plain);
	word_add_decoded(out, buf_str(&value), set);
	buf_fini(&value);
	return true;
}
