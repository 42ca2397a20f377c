/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What a svtest has in files beside it: included scripts and lists. */

#include "cli/svtest.h"

#include "filter/engine_message.h"

/* ---- dictionaries: a line with a key, a line with its value ---- */

/* A line of a value as it was before it was put into one line. */
static struct str
unescape(struct svtest *test, struct str line)
{
	static const char codes[] = "1n0tr", meant[] = { '\001', '\n', '\0', '\t', '\r' };
	char *out = arena_alloc(&test->arena, line.n + 1);
	size_t i, n = 0;
	ptrdiff_t code;

	for (i = 0; i < line.n; i++) {
		out[n++] = line.p[i];
		if (line.p[i] != '\001' || i + 1 == line.n)
			continue;
		code = str_find_byte(STR("1n0tr"), line.p[i + 1]);
		if (code >= 0 && codes[code] == line.p[i + 1])
			out[n - 1] = meant[code];
		i++;
	}
	return (struct str){ out, n };
}

/* path as it is in a setting, perhaps with `file:` in front. */
static bool
has_key(struct svtest *test, struct str path, struct str key, struct str *out)
{
	struct str text, line, value;

	if (str_has_prefix(path, STR("file:")))
		path = str_from(path, 5);
	if (path.n == 0 || svtest_read(test, svtest_path(test, path), &text) == -1)
		return false;
	while (str_can_split(&text, '\n', &line)) {
		(void)str_can_split(&text, '\n', &value);
		if (str_is_equal(line, key)) {
			*out = unescape(test, value);
			return true;
		}
	}
	return false;
}

static struct str
lower(struct svtest *test, struct str text)
{
	char *out = arena_alloc(&test->arena, text.n + 1);
	size_t i;

	for (i = 0; i < text.n; i++)
		out[i] = (char)str_lower((unsigned char)text.p[i]);
	return (struct str){ out, text.n };
}

/* ---- lists, RFC 6134 ---- */

/* RFC 6134 2.1: a list that begins with `:` is an abbreviated name. */
static bool
is_same_list(struct str a, struct str b)
{
	static const struct str full = { "urn:ietf:params:sieve", 21 };

	if (str_has_prefix_nocase(a, full))
		a = str_from(a, full.n);
	if (str_has_prefix_nocase(b, full))
		b = str_from(b, full.n);
	return str_is_equal_nocase(a, b);
}

/* The name in the settings of a list; empty: there is none. */
static struct str
find_list(struct svtest *test, struct str list)
{
	struct str names = svtest_config(test, "sieve_extlists_list"), name, own;

	while (str_can_split(&names, ' ', &name)) {
		own = svtest_config(test, arena_printf(&test->arena, "sieve_extlists_list/%.*s/name",
		    STR_ARG(name)).p);
		if (name.n > 0 && is_same_list(own.n > 0 ? own : name, list))
			return name;
	}
	return STR_EMPTY;
}

bool
svtest_has_list(struct svtest *test, struct str list)
{
	return find_list(test, list).n > 0;
}

static bool
is_key(struct svtest *test, struct str path, struct str value)
{
	struct str key =
	    arena_printf(&test->arena, "priv/sieve/extlists/%.*s", STR_ARG(value)), ignored;

	return has_key(test, path, key, &ignored);
}

static struct str
list_path(struct svtest *test, struct str list)
{
	struct str name = find_list(test, list);

	return name.n == 0 ? STR_EMPTY : svtest_config(test, arena_printf(&test->arena,
	    "sieve_extlists_list/%.*s/dict/file/path", STR_ARG(name)).p);
}

bool
svtest_is_on_list(struct svtest *test, struct str list, struct str value)
{
	struct str path = list_path(test, list);

	return value.n > 0 &&
	    (is_key(test, path, value) || is_key(test, path, lower(test, value)));
}

/* All keys of a dictionary, and of no other kind. */
static size_t
read_members(struct svtest *test, struct str path, struct str *at, size_t max)
{
	static const struct str prefix = { "priv/sieve/extlists/", 20 };
	struct str text, line, value;
	size_t n = 0;

	if (path.n == 0 || svtest_read(test, svtest_path(test, path), &text) == -1)
		return 0;
	while (str_can_split(&text, '\n', &line)) {
		(void)str_can_split(&text, '\n', &value);
		if (!str_has_prefix(line, prefix))
			continue;
		if (n < max)
			at[n] = str_from(line, prefix.n);
		n++;
	}
	return n;
}

size_t
svtest_find_members(struct svtest *test, struct str list, struct str *at, size_t max)
{
	struct str path = list_path(test, list);

	return read_members(test, str_has_prefix(path, STR("file:")) ? str_from(path, 5) : path, at,
	    max);
}

/* ---- included scripts ---- */

static struct str
script_setting(struct svtest *test, enum sieve_location location, const char *name)
{
	return svtest_config(test, arena_printf(&test->arena, "sieve_script/%s/%s",
	    location == SIEVE_GLOBAL ? "included-global" : "included", name).p);
}

static enum sieve_found
find_in_dict(struct svtest *test, struct str path, struct str name, struct sieve_text *out)
{
	struct str id, script;

	if (!has_key(test, path, arena_printf(&test->arena, "priv/sieve/name/%.*s", STR_ARG(name)),
		&id))
		return SIEVE_NOT_FOUND;
	if (!has_key(test, path, arena_printf(&test->arena, "priv/sieve/data/%.*s", STR_ARG(id)),
		&script))
		return SIEVE_UNREADABLE;
	*out = engine_text(script);
	return SIEVE_FOUND;
}

enum sieve_found
svtest_find_script(struct svtest *test, enum sieve_location location, struct str name,
    struct sieve_text *out)
{
	struct str text, path;

	if (str_is_equal(script_setting(test, location, "sieve_script_driver"), STR("dict")))
		return find_in_dict(test,
		    script_setting(test, location, "sieve_script_dict/dict/file/path"), name, out);
	path = arena_printf(&test->arena, "%s/%.*s.sieve",
	    location == SIEVE_GLOBAL ? "included-global" : "included", STR_ARG(name));
	if (svtest_read(test, svtest_path(test, path), &text) == -1)
		return SIEVE_NOT_FOUND;
	*out = engine_text(text);
	return SIEVE_FOUND;
}
