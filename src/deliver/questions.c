/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Answers for scripts: folders, special use, metadata, marks, lists, other
 * scripts.  Knows nothing of Sieve. */

#include "deliver/questions.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "deliver/deliver.h"
#include "ipc/actions.h"

/* What is being answered. */
struct question {
	struct deliver *d;
	const struct msg_FILTER_ASKS *asked;
	const struct job_rcpt *rcpt; /* NULL: nobody's */
	struct buf text;
};

void
questions_add_path(struct buf *out, const char *path, struct str home)
{
	struct str text = str_of(path);

	if (!str_has_prefix(text, STR("~/"))) {
		buf_add_str(out, text);
		return;
	}
	if (home.n == 0)
		return;
	buf_add_str(out, home);
	buf_add_str(out, str_from(text, 1));
}

/* ---- scripts ---- */

static enum filter_answer
answer_script(struct question *q)
{
	struct fail why = FAIL_EMPTY;
	bool is_global = str_is_equal(q->asked->object, STR("global"));

	switch (scripts_include(q->d->scripts, q->asked->script, is_global, q->asked->subject,
	    (uint64_t)q->d->conf->sieve_max_script_size, &q->text, &why)) {
	case SCRIPT_FOUND:
		return FILTER_YES;
	case SCRIPT_MISSING:
		return FILTER_NO;
	case SCRIPT_UNFIT:
		break;
	}
	log_info("%s", why.log);
	return FILTER_IN_DOUBT;
}

/* ---- folders ---- */

static bool
has_folder(const struct job_rcpt *rcpt, struct str name)
{
	struct buf path = BUF_EMPTY, canonical = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	struct stat st;
	bool is_there = false;

	if (maildir_path(rcpt->user->root, name, &path, &canonical, &why) == 0) {
		buf_add_cstr(&path, "/cur");
		/* RFC 5490 3.1: "exists and allows the user to file" */
		is_there = stat(buf_cstr(&path), &st) == 0 && S_ISDIR(st.st_mode) &&
		    access(buf_cstr(&path), W_OK) == 0;
	}
	buf_fini(&path);
	buf_fini(&canonical);
	/* The inbox is made by the first message. */
	return is_there || str_is_equal_nocase(name, STR("INBOX"));
}

static enum filter_answer
answer_mailbox(struct question *q)
{
	return has_folder(q->rcpt, q->asked->subject) ? FILTER_YES : FILTER_NO;
}

static enum filter_answer
answer_mailbox_id(struct question *q)
{
	return maildir_find_id(q->rcpt->user->root, q->asked->subject, &q->text) == 1 ? FILTER_YES
										      : FILTER_NO;
}

static struct str
without_backslash(struct str use)
{
	return str_has_prefix(use, STR("\\")) ? str_from(use, 1) : use;
}

/* A folder that is there, and whether its use is this. */
static bool
is_of_use(const struct job_rcpt *rcpt, struct str folder, struct str has, struct str wanted)
{
	return str_is_equal_nocase(without_backslash(has), without_backslash(wanted)) &&
	    has_folder(rcpt, folder);
}

struct str
questions_special_use(const struct job_rcpt *rcpt, struct str use, struct str named)
{
	static const char *const usual[] = { "Drafts", "Junk", "Sent", "Trash", "Archive" };
	const struct conf_list *list = &rcpt->job->deliver->conf->mailbox_special_use;
	size_t i, n = list->n > 0 ? list->n : sizeof usual / sizeof usual[0];
	struct str entry, has, first = STR_EMPTY;
	ptrdiff_t colon;

	for (i = 0; i < n; i++) {
		entry = str_of(list->n > 0 ? list->at[i] : usual[i]);
		colon = str_find_last_byte(entry, ':');
		has = colon == -1 ? entry : str_from(entry, (size_t)colon + 1);
		entry = str_sub(entry, 0, colon == -1 ? entry.n : (size_t)colon);
		if (!is_of_use(rcpt, entry, has, use))
			continue;
		if (str_is_equal_nocase(entry, named))
			return entry;
		first = first.n == 0 ? entry : first;
	}
	return first;
}

