/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Charsets to UTF-8.  Knows nothing of the encodings that carry their names
 * through a message. */
#include "mail/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "mail/limits.h"

#define REPLACEMENT 0xfffd
#define CHUNK 4096

struct entry {
	char name[LIMITS_CHARSET_NAME + 8]; /* clean, as made by clean_name */
	iconv_t cd;
};

struct charset_set {
	struct entry entries[LIMITS_CHARSETS];
	size_t count;
	bool is_sealed;
};

/* windows-1252 from 0x80 on; what it leaves open has no meaning. */
static const uint16_t windows_1252[32] = {
	0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
	0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};

/* Prefixes under which the same charsets go. */
static const struct {
	struct str from, to;
} prefixes[] = {
	{ { "x-", 2 }, { "", 0 } },
	{ { "windows-", 8 }, { "cp", 2 } },
	{ { "iso8859-", 8 }, { "iso-8859-", 9 } },
	{ { "iso_8859-", 9 }, { "iso-8859-", 9 } },
};

/* Other names, and narrow charsets that are in truth used as wider ones. */
static const struct {
	const char *from, *to;
} aliases[] = {
	{ "utf8", "utf-8" },
	{ "ascii", "us-ascii" },
	{ "ansi_x3.4-1968", "us-ascii" },
	{ "latin1", "cp1252" },
	{ "iso-8859-1", "cp1252" },
	{ "iso-8859-8-i", "iso-8859-8" },
	{ "iso-8859-11", "cp874" },
	{ "tis-620", "cp874" },
	{ "iso-8859-9", "cp1254" },
	{ "shift_jis", "cp932" },
	{ "shift-jis", "cp932" },
	{ "sjis", "cp932" },
	{ "31j", "cp932" },
	{ "cp31j", "cp932" },
	{ "gb2312", "gb18030" },
	{ "gbk", "gb18030" },
	{ "cp936", "gb18030" },
	{ "ks_c_5601-1987", "cp949" },
	{ "euc-kr", "cp949" },
	{ "cp950", "big5-hkscs" },
	{ "big5", "big5-hkscs" },
	{ "mac-roman", "macintosh" },
	{ "unicode-1-1-utf-7", "utf-7" },
};

/* What is met in mail, by clean name. */
static const char *const common[] = {
	"iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7",
	"iso-8859-8", "iso-8859-10", "iso-8859-13", "iso-8859-14", "iso-8859-15",
	"iso-8859-16", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
	"cp1258", "cp874", "cp437", "cp850", "cp852", "cp866", "koi8-r", "koi8-u", "macintosh",
	"cp932", "euc-jp", "iso-2022-jp", "gb18030", "big5-hkscs", "cp949",
	"iso-2022-kr", "utf-7", "utf-16", "utf-16be", "utf-16le",
};

size_t
charset_take_utf8(struct str text, unsigned long *code_out)
{
	static const unsigned long lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text.p;
	unsigned long code;
	size_t n;

	if (text.n == 0)
		return 0;
	if (p[0] < 0x80) {
		*code_out = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (text.n < n)
		return 0;
	code = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < lowest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*code_out = code;
	return n;
}

void
charset_add_utf8(struct buf *out, unsigned long code)
{
	char bytes[4];
	size_t n = 0;

	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		code = REPLACEMENT;
	if (code < 0x80) {
		bytes[n++] = (char)code;
	} else if (code < 0x800) {
		bytes[n++] = (char)(0xc0 | code >> 6);
	} else if (code < 0x10000) {
		bytes[n++] = (char)(0xe0 | code >> 12);
		bytes[n++] = (char)(0x80 | (code >> 6 & 0x3f));
	} else {
		bytes[n++] = (char)(0xf0 | code >> 18);
		bytes[n++] = (char)(0x80 | (code >> 12 & 0x3f));
		bytes[n++] = (char)(0x80 | (code >> 6 & 0x3f));
	}
	if (code >= 0x80)
		bytes[n++] = (char)(0x80 | (code & 0x3f));
	buf_add(out, bytes, n);
}

struct str
charset_cut_utf8(struct str text, size_t max)
{
	size_t n = max;

	if (text.n <= max)
		return text;
	while (n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return str_sub(text, 0, n);
}

/* How far text is UTF-8 without NUL. */
static size_t
count_clean(struct str text)
{
	unsigned long code = 0;
	size_t at = 0;

	while (at < text.n) {
		size_t n = charset_take_utf8(str_from(text, at), &code);

		if (n == 0 || code == 0)
			break;
		at += n;
	}
	return at;
}

static void
add_from_utf8(struct buf *out, struct str text)
{
	while (text.n > 0) {
		size_t n = count_clean(text);

		buf_add(out, text.p, n);
		text = str_from(text, n);
		if (text.n > 0) {
			charset_add_utf8(out, REPLACEMENT);
			text = str_from(text, 1);
		}
	}
}

static void
add_from_windows_1252(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == 0)
			charset_add_utf8(out, REPLACEMENT);
		else if (c >= 0x80 && c < 0xa0)
			charset_add_utf8(out, windows_1252[c - 0x80]);
		else
			charset_add_utf8(out, c);
	}
}

