/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Users in Dovecot's passwd-file format: user:password:uid:gid:gecos:home:shell:
 * extra fields.  Passwords are not looked at here. */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/table.h"
#include "base/xalloc.h"
#include "directory/source.h"
#include "directory/text_file.h"

struct source {
	struct text_file file;
	struct table lines; /* user -> struct line, in the arena */
	struct arena arena;
};

struct line {
	struct str text;
	unsigned number;
};

static struct source *
open_file(struct str argument)
{
	struct source *source = xcalloc(1, sizeof *source);

	text_file_init(&source->file, argument);
	arena_init(&source->arena);
	return source;
}

static void
close_file(struct source *source)
{
	text_file_fini(&source->file);
	table_fini(&source->lines);
	arena_fini(&source->arena);
	free(source);
}

static void
index_lines(struct source *source)
{
	struct str rest = buf_str(&source->file.text), text, after, user;
	unsigned number = 0;
	struct line *line;

	table_fini(&source->lines);
	source->lines = TABLE_EMPTY;
	arena_empty(&source->arena);
	while (str_can_split(&rest, '\n', &text)) {
		number++;
		if (str_has_suffix(text, STR("\r")))
			text.n--;
		if (str_trim(text).n == 0 || text.p[0] == '#')
			continue;
		after = text;
		str_can_split(&after, ':', &user);
		line = arena_alloc(&source->arena, sizeof *line);
		*line = (struct line){ text, number };
		if (user.n == 0 || table_get(&source->lines, user) != NULL)
			log_warn("%s:%u: %s user ignored", source->file.path, number,
			    user.n == 0 ? "empty" : "second entry for a");
		else
			table_put(&source->lines, user, line);
	}
}

static bool
is_uid(struct str text, uid_t *out)
{
	uint64_t number;
	struct passwd *entry;
	struct buf name = BUF_EMPTY;

	if (str_is_number(text, UINT32_MAX - 1, &number)) {
		*out = (uid_t)number;
		return true;
	}
	buf_add_str(&name, text);
	entry = getpwnam(buf_cstr(&name));
	buf_fini(&name);
	if (entry == NULL)
		return false;
	*out = entry->pw_uid;
	return true;
}

static bool
is_gid(struct str text, gid_t *out)
{
	uint64_t number;
	struct group *entry;
	struct buf name = BUF_EMPTY;

	if (str_is_number(text, UINT32_MAX - 1, &number)) {
		*out = (gid_t)number;
		return true;
	}
	buf_add_str(&name, text);
	entry = getgrnam(buf_cstr(&name));
	buf_fini(&name);
	if (entry == NULL)
		return false;
	*out = entry->gr_gid;
	return true;
}

/* Dovecot's storage= without a unit is in kilobytes. */
static bool
is_storage(struct str text, uint64_t *out)
{
	if (!str_is_number(text, UINT64_MAX / 1024, out))
		return source_is_size(text, out);
	*out *= 1024;
	return true;
}

/* `*:storage=1G:messages=1000`, Dovecot 2.3's quota_rule for the whole account;
 * rules for single mailboxes are not ours yet. */
static bool
is_quota_rule(struct str value, struct source_record *record)
{
	struct str rest = value, part;

	str_can_split(&rest, ':', &part);
	if (!str_is_equal(part, STR("*")))
		return true;
	record->has_quota = true;
	while (str_can_split(&rest, ':', &part)) {
		if (str_has_prefix(part, STR("storage="))) {
			if (!is_storage(str_from(part, 8), &record->quota_bytes))
				return false;
		} else if (str_has_prefix(part, STR("bytes="))) {
			if (!source_is_size(str_from(part, 6), &record->quota_bytes))
				return false;
		} else if (str_has_prefix(part, STR("messages="))) {
			if (!str_is_number(str_from(part, 9), UINT64_MAX, &record->quota_messages))
				return false;
		} else if (!str_is_equal(part, STR("ignore")))
			return false;
	}
	return true;
}

static bool
is_quota_size(struct str value, struct source_record *record)
{
	record->has_quota = true;
	return source_is_size(value, &record->quota_bytes);
}

static bool
is_quota_count(struct str value, struct source_record *record)
{
	record->has_quota = true;
	return str_is_number(value, UINT64_MAX, &record->quota_messages);
}

/* `file:~/sieve;active=~/.dovecot.sieve` names the active script; a plain path
 * is it. */
