/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Asks deliver and waits for its answer.  Knows no question's meaning. */

#include "filter/ask.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"

/* A message that came while an answer was waited for. */
struct kept {
	TAILQ_ENTRY(kept) entry;
	struct buf packet;
	struct arena arena;
	enum msg m;
	union msg_any message;
};

struct asker {
	int fd;
	struct buf out;
	uint64_t last_id;
	unsigned count;
	bool is_over;
	struct kept *lent;
	TAILQ_HEAD(, kept) kept;
};

struct asker *
asker_new(int deliver_fd)
{
	struct asker *asker = xcalloc(1, sizeof *asker);

	asker->fd = deliver_fd;
	TAILQ_INIT(&asker->kept);
	return asker;
}

static void
forget(struct kept **kept)
{
	if (*kept == NULL)
		return;
	arena_fini(&(*kept)->arena);
	buf_fini(&(*kept)->packet);
	free(*kept);
	*kept = NULL;
}

void
asker_free(struct asker **asker_ptr)
{
	struct asker *asker = *asker_ptr;
	struct kept *kept;

	if (asker == NULL)
		return;
	while ((kept = TAILQ_FIRST(&asker->kept)) != NULL) {
		TAILQ_REMOVE(&asker->kept, kept, entry);
		forget(&kept);
	}
	forget(&asker->lent);
	buf_fini(&asker->out);
	free(asker);
	*asker_ptr = NULL;
}

void
asker_begin(struct asker *asker)
{
	if (asker != NULL)
		asker->count = 0;
}

/* NULL: deliver is gone. */
static struct kept *
receive(struct asker *asker)
{
	struct kept *kept = xcalloc(1, sizeof *kept);
	enum wire_result result;

	arena_init(&kept->arena);
	result = wire_recv_blocking(asker->fd, &kept->packet, &kept->arena, &kept->m,
	    &kept->message);
	if (result == WIRE_BROKEN) {
		log_error("deliver sent a malformed packet");
		exit(XALLOC_EXIT);
	}
	if (result == WIRE_CLOSED) {
		asker->is_over = true;
		forget(&kept);
	}
	return kept;
}

static void
take_text(const struct msg_DELIVER_TELLS *told, struct arena *a, struct str *text_out)
{
	struct fail why = FAIL_EMPTY;
	const char *p;
	int fd = told->fd;

	if (text_out != NULL && fd == -1)
		*text_out = arena_str(a, told->text);
	if (text_out != NULL && fd != -1 && told->size > 0) {
		p = file_map(fd, (size_t)told->size, &why);
		if (p != NULL) {
			*text_out = arena_str(a, (struct str){ p, (size_t)told->size });
			file_unmap(p, (size_t)told->size);
		}
	}
	file_close(&fd);
}

/* Waits for the answer to this question; its file is the caller's if there is
 * a place for it. */
static enum filter_answer
wait_for(struct asker *asker, uint64_t id, struct arena *a, struct str *text_out, int *fd_out)
{
	enum filter_answer answer = FILTER_IN_DOUBT;
	struct kept *kept;

	while ((kept = receive(asker)) != NULL) {
		if (kept->m != MSG_DELIVER_TELLS) {
			TAILQ_INSERT_TAIL(&asker->kept, kept, entry);
			continue;
		}
		if (kept->message.DELIVER_TELLS.id == id &&
		    kept->message.DELIVER_TELLS.answer <= FILTER_LATER)
			answer = (enum filter_answer)kept->message.DELIVER_TELLS.answer;
		if (fd_out != NULL) {
			*fd_out = kept->message.DELIVER_TELLS.fd;
			kept->message.DELIVER_TELLS.fd = -1;
		}
		take_text(&kept->message.DELIVER_TELLS, a, text_out);
		break;
	}
	forget(&kept);
	return answer;
}

/* question: with last_id as its id. */
static enum filter_answer
ask(struct asker *asker, enum msg m, const void *question, struct arena *a, struct str *text_out,
    int *fd_out)
{
	if (asker->is_over)
		return FILTER_IN_DOUBT;
	if (wire_send_blocking(asker->fd, m, question, &asker->out) != WIRE_OK) {
		asker->is_over = true;
		return FILTER_IN_DOUBT;
	}
	return wait_for(asker, asker->last_id, a, text_out, fd_out);
}

enum filter_answer
asker_ask(struct asker *asker, const struct msg_FILTER_ASKS *question, struct arena *a,
    struct str *text_out)
{
	struct msg_FILTER_ASKS asked = *question;
	enum filter_answer answer;

	if (text_out != NULL)
		*text_out = STR_EMPTY;
	if (asker == NULL)
		return FILTER_NO;
	if (asker->count++ >= FILTER_QUESTIONS_MAX)
		return FILTER_IN_DOUBT;
	asked.id = ++asker->last_id;
	answer = ask(asker, MSG_FILTER_ASKS, &asked, a, text_out, NULL);
	return answer == FILTER_LATER ? FILTER_IN_DOUBT : answer;
}

enum filter_answer
asker_ask_program(struct asker *asker, const struct msg_FILTER_ASKS_PROGRAM *question,
    struct arena *a, struct str *text_out)
{
	struct msg_FILTER_ASKS_PROGRAM asked = *question;

	*text_out = STR_EMPTY;
	if (asker == NULL || asker->count++ >= FILTER_QUESTIONS_MAX)
		return FILTER_IN_DOUBT;
	asked.id = ++asker->last_id;
	return ask(asker, MSG_FILTER_ASKS_PROGRAM, &asked, a, text_out, NULL);
}

int
asker_take_space(struct asker *asker, size_t size)
{
	struct msg_FILTER_ASKS question = { .kind = FILTER_ASKS_SPACE, .size = size };
	int fd = -1;

	if (asker == NULL)
		return -1;
	question.id = ++asker->last_id;
	if (ask(asker, MSG_FILTER_ASKS, &question, NULL, NULL, &fd) == FILTER_YES)
		return fd;
	file_close(&fd);
	return -1;
}

bool
asker_has_kept(struct asker *asker, enum msg *m_out, const union msg_any **message_out)
{
	struct kept *kept = TAILQ_FIRST(&asker->kept);

	forget(&asker->lent);
	if (kept == NULL)
		return false;
	TAILQ_REMOVE(&asker->kept, kept, entry);
	asker->lent = kept;
	*m_out = kept->m;
	*message_out = &kept->message;
	return true;
}

bool
asker_is_over(const struct asker *asker)
{
	return asker->is_over;
}