/* NUL is no reason to doubt that the rest is UTF-8. */
static bool
is_utf8(struct str text)
{
	unsigned long code;

	while (text.n > 0) {
		size_t n = charset_take_utf8(text, &code);

		if (n == 0)
			return false;
		text = str_from(text, n);
	}
	return true;
}

void
charset_add_unlabelled(struct buf *out, struct str bytes)
{
	if (is_utf8(bytes))
		add_from_utf8(out, bytes);
	else
		add_from_windows_1252(out, bytes);
}

static const struct {
	const char *name;
	void (*add)(struct buf *out, struct str bytes);
} built_in[] = {
	{ "utf-8", add_from_utf8 },
	{ "us-ascii", charset_add_unlabelled },
	{ "cp1252", add_from_windows_1252 },
};

/* iconv takes a name apart at `/` and looks for files: only these pass. */
static bool
is_name_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') || (str_lower(c) >= 'a' && str_lower(c) <= 'z') ||
	    (c != '\0' && strchr("._:+-", c) != NULL);
}

static void
replace_prefix(char *name, struct str from, struct str to)
{
	char rest[LIMITS_CHARSET_NAME + 8];
	size_t n = strlen(name);

	if (n <= from.n || memcmp(name, from.p, from.n) != 0 || n - from.n + to.n >= sizeof rest)
		return;
	memcpy(rest, to.p, to.n);
	memcpy(rest + to.n, name + from.n, n - from.n + 1);
	memcpy(name, rest, n - from.n + to.n + 1);
}

/* Lower case, one name for each charset.  False: no name of a charset. */
static bool
can_clean_name(struct str name, char out[LIMITS_CHARSET_NAME + 8])
{
	if (name.n == 0 || name.n > LIMITS_CHARSET_NAME)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (!is_name_byte((unsigned char)name.p[i]))
			return false;
		out[i] = (char)str_lower((unsigned char)name.p[i]);
	}
	out[name.n] = '\0';
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		replace_prefix(out, prefixes[i].from, prefixes[i].to);
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
		if (strcmp(out, aliases[i].from) == 0) {
			memcpy(out, aliases[i].to, strlen(aliases[i].to) + 1);
			break;
		}
	}
	return true;
}

struct charset_set *
charset_set_new(void)
{
	return xcalloc(1, sizeof(struct charset_set));
}

void
charset_set_free(struct charset_set **set)
{
	if (*set == NULL)
		return;
	for (size_t i = 0; i < (*set)->count; i++)
		iconv_close((*set)->entries[i].cd);
	free(*set);
	*set = NULL;
}

/* The open converter of a clean name, or NULL. */
static struct entry *
find_entry(struct charset_set *set, const char *name)
{
	struct entry *entry;
	iconv_t cd;

	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->entries[i].name, name) == 0)
			return &set->entries[i];
	if (set->is_sealed || set->count == LIMITS_CHARSETS)
		return NULL;
	cd = iconv_open("UTF-8", name);
	if (cd == (iconv_t)-1)
		return NULL;
	entry = &set->entries[set->count++];
	memcpy(entry->name, name, strlen(name) + 1);
	entry->cd = cd;
	return entry;
}

size_t
charset_preload(struct charset_set *set)
{
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		find_entry(set, common[i]);
	set->is_sealed = true;
	return set->count;
}

/* One step; returns false when there is nothing left to do. */
static bool
can_go_on(iconv_t cd, struct str *rest, struct buf *out)
{
	char chunk[CHUNK];
	char *in = (char *)(uintptr_t)rest->p, *to = chunk;
	size_t in_left = rest->n, room = sizeof chunk;
	size_t rc = iconv(cd, &in, &in_left, &to, &room);
	int errnum = rc == (size_t)-1 ? errno : 0;

	add_from_utf8(out, (struct str){ chunk, sizeof chunk - room });
	if (errnum == E2BIG && in_left < rest->n) {
		*rest = str_from(*rest, rest->n - in_left);
		return true;
	}
	*rest = str_from(*rest, rest->n - in_left);
	if (errnum == 0)
		return false;
	/* Not a character, or the beginning of one at the end. */
	charset_add_utf8(out, REPLACEMENT);
	*rest = str_from(*rest, 1);
	return errnum != EINVAL && rest->n > 0;
}

static void
convert(iconv_t cd, struct str bytes, struct buf *out)
{
	char chunk[64];
	char *to = chunk;
	size_t room = sizeof chunk;

	iconv(cd, NULL, NULL, NULL, NULL);
	while (can_go_on(cd, &bytes, out))
		continue;
	/* Some hold a character back, in case that an accent follows. */
	iconv(cd, NULL, NULL, &to, &room);
	add_from_utf8(out, (struct str){ chunk, sizeof chunk - room });
}

bool
charset_is_converted(struct charset_set *set, struct str charset, struct str bytes,
    struct buf *out)
{
	char name[LIMITS_CHARSET_NAME + 8];
	struct entry *entry;

	if (!can_clean_name(charset, name))
		return false;
	for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++) {
		if (strcmp(name, built_in[i].name) == 0) {
			built_in[i].add(out, bytes);
			return true;
		}
	}
	entry = set == NULL ? NULL : find_entry(set, name);
	if (entry == NULL)
		return false;
	convert(entry->cd, bytes, out);
	return true;
}