static bool
is_sieve(struct str value, struct source_record *record)
{
	struct str rest = value, part;

	if (str_has_prefix(rest, STR("file:")))
		rest = str_from(rest, 5);
	while (str_can_split(&rest, ';', &part)) {
		if (str_has_prefix(part, STR("active=")))
			record->script = str_from(part, 7);
		else if (record->script.n == 0)
			record->script = part;
	}
	return true;
}

static bool
is_mail(struct str value, struct source_record *record)
{
	record->mail = value;
	return true;
}

static bool
is_home(struct str value, struct source_record *record)
{
	record->home = value;
	return true;
}

static bool
is_uid_field(struct str value, struct source_record *record)
{
	record->has_uid = true;
	return is_uid(value, &record->uid);
}

static bool
is_gid_field(struct str value, struct source_record *record)
{
	record->has_gid = true;
	return is_gid(value, &record->gid);
}

static const struct extra {
	const char *name;
	bool (*is_taken)(struct str value, struct source_record *record);
} extras[] = {
	{ "userdb_home", is_home },
	{ "userdb_mail", is_mail },
	{ "userdb_mail_location", is_mail },
	{ "userdb_uid", is_uid_field },
	{ "userdb_gid", is_gid_field },
	{ "userdb_quota_rule", is_quota_rule },
	{ "userdb_quota_storage_size", is_quota_size },
	{ "userdb_quota_message_count", is_quota_count },
	{ "userdb_sieve", is_sieve },
};

/* Extra fields that are not about delivery (nopassword, proxy, allow_nets, …)
 * are somebody else's and passed over. */
static bool
is_extra_taken(struct str field, struct source_record *record)
{
	struct str value = field, name;
	size_t i;

	str_can_split(&value, '=', &name);
	for (i = 0; i < sizeof extras / sizeof extras[0]; i++)
		if (str_is_equal(name, str_of(extras[i].name)))
			return extras[i].is_taken(value, record);
	return true;
}

static bool
is_line_read(struct str text, struct source_record *record)
{
	struct str rest = text, uid = STR_EMPTY, gid = STR_EMPTY, skipped, field;

	str_can_split(&rest, ':', &record->user);
	str_can_split(&rest, ':', &skipped); /* password */
	str_can_split(&rest, ':', &uid);
	str_can_split(&rest, ':', &gid);
	str_can_split(&rest, ':', &skipped); /* gecos */
	str_can_split(&rest, ':', &record->home);
	str_can_split(&rest, ':', &skipped); /* shell */
	if (uid.n > 0 && !is_uid_field(uid, record))
		return false;
	if (gid.n > 0 && !is_gid_field(gid, record))
		return false;
	while (str_can_split(&rest, ' ', &field))
		if (field.n > 0 && !is_extra_taken(field, record))
			return false;
	return true;
}

static void
copy_strings(struct arena *a, struct source_record *record)
{
	record->user = arena_str(a, record->user);
	record->home = arena_str(a, record->home);
	record->mail = arena_str(a, record->mail);
	record->script = arena_str(a, record->script);
}

static enum source_result
find_file(struct source *source, struct str local, struct str domain, struct arena *a,
    struct source_record *record, struct fail *why)
{
	struct str full = arena_printf(a, "%.*s@%.*s", STR_ARG(local), STR_ARG(domain));
	const struct line *line;
	bool has_changed;

	if (text_file_refresh(&source->file, &has_changed, why) == -1)
		return SOURCE_BROKEN;
	if (has_changed)
		index_lines(source);
	if (!source_is_name(local))
		return SOURCE_UNKNOWN;
	line = table_get(&source->lines, full);
	/* A quoted local part may look like a user of another domain. */
	if (line == NULL && str_find_byte(local, '@') == -1)
		line = table_get(&source->lines, local);
	if (line == NULL)
		return SOURCE_UNKNOWN;
	*record = (struct source_record){ 0 };
	if (!is_line_read(line->text, record)) {
		fail_set(why, FAIL_TEMP, 3, 5, 0, "User database is misconfigured",
		    "%s:%u: a field of this user cannot be read: correct it", source->file.path,
		    line->number);
		return SOURCE_BROKEN;
	}
	record->user = domain.n > 0 ? full : local;
	copy_strings(a, record);
	return SOURCE_FOUND;
}

const struct source_kind source_file = {
	.name = "file",
	.has_argument = true,
	.open = open_file,
	.close = close_file,
	.find = find_file,
};
