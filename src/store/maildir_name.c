/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Maildir's names of folders, files and flags, as text.  Touches no file. */

#include "store/maildir_name.h"

#include <limits.h>
#include <stdatomic.h>
#include <unistd.h>

#include "mail/mutf7.h"
#include "store/maildir.h"

#define INFO STR(":2,")
#define INBOX STR("INBOX")

/* In the order of their letters, as the Maildir page wants them sorted. */
static const struct {
	char letter;
	struct str flag;
} flags[] = {
	{ 'D', { "\\Draft", 6 } },
	{ 'F', { "\\Flagged", 8 } },
	{ 'P', { "$Forwarded", 10 } },
	{ 'R', { "\\Answered", 9 } },
	{ 'S', { "\\Seen", 5 } },
	{ 'T', { "\\Deleted", 8 } },
};
#define FLAG_COUNT (sizeof flags / sizeof *flags)

static unsigned
bits_of_flags(struct str imap_flags)
{
	struct str word;
	unsigned bits = 0;

	while (str_can_split(&imap_flags, ' ', &word))
		for (unsigned i = 0; i < FLAG_COUNT; i++)
			if (str_is_equal_nocase(word, flags[i].flag))
				bits |= 1U << i;
	return bits;
}

static unsigned
bits_of_letters(struct str letters)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < FLAG_COUNT; i++)
		if (str_find_byte(letters, flags[i].letter) >= 0)
			bits |= 1U << i;
	return bits;
}

void
maildir_add_letters(struct buf *out, struct str imap_flags)
{
	unsigned bits = bits_of_flags(imap_flags);

	for (unsigned i = 0; i < FLAG_COUNT; i++)
		if ((bits >> i & 1) != 0)
			buf_add_byte(out, flags[i].letter);
}

static void
add_word(struct buf *out, struct str word, bool *is_first)
{
	if (!*is_first)
		buf_add_byte(out, ' ');
	*is_first = false;
	buf_add_str(out, word);
}

void
maildir_name_add_merged(struct buf *out, struct str letters, struct str old_flags)
{
	unsigned bits = bits_of_letters(letters);
	struct str word;
	bool is_first = true;

	for (unsigned i = 0; i < FLAG_COUNT; i++)
		if ((bits >> i & 1) != 0)
			add_word(out, flags[i].flag, &is_first);
	while (str_can_split(&old_flags, ' ', &word))
		if (word.n > 0 && bits_of_flags(word) == 0)
			add_word(out, word, &is_first);
}

void
maildir_add_flags(struct buf *out, struct str letters)
{
	maildir_name_add_merged(out, letters, STR_EMPTY);
}

bool
maildir_name_has_flags(struct str letters, struct str imap_flags)
{
	return bits_of_letters(letters) == bits_of_flags(imap_flags);
}

/* RFC 9051 5.1 wants names in Net-Unicode, which has neither C0 nor C1 control
 * characters (RFC 5198 2): U+0080 to U+009F are C2 80 to C2 9F. */
static bool
is_control(struct str text, size_t at)
{
	unsigned char c = (unsigned char)text.p[at];

	if (c < ' ' || c == 0x7f)
		return true;
	return c == 0xc2 && at + 1 < text.n && (unsigned char)text.p[at + 1] >= 0x80 &&
	    (unsigned char)text.p[at + 1] <= 0x9f;
}

/* One level of a folder's name, as the user writes it. */
static bool
is_level(struct str level)
{
	if (level.n == 0)
		return false;
	for (size_t i = 0; i < level.n; i++)
		if (is_control(level, i))
			return false;
	return true;
}

/* The name with `.` between its levels, and INBOX in upper case when it is the
 * first: Dovecot finds such a folder by any case too. */
static bool
can_make_canonical(struct str name, struct buf *out)
{
	unsigned depth = 0;
	size_t from = 0;

	for (size_t i = 0; i <= name.n; i++) {
		struct str level = str_sub(name, from, i - from);

		if (i < name.n && name.p[i] != '.' && name.p[i] != '/')
			continue;
		if (!is_level(level) || ++depth > MAILDIR_DEPTH_MAX)
			return false;
		if (depth > 1)
			buf_add_byte(out, '.');
		buf_add_str(out, depth == 1 && str_is_equal_nocase(level, INBOX) ? INBOX : level);
		from = i + 1;
	}
	return buf_is_ok(out);
}

