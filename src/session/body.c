/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Where the bytes of an unfinished message are.  Knows no protocol and no
 * recipient. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/log.h"
#include "ipc/wire.h"
#include "session/body.h"

void
body_init(struct body *b, enum data_mode mode, uint64_t limit, struct body_budget *budget)
{
	memset(b, 0, sizeof *b);
	data_init(&b->data, mode);
	b->bytes = BUF_EMPTY;
	b->fd = -1;
	b->limit = limit;
	b->budget = budget;
}

/* Gives the memory back; the rest of the message is only counted. */
static void
drop(struct body *b)
{
	b->budget->used -= b->size;
	b->size = 0;
	buf_fini(&b->bytes);
	file_close(&b->fd);
}

void
body_fini(struct body *b)
{
	if (b->budget == NULL)
		return;
	drop(b);
	b->budget = NULL;
}

static void
refuse(struct body *b, struct answer answer)
{
	if (b->answer.class == FAIL_NONE)
		b->answer = answer;
	drop(b);
}

static void
refuse_for(struct body *b, const struct fail *why)
{
	log_error("cannot keep a message: %s", why->log);
	if (why->class == FAIL_TEMP && why->subject == 3 && why->detail == 1)
		refuse(b, ANSWER_FAIL(FAIL_TEMP, 3, 1, "No memory for the message"));
	else
		refuse(b, ANSWER_FAIL(FAIL_OURS, 3, 0, "Cannot keep the message"));
}

/* What is in memory goes to the memfd. */
static void
spill(struct body *b)
{
	struct fail why = FAIL_EMPTY;

	if (b->fd == -1) {
		b->fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (b->fd == -1) {
			fail_errno(&why, errno, "memfd_create", "message");
			refuse_for(b, &why);
			return;
		}
	}
	if (file_write_all(b->fd, buf_str(&b->bytes), "message", &why) == -1) {
		refuse_for(b, &why);
		return;
	}
	buf_clear(&b->bytes);
}

static void
check(struct body *b)
{
	if (b->limit != 0 && b->data.wire_size > b->limit)
		refuse(b, ANSWER_FAIL(FAIL_PERM, 3, 4, "Message too large"));
	else if (b->budget->used > b->budget->limit)
		refuse(b, ANSWER_FAIL(FAIL_TEMP, 3, 1, "Too many messages at once"));
	else if (b->bytes.n > WIRE_INLINE_MAX)
		spill(b);
}

static void
count(struct body *b, uint64_t n)
{
	b->size += n;
	b->budget->used += n;
}

void
body_add_trace(struct body *b, struct str trace)
{
	buf_add_str(&b->bytes, trace);
	count(b, trace.n);
}

size_t
body_take(struct body *b, struct str in)
{
	uint64_t before = b->data.size;
	bool is_kept = b->answer.class == FAIL_NONE;
	size_t used = data_take(&b->data, in, is_kept ? &b->bytes : NULL);

	if (is_kept) {
		count(b, b->data.size - before);
		check(b);
	}
	return used;
}

bool
body_is_ended(const struct body *b)
{
	return data_is_ended(&b->data);
}

void
body_end(struct body *b)
{
	uint64_t before = b->data.size;

	if (b->answer.class != FAIL_NONE)
		return;
	data_end(&b->data, &b->bytes);
	count(b, b->data.size - before);
	check(b);
}

void
body_seal(struct body *b)
{
	struct fail why = FAIL_EMPTY;

	if (b->answer.class != FAIL_NONE || b->fd == -1)
		return;
	if (b->bytes.n > 0)
		spill(b);
	/* Whoever maps it may trust that it neither shrinks nor changes. */
	if (b->fd != -1 && fcntl(b->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
	    F_SEAL_SEAL) == -1) {
		fail_errno(&why, errno, "seal", "message");
		refuse_for(b, &why);
	}
}