/* RFC 8579 3.1: in this folder, or in any. */
static enum filter_answer
answer_special_use(struct question *q)
{
	struct str named = q->asked->subject;
	struct str folder = questions_special_use(q->rcpt, q->asked->object, named);

	return folder.n > 0 && (named.n == 0 || str_is_equal_nocase(named, folder)) ? FILTER_YES
										    : FILTER_NO;
}

/* ---- files of the user ---- */

static enum filter_answer
read_lines(const char *path, struct buf *out)
{
	struct fail why = FAIL_EMPTY;
	struct stat st;
	int fd = -1;
	enum filter_answer answer = FILTER_IN_DOUBT;

	if (file_open(&fd, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &why) == -1)
		answer = why.errnum == ENOENT || why.errnum == ENOTDIR ? FILTER_NO : answer;
	else if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    file_read_all(fd, out, path, &why) == 0)
		answer = FILTER_YES;
	if (answer == FILTER_IN_DOUBT)
		log_info("a script asked for %s: %s", path,
		    why.class == FAIL_NONE ? "no regular file" : why.log);
	file_close(&fd);
	return answer;
}

/* Lines `folder TAB annotation TAB value`; the server's have no folder. */
static bool
find_annotation(const struct question *q, struct str lines, struct str *value_out)
{
	struct str rest = lines, line, folder, annotation;

	while (str_can_split(&rest, '\n', &line)) {
		if (!str_can_split(&line, '\t', &folder) || !str_can_split(&line, '\t', &annotation) ||
		    !str_is_equal_nocase(folder, q->asked->subject) ||
		    !str_is_equal_nocase(annotation, q->asked->object))
			continue;
		*value_out = line;
		return true;
	}
	return false;
}

static enum filter_answer
answer_metadata(struct question *q)
{
	struct buf path = BUF_EMPTY, lines = BUF_LIMIT(QUESTIONS_FILE_MAX);
	enum filter_answer answer = FILTER_NO;
	struct str value;

	questions_add_path(&path, q->d->conf->sieve_metadata, q->rcpt->user->home);
	if (path.n > 0)
		answer = read_lines(buf_cstr(&path), &lines);
	if (answer == FILTER_YES) {
		if (find_annotation(q, buf_str(&lines), &value))
			buf_add_str(&q->text, value);
		else
			answer = FILTER_NO;
	}
	buf_fini(&path);
	buf_fini(&lines);
	return answer;
}