int
maildir_path(struct str root, struct str name, struct buf *path_out, struct buf *name_out,
    struct fail *why)
{
	size_t base;

	buf_clear(path_out);
	buf_clear(name_out);
	if (name.n > MAILDIR_NAME_MAX)
		return fail_set(why, FAIL_PERM, 2, 0, 0, "mailbox name is too long",
		    "mailbox name of %zu bytes: at most %d", name.n, MAILDIR_NAME_MAX);
	if (!can_make_canonical(name, name_out))
		goto invalid;
	while (root.n > 1 && root.p[root.n - 1] == '/')
		root.n--;
	buf_add_str(path_out, root);
	if (str_is_equal(buf_str(name_out), INBOX))
		return 0;
	buf_add_cstr(path_out, "/.");
	base = path_out->n - 1;
	if (!mutf7_is_encoded(path_out, buf_str(name_out)))
		goto invalid;
	if (buf_is_ok(path_out) && path_out->n - base <= NAME_MAX)
		return 0;
invalid:
	return fail_set(why, FAIL_PERM, 2, 0, 0, "mailbox name is not valid",
	    "mailbox name \"%.*s\" is not valid", STR_ARG(name));
}

bool
maildir_name_is_folder(struct str entry, struct buf *name_out)
{
	struct str levels = str_from(entry, 1), level;

	buf_clear(name_out);
	if (entry.n < 2 || entry.p[0] != '.' || entry.p[entry.n - 1] == '.')
		return false;
	while (str_can_split(&levels, '.', &level))
		if (level.n == 0)
			return false;
	return mutf7_is_decoded(name_out, str_from(entry, 1)) && buf_is_ok(name_out);
}

/* The number behind `,S=`; the last one counts, for a host name may not hold one. */
static bool
has_field(struct str base, struct str key, uint64_t *out)
{
	ptrdiff_t at = str_find(base, key);
	struct str digits;

	if (at < 0)
		return false;
	base = str_from(base, (size_t)at + key.n);
	return str_can_split(&base, ',', &digits) && str_is_number(digits, INT64_MAX, out);
}

bool
maildir_name_is_read(struct str file, struct maildir_name *out)
{
	ptrdiff_t colon = str_find(file, INFO);
	struct str rest, seconds;

	*out = (struct maildir_name){ .base = file };
	if (file.n == 0 || file.p[0] == '.')
		return false;
	if (colon >= 0) {
		out->base = str_sub(file, 0, (size_t)colon);
		out->letters = str_from(file, (size_t)colon + INFO.n);
	}
	out->has_size = has_field(out->base, STR(",S="), &out->size);
	out->has_wire_size = has_field(out->base, STR(",W="), &out->wire_size);
	rest = out->base;
	if (!str_can_split(&rest, '.', &seconds) || !str_is_number(seconds, UINT32_MAX, &out->seconds))
		out->seconds = 0;
	return out->base.n > 0;
}

/* The Maildir page's own way for `/` and `:`; a comma would look like a field. */
static void
add_host(struct buf *out, const char *hostname)
{
	for (const char *c = hostname; *c != '\0'; c++)
		if (*c == '/' || *c == ':' || *c == ',' || (unsigned char)*c <= ' ' ||
		    (unsigned char)*c >= 0x7f)
			buf_addf(out, "\\%03o", (unsigned char)*c);
		else
			buf_add_byte(out, *c);
}

void
maildir_add_name(struct buf *out, const char *hostname, int64_t now, uint64_t size,
    uint64_t wire_size)
{
	/* One for the process: two stores in it must not give the same name. */
	static atomic_uint_fast64_t counter;
	uint64_t number = atomic_fetch_add(&counter, 1);

	buf_addf(out, "%lld.M%lldP%ldQ%llu.", (long long)(now / 1000000),
	    (long long)(now % 1000000), (long)getpid(), (unsigned long long)number);
	add_host(out, hostname);
	buf_addf(out, ",S=%llu,W=%llu", (unsigned long long)size, (unsigned long long)wire_size);
}
