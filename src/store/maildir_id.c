/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Which folder has an id: the one that Dovecot has given it, which goes with
 * the folder when that is renamed.  Opens nothing but heads of files. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "mail/mutf7.h"
#include "store/maildir.h"

#define ID_SIZE ((size_t)32)
/* `3 V1700000000 N12 G<32 hex>`, and what else may stand there. */
#define HEAD_MAX ((size_t)512)

/* The first line of a file that may be there; false: there is none. */
static bool
has_head(int dir_fd, const char *path, char *head, struct str *out)
{
	struct stat st;
	int fd = openat(dir_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = -1;
	ptrdiff_t end;

	if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, head, HEAD_MAX);
	file_close(&fd);
	*out = (struct str){ head, n > 0 ? (size_t)n : 0 };
	end = str_find_byte(*out, '\n');
	if (end != -1)
		*out = str_sub(*out, 0, (size_t)end);
	return end != -1;
}

static bool
has_id(int root_fd, const char *folder, struct str id)
{
	struct buf path = BUF_LIMIT(4096);
	char bytes[HEAD_MAX];
	struct str head, word;
	bool has = false;

	buf_addf(&path, "%s/dovecot-uidlist", folder);
	if (has_head(root_fd, buf_cstr(&path), bytes, &head) && str_has_prefix(head, STR("3 ")))
		while (!has && str_can_split(&head, ' ', &word))
			has = str_has_prefix(word, STR("G")) &&
			    str_is_equal_nocase(str_from(word, 1), id);
	buf_fini(&path);
	return has;
}

static bool
is_hex(struct str id)
{
	size_t i;

	for (i = 0; i < id.n; i++)
		if (strchr("0123456789abcdefABCDEF", id.p[i]) == NULL || id.p[i] == '\0')
			return false;
	return id.n == ID_SIZE;
}

int
maildir_find_id(struct str root, struct str id, struct buf *name_out)
{
	struct buf path = BUF_EMPTY;
	const struct dirent *entry;
	unsigned left = MAILDIR_FOLDERS_MAX;
	DIR *dir = NULL;
	int found = 0;

	buf_add_str(&path, root);
	if (is_hex(id))
		dir = opendir(buf_cstr(&path));
	buf_fini(&path);
	if (dir == NULL)
		return 0;
	if (has_id(dirfd(dir), ".", id)) {
		buf_add_cstr(name_out, "INBOX");
		found = 1;
	}
	while (found == 0 && left > 0 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.' || entry->d_name[1] == '\0' || entry->d_name[1] == '.')
			continue;
		left--;
		found = has_id(dirfd(dir), entry->d_name, id) &&
		    mutf7_is_decoded(name_out, str_of(entry->d_name + 1));
	}
	closedir(dir);
	return found;
}