/* `:addrbook:NAME` (RFC 6134 2.5), its long form, or a name. */
static struct str
list_name(struct str list)
{
	static const struct str prefixes[] = { { ":addrbook:", 10 },
		{ "urn:ietf:params:sieve:addrbook:", 31 } };
	size_t i;

	for (i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (str_has_prefix(list, prefixes[i]))
			return str_from(list, prefixes[i].n);
	return list;
}

static bool
has_line(struct str lines, struct str value)
{
	struct str rest = lines, line;

	while (str_can_split(&rest, '\n', &line)) {
		line = str_trim(line);
		if (line.n > 0 && line.p[0] != '#' && str_is_equal_nocase(line, value))
			return true;
	}
	return false;
}

static enum filter_answer
read_list(const struct question *q, struct buf *lines)
{
	struct str name = list_name(q->asked->subject);
	struct buf path = BUF_EMPTY;
	enum filter_answer answer = FILTER_NO;

	questions_add_path(&path, q->d->conf->sieve_lists, q->rcpt->user->home);
	if (path.n > 0 && name.n > 0 && name.n < 200 && name.p[0] != '.' &&
	    str_find_byte(name, '/') == -1 && !str_has_control(name)) {
		buf_addf(&path, "/%.*s", STR_ARG(name));
		answer = read_lines(buf_cstr(&path), lines);
	}
	buf_fini(&path);
	return answer;
}

static enum filter_answer
answer_list(struct question *q)
{
	struct buf lines = BUF_LIMIT(QUESTIONS_FILE_MAX);
	enum filter_answer answer = read_list(q, &lines);

	if (answer == FILTER_YES && q->asked->object.n > 0 &&
	    !has_line(buf_str(&lines), q->asked->object))
		answer = FILTER_NO;
	buf_fini(&lines);
	return answer;
}

static enum filter_answer
answer_members(struct question *q)
{
	struct buf lines = BUF_LIMIT(QUESTIONS_FILE_MAX);
	enum filter_answer answer = read_list(q, &lines);
	struct str rest = buf_str(&lines), line;

	while (answer == FILTER_YES && str_can_split(&rest, '\n', &line)) {
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		buf_add_str(&q->text, line);
		buf_add_byte(&q->text, '\n');
	}
	buf_fini(&lines);
	return answer;
}

/* ---- marks ---- */

void
questions_mark_key(struct deliver *d, struct str user, struct str id, unsigned char key[32])
{
	hash_sha256_begin(d->hash);
	hash_sha256_add_field(d->hash, STR("sieve mark"));
	hash_sha256_add_field(d->hash, user);
	hash_sha256_add_field(d->hash, id);
	hash_sha256_end(d->hash, key);
}

static enum filter_answer
answer_mark(struct question *q)
{
	unsigned char key[32];

	questions_mark_key(q->d, q->rcpt->user_name, q->asked->subject, key);
	return store_has_mark(q->d->store, key, q->rcpt->job->received) ? FILTER_YES : FILTER_NO;
}

/* ---- the answer ---- */

static enum filter_answer (*const answers[FILTER_QUESTION_COUNT])(struct question *q) = {
	[FILTER_ASKS_SCRIPT] = answer_script,
	[FILTER_ASKS_MAILBOX] = answer_mailbox,
	[FILTER_ASKS_MAILBOX_ID] = answer_mailbox_id,
	[FILTER_ASKS_SPECIAL_USE] = answer_special_use,
	[FILTER_ASKS_METADATA] = answer_metadata,
	[FILTER_ASKS_MARK] = answer_mark,
	[FILTER_ASKS_LIST] = answer_list,
	[FILTER_ASKS_MEMBERS] = answer_members,
};

static const struct job_rcpt *
find_rcpt(const struct job *job, struct str user)
{
	size_t i, end;

	if (job == NULL || user.n == 0)
		return NULL;
	end = job->asked_from + job->asked_count;
	for (i = job->asked_from; i < end; i++)
		if (!job->rcpts[i].is_settled && job->rcpts[i].user != NULL &&
		    str_is_equal(job->rcpts[i].user_name, user))
			return &job->rcpts[i];
	return NULL;
}

void
questions_tell(struct wire *wire, uint64_t id, enum filter_answer answer, struct str text)
{
	struct msg_DELIVER_TELLS told = { .id = id, .answer = (uint8_t)answer, .fd = -1,
		.size = text.n };
	struct fail why = FAIL_EMPTY;
	int fd = -1;

	if (text.n <= WIRE_INLINE_MAX) {
		told.text = text;
	} else if (file_sealed(text, &fd, &why) == -1) {
		log_error("an answer for a script: %s", why.log);
		told.answer = FILTER_IN_DOUBT;
	}
	told.fd = fd;
	wire_send(wire, MSG_DELIVER_TELLS, &told);
	file_close(&fd);
}

void
questions_answer(struct deliver *d, const struct job *job, struct wire *wire,
    const struct msg_FILTER_ASKS *asked)
{
	struct question q = { .d = d, .asked = asked, .rcpt = find_rcpt(job, asked->user),
		.text = BUF_EMPTY };
	enum filter_answer answer = FILTER_IN_DOUBT;

	if (asked->kind < FILTER_QUESTION_COUNT && answers[asked->kind] != NULL &&
	    (asked->kind == FILTER_ASKS_SCRIPT || q.rcpt != NULL))
		answer = answers[asked->kind](&q);
	questions_tell(wire, asked->id, answer, buf_str(&q.text));
	buf_fini(&q.text);
}
