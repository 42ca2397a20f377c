/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* aliases(5) files: found names and their members.  Does not know what a
 * member means. */

#include "directory/alias.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/table.h"
#include "base/xalloc.h"
#include "directory/text_file.h"

struct alias_file {
	struct text_file file;
	struct table names; /* lower case name -> struct str of its members */
	struct arena arena;
};

struct alias_file *
alias_open(struct str path)
{
	struct alias_file *file = xcalloc(1, sizeof *file);

	text_file_init(&file->file, path);
	arena_init(&file->arena);
	return file;
}

void
alias_close(struct alias_file **file)
{
	if (*file == NULL)
		return;
	text_file_fini(&(*file)->file);
	table_fini(&(*file)->names);
	arena_fini(&(*file)->arena);
	free(*file);
	*file = NULL;
}

static struct str
fold(struct arena *a, struct str name)
{
	char *folded = arena_cstr(a, name);
	size_t i;

	for (i = 0; i < name.n; i++)
		folded[i] = (char)str_lower((unsigned char)folded[i]);
	return (struct str){ folded, name.n };
}

static bool
is_continuation(struct str text)
{
	return text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t');
}

/* A name, perhaps in quotes, and the rest behind its colon. */
static bool
is_entry(struct str text, struct str *name_out, struct str *members_out)
{
	struct str rest = text;
	ptrdiff_t end;

	if (text.p[0] == '"') {
		end = str_find_byte(str_from(text, 1), '"');
		if (end == -1)
			return false;
		*name_out = str_sub(text, 1, (size_t)end);
		rest = str_from(text, (size_t)end + 2);
		end = str_find_byte(rest, ':');
		*members_out = str_from(rest, (size_t)end + 1);
		return end != -1;
	}
	end = str_find_byte(text, ':');
	if (end <= 0)
		return false;
	*name_out = str_trim(str_sub(text, 0, (size_t)end));
	*members_out = str_from(text, (size_t)end + 1);
	return true;
}

static void
add_entry(struct alias_file *file, struct str text, unsigned number)
{
	struct str name, members, *kept;

	if (!is_entry(text, &name, &members)) {
		log_warn("%s:%u: not `name: members`: ignored", file->file.path, number);
		return;
	}
	kept = arena_alloc(&file->arena, sizeof *kept);
	*kept = members;
	name = fold(&file->arena, name);
	if (table_get(&file->names, name) != NULL) {
		log_warn("%s:%u: second entry for %.*s ignored", file->file.path, number,
		    STR_ARG(name));
		return;
	}
	table_put(&file->names, name, kept);
}

/* Entries are joined with their continuation lines: the text is one piece, so
 * a member list may simply reach over line ends. */
static void
index_entries(struct alias_file *file)
{
	struct str rest = buf_str(&file->file.text), text, entry = STR_EMPTY;
	unsigned number = 0, entry_number = 0;

	table_fini(&file->names);
	file->names = TABLE_EMPTY;
	arena_empty(&file->arena);
	while (str_can_split(&rest, '\n', &text)) {
		number++;
		if (str_trim(text).n == 0 || str_trim(text).p[0] == '#')
			continue;
		if (is_continuation(text) && entry.n > 0) {
			entry.n = (size_t)(text.p + text.n - entry.p);
			continue;
		}
		if (entry.n > 0)
			add_entry(file, entry, entry_number);
		entry = text;
		entry_number = number;
	}
	if (entry.n > 0)
		add_entry(file, entry, entry_number);
}

enum alias_result
alias_find(struct alias_file *file, struct str name, struct str *members_out, struct fail *why)
{
	struct arena scratch = ARENA_EMPTY;
	const struct str *members;
	bool has_changed;

	if (text_file_refresh(&file->file, &has_changed, why) == -1)
		return ALIAS_BROKEN;
	if (has_changed)
		index_entries(file);
	arena_init(&scratch);
	members = table_get(&file->names, fold(&scratch, name));
	arena_fini(&scratch);
	if (members == NULL)
		return ALIAS_UNKNOWN;
	*members_out = *members;
	return ALIAS_FOUND;
}

/* Up to the next comma that is not in quotes; a comment line between
 * continuation lines is not part of it. */
bool
alias_has_member(struct str *rest, struct arena *a, struct str *member_out)
{
	struct buf member = BUF_EMPTY;
	bool is_quoted = false, is_line_start = false, was_line_start;
	size_t i = 0;

	while (i < rest->n) {
		char c = rest->p[i++];

		was_line_start = is_line_start;
		is_line_start = c == '\n' || (is_line_start && (c == ' ' || c == '\t'));
		if (c == '"')
			is_quoted = !is_quoted;
		else if (c == '\\' && is_quoted && i < rest->n)
			buf_add_byte(&member, rest->p[i++]);
		else if (c == '#' && !is_quoted && was_line_start) {
			while (i < rest->n && rest->p[i] != '\n')
				i++;
		} else if (c == ',' && !is_quoted) {
			if (str_trim(buf_str(&member)).n > 0)
				break;
		} else
			buf_add_byte(&member, c);
	}
	*rest = str_from(*rest, i);
	*member_out = arena_str(a, str_trim(buf_str(&member)));
	buf_fini(&member);
	return member_out->n > 0;
}
