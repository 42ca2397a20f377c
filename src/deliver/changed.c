/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Messages that scripts have changed, from filter's word to what a copy is
 * written from.  Believes filter nothing, and does not know what was changed. */

#include "deliver/changed.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "ipc/pieces.h"

/* Of made bytes that may stand in front of the whole message with its prefix. */
#define FRONT_MAX ((size_t)8 * 1024)

/* ---- what filter makes ---- */

uint64_t
changed_give_space(struct job *job, struct wire *wire, const struct msg_FILTER_ASKS *asked)
{
	struct msg_DELIVER_TELLS told = { .id = asked->id, .answer = FILTER_IN_DOUBT, .fd = -1 };
	struct fail why = FAIL_EMPTY;

	if (job != NULL && job->made_fd == -1 && asked->size > 0 && asked->size <= FILTER_MADE_MAX) {
		if (file_space((size_t)asked->size, &job->made_fd, &why) == 0)
			told.answer = FILTER_YES;
		else
			log_error("%.*s: %s", STR_ARG(job->trace_id), why.log);
		told.fd = job->made_fd;
	}
	wire_send(wire, MSG_DELIVER_TELLS, &told);
	return told.fd == -1 ? 0 : asked->size;
}

struct mapping {
	const char *p;
	size_t n;
};

static void
unmap(void *arg)
{
	struct mapping *mapping = arg;

	file_unmap(mapping->p, mapping->n);
}

static struct str
map_made(struct job *job, size_t n)
{
	struct mapping *mapping;
	struct fail why = FAIL_EMPTY;
	const char *p = NULL;

	/* Filter may have it mapped, or write on: then it is not sealed. */
	if (file_seal(job->made_fd, &why) == 0)
		p = file_map(job->made_fd, n, &why);
	if (p == NULL) {
		log_warn("%.*s: what filter made cannot be used: %s", STR_ARG(job->trace_id), why.log);
		return STR_EMPTY;
	}
	mapping = arena_zalloc(&job->arena, sizeof *mapping);
	*mapping = (struct mapping){ p, n };
	arena_on_free(&job->arena, unmap, mapping);
	return (struct str){ p, n };
}

struct str
changed_take_made(struct job *job, struct str made, uint64_t size)
{
	struct str taken = STR_EMPTY;

	if (made.n > 0)
		taken = arena_str(&job->arena, made);
	else if (size > 0 && size <= FILTER_MADE_MAX && job->made_fd != -1)
		taken = map_made(job, (size_t)size);
	file_close(&job->made_fd);
	return taken;
}

void
changed_take(struct job *job, const struct msg_FILTER_ANSWERS *answer)
{
	job->made = STR_EMPTY;
	if (answer != NULL)
		job->made = changed_take_made(job, answer->made, answer->made_size);
	file_close(&job->made_fd);
}

/* ---- what a copy is ---- */

/* A few fields in front of the whole message are as cheap as the prefix that
 * every copy has (RFC 5293 4: addheader puts them there). */
static bool
is_front(const struct job *job, const struct str *pieces, size_t n)
{
	return n == 2 && pieces[0].n <= FRONT_MAX && pieces[1].p == job->body.p &&
	    pieces[1].n == job->body.n;
}

static struct str
join(struct arena *a, const struct str *pieces, size_t n)
{
	size_t size = 0, i;
	char *p;

	for (i = 0; i < n; i++)
		size += pieces[i].n;
	p = arena_alloc(a, size);
	for (i = 0, size = 0; i < n; i++) {
		if (pieces[i].n > 0)
			memcpy(p + size, pieces[i].p, pieces[i].n);
		size += pieces[i].n;
	}
	return (struct str){ p, size };
}

int
changed_set(struct job *job, struct job_copy *copy, const struct rec_version *version)
{
	struct str pieces[FILTER_PIECES_MAX], front[2];
	size_t i, n = version->pieces.n;

	if (!pieces_are_found(version, job->body, job->made, pieces))
		return -1;
	copy->size = copy->prefix.n;
	copy->wire_size = copy->prefix.n + str_count_byte(copy->prefix, '\n');
	for (i = 0; i < n; i++) {
		copy->size += pieces[i].n;
		copy->wire_size += pieces[i].n + str_count_byte(pieces[i], '\n');
	}
	if (is_front(job, pieces, n)) {
		front[0] = copy->prefix;
		front[1] = pieces[0];
		copy->prefix = join(&job->arena, front, 2);
		return 0;
	}
	copy->is_changed = true;
	copy->pieces = arena_array(&job->arena, n, sizeof *copy->pieces);
	copy->piece_count = n;
	for (i = 0; i < n; i++)
		copy->pieces[i] = pieces[i];
	return 0;
}

/* ---- all copies ---- */

static bool
is_same(const struct job_copy *a, const struct job_copy *b)
{
	size_t i;

	if (a->piece_count != b->piece_count)
		return false;
	/* Made bytes of two versions are two places with the same bytes. */
	for (i = 0; i < a->piece_count; i++)
		if (a->pieces[i].p != b->pieces[i].p && !str_is_equal(a->pieces[i], b->pieces[i]))
			return false;
	for (i = 0; i < a->piece_count; i++)
		if (a->pieces[i].n != b->pieces[i].n)
			return false;
	return true;
}

/* The one that all copies are, or NULL. */
static const struct job_copy *
find_common(const struct job *job)
{
	const struct job_copy *first = NULL;
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; !job->rcpts[i].is_settled && j < job->rcpts[i].copy_count; j++) {
			const struct job_copy *copy = &job->rcpts[i].copies[j];

			if (!copy->is_changed || (first != NULL && !is_same(first, copy)))
				return NULL;
			first = copy;
		}
	return first;
}

void
changed_ease(struct job *job, uint64_t max)
{
	const struct job_copy *common = find_common(job);
	size_t i, j;

	if (common == NULL || common->size - common->prefix.n > max)
		return;
	job->stored = join(&job->arena, common->pieces, common->piece_count);
	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].copy_count; j++)
			job->rcpts[i].copies[j].is_changed = false;
}
