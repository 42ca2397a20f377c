/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Scripts that a script under test includes.  Knows nothing of Sieve. */

#include "cli/answer_filter.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"

static enum filter_answer
read_script(const char *path, uint64_t max, struct buf *out)
{
	struct buf text = BUF_LIMIT(max + 1);
	struct fail why = FAIL_EMPTY;
	enum filter_answer answer = FILTER_IN_DOUBT;
	int fd = -1;

	if (file_open(&fd, AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, &why) == -1)
		answer = why.errnum == ENOENT || why.errnum == ENOTDIR ? FILTER_NO : answer;
	else if (file_read_all(fd, &text, path, &why) == 0)
		answer = FILTER_YES;
	if (answer == FILTER_YES)
		buf_add_str(out, buf_str(&text));
	file_close(&fd);
	buf_fini(&text);
	return answer;
}

enum filter_answer
answer_filter(const struct conf *conf, const char *script_path,
    const struct msg_FILTER_ASKS *asked, struct buf *text_out)
{
	struct str script = str_of(script_path), name = asked->subject;
	ptrdiff_t slash = str_find_last_byte(script, '/');
	struct buf path = BUF_EMPTY;
	enum filter_answer answer;

	/* The engine has checked the name; this is a look at files all the same. */
	if (asked->kind != FILTER_ASKS_SCRIPT || str_find_byte(name, '/') != -1 ||
	    str_has_control(name) || str_has_prefix(name, STR(".")))
		return FILTER_NO;
	if (str_is_equal(asked->object, STR("global")))
		buf_addf(&path, "%s/", conf->sieve_global_dir);
	else
		buf_add_str(&path, str_sub(script, 0, slash == -1 ? 0 : (size_t)slash + 1));
	buf_addf(&path, "%.*s.sieve", STR_ARG(name));
	answer = read_script(buf_cstr(&path), (uint64_t)conf->sieve_max_script_size, text_out);
	buf_fini(&path);
	return answer;
}
