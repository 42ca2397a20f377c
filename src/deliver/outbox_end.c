/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Rows that go: the record that ends them, with the report to the sender in
 * the same one, so that neither is without the other.  Does not decide which. */

#include <fcntl.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "deliver/outbox_private.h"
#include "deliver/outbox_report.h"
#include "mail/path.h"
#include "mail/report.h"
#include "store/outbox.h"

#define NOTIFY_NEVER 1
#define BODY_8BIT 1
/* Of a file, that a report may return. */
#define ORIGINAL_MAX (REPORT_WHOLE_MAX + 1)
/* After a batch that was not written, or a report that could not be. */
#define RETRY CLOCK_SECOND

struct ending {
	STAILQ_ENTRY(ending) entry;
	struct outbox *outbox;
	struct entry *row;
	struct arena arena; /* of all below */
	struct str file;    /* the row's, to be removed after it; or empty */
	bool has_report;
	struct disk_outgoing report;
	struct str text; /* of a report that goes into a file */
	struct str trace_id;
	uint64_t seq; /* of its record, while that is written */
	struct fail why;
	struct watch again;
};

static void
free_ending(struct ending *ending)
{
	loop_unwatch(&ending->again);
	ending->outbox->ends--;
	arena_fini(&ending->arena);
	free(ending);
}

/* ---- the log ---- */

static void
tell(const struct entry *entry, const struct disk_outbox_row *row, const struct outcome *outcome)
{
	struct buf line = BUF_LIMIT(LOG_LINE_MAX);

	buf_add_cstr(&line, "outgoing");
	log_pair_number(&line, "id", (int64_t)entry->id);
	log_pair(&line, "cause", row->cause);
	log_pair(&line, "user", row->user);
	log_pair(&line, "from", row->sender);
	log_pair(&line, "to", row->recipient);
	log_pair(&line, "delivery", row->trace_id);
	log_pair(&line, "remote", outcome->remote);
	log_pair(&line, "dsn", outcome->status);
	log_pair(&line, "reply", outcome->reply);
	log_pair(&line, "result", outcome->class == FAIL_NONE ? STR("sent")
	    : outcome->is_deleted ? STR("deleted")
	    : outcome->is_expired ? STR("expired") : STR("refused"));
	/* Those that failed for now, and this one. */
	log_pair_number(&line, "attempts",
	    (int64_t)row->attempts + !(outcome->is_expired || outcome->is_deleted));
	log_line(outcome->class == FAIL_NONE ? LOG_L_INFO : LOG_L_WARN, buf_str(&line));
	buf_fini(&line);
}

/* ---- the report ---- */

/* The text, or as much of a file's as a report can return. */
static struct str
read_original(struct ending *ending, const struct disk_outbox_row *row)
{
	const char *dir = store_dir(ending->outbox->deliver->store);
	struct str original = STR_EMPTY;
	size_t n = row->size < ORIGINAL_MAX ? (size_t)row->size : ORIGINAL_MAX;
	struct fail why;
	char *room;
	int fd = -1;

	if (row->file.n == 0)
		return row->text;
	room = arena_alloc(&ending->arena, n);
	if (outbox_open(dir, row->file, &fd, &why) == 0 &&
	    file_pread_all(fd, room, n, 0, dir, &why) == 0)
		original = (struct str){ room, n };
	else
		log_error("outgoing message %llu is reported without its header: %s",
		    (unsigned long long)ending->row->id, why.log);
	file_close(&fd);
	return original;
}

static struct disk_outgoing
make_report_row(struct ending *ending, const struct disk_outbox_row *row, struct str to,
    struct str text)
{
	struct arena *a = &ending->arena;

	return (struct disk_outgoing){
		.cause = STR("dsn"), .user = arena_str(a, row->user),
		/* RFC 3461 6.2: from <>, and never reported itself. */
		.recipient = arena_str(a, to), .notify = NOTIFY_NEVER,
		.body_type = path_is_ascii(text) ? 0 : BODY_8BIT,
		.smtputf8 = !path_is_ascii(row->sender), .requiretls = row->requiretls,
		.expires = clock_wall() + ending->outbox->deliver->conf->outbox_lifetime,
		.size = text.n,
	};
}

static void
make_report(struct ending *ending, const struct disk_outbox_row *row,
    const struct outcome *outcome)
{
	struct buf text = BUF_EMPTY, to = BUF_EMPTY, name = BUF_EMPTY;
	struct outbox_report report = {
		.id = ending->row->id,
		.row = row,
		.original = read_original(ending, row),
		.is_failed = outcome->class != FAIL_NONE,
		.is_expired = outcome->is_expired,
		/* RFC 3464 E.1: 4.x.x for what has failed for now too often. */
		.status = outcome->status,
		.remote = outcome->remote,
		.reply = outcome->reply,
		.now = clock_wall(),
		.hostname = str_of(ending->outbox->deliver->conf->hostname),
	};

	outbox_report_add_recipient(&to, &report);
	outbox_report_add(&text, &report);
	ending->has_report = true;
	ending->report = make_report_row(ending, row, buf_str(&to), buf_str(&text));
	if (text.n > OUTBOX_TEXT_MAX) {
		outbox_add_name(&name);
		ending->report.file = arena_str(&ending->arena, buf_str(&name));
		ending->text = arena_str(&ending->arena, buf_str(&text));
	} else
		ending->report.head = arena_str(&ending->arena, buf_str(&text));
	buf_fini(&name);
	buf_fini(&to);
	buf_fini(&text);
}

/* ---- into the next batch ---- */

static void
kick_commit(void *arg)
{
	struct outbox *o = arg;

	commit_kick(o->deliver->commit);
}

static void
make_ready(struct ending *ending)
{
	struct outbox *o = ending->outbox;

	STAILQ_INSERT_TAIL(&o->ready, ending, entry);
	if (!loop_is_set(&o->done_timer))
		loop_timer(o->deliver->loop, &o->done_timer, OUTBOX_DONE_DELAY, kick_commit, o);
}

static void
write_report(void *arg)
{
	struct ending *ending = arg;
	const char *dir = store_dir(ending->outbox->deliver->store);

	ending->why = FAIL_EMPTY;
	if (outbox_write(dir, ending->report.file, &ending->text, 1, &ending->why) == 0)
		(void)outbox_sync(dir, &ending->why);
}

static void report_written(void *arg);

static void
write_again(void *arg)
{
	struct ending *ending = arg;

	outbox_unlink(store_dir(ending->outbox->deliver->store), ending->report.file);
	pool_run(ending->outbox->deliver->sync_pool, write_report, report_written, ending);
}

static void
report_written(void *arg)
{
	struct ending *ending = arg;

	if (ending->why.class == FAIL_NONE) {
		make_ready(ending);
		return;
	}
	log_error("a report on outgoing message %llu is tried again: %s",
	    (unsigned long long)ending->row->id, ending->why.log);
	loop_timer(ending->outbox->deliver->loop, &ending->again, 10 * RETRY, write_again, ending);
}

void
outbox_end(struct outbox *o, struct entry *entry, const struct disk_outbox_row *row,
    const struct outcome *outcome)
{
	struct ending *ending = xcalloc(1, sizeof *ending);

	BUG_ON(entry->state == ENTRY_ENDS);
	entry->state = ENTRY_ENDS;
	ending->outbox = o;
	ending->row = entry;
	arena_init(&ending->arena);
	ending->file = arena_str(&ending->arena, row->file);
	ending->trace_id = arena_str(&ending->arena, row->trace_id);
	o->ends++;
	tell(entry, row, outcome);
	if (!outcome->is_deleted &&
	    outbox_report_is_wanted(row, outcome->class != FAIL_NONE, outcome->is_dsn_passed))
		make_report(ending, row, outcome);
	if (ending->report.file.n > 0)
		pool_run(o->deliver->sync_pool, write_report, report_written, ending);
	else
		make_ready(ending);
}

bool
outbox_has_ready(const struct outbox *o)
{
	return !STAILQ_EMPTY(&o->ready);
}

/* All that end without a report, in one record. */
static int
prepare_silent(struct outbox *o, struct store_batch *batch, uint64_t *seq_out, struct fail *why)
{
	struct endings rest = STAILQ_HEAD_INITIALIZER(rest), taken = STAILQ_HEAD_INITIALIZER(taken);
	struct disk_delivery record = { .received = clock_wall() };
	struct ending *ending;
	int rc = 0;

	record.done.at = xcalloc(OUTBOX_DONE_MAX, sizeof *record.done.at);
	while ((ending = STAILQ_FIRST(&o->ready)) != NULL) {
		STAILQ_REMOVE_HEAD(&o->ready, entry);
		if (ending->has_report || record.done.n == OUTBOX_DONE_MAX) {
			STAILQ_INSERT_TAIL(&rest, ending, entry);
			continue;
		}
		record.done.at[record.done.n++].id = ending->row->id;
		STAILQ_INSERT_TAIL(&taken, ending, entry);
	}
	if (record.done.n > 0)
		rc = store_prepare(batch, &record, seq_out, why);
	STAILQ_CONCAT(rc == 0 ? &o->writing : &o->ready, &taken);
	STAILQ_CONCAT(&o->ready, &rest);
	free(record.done.at);
	return rc;
}

static int
prepare_one(struct outbox *o, struct store_batch *batch, uint64_t *seq_out, struct fail *why)
{
	struct ending *ending = STAILQ_FIRST(&o->ready);
	struct disk_done done = { .id = ending->row->id };
	struct disk_delivery record = { .received = clock_wall(), .trace_id = ending->trace_id };

	record.outgoing.at = &ending->report;
	record.outgoing.n = 1;
	record.done.at = &done;
	record.done.n = 1;
	if (store_prepare(batch, &record, seq_out, why) == -1)
		return -1;
	ending->seq = *seq_out;
	STAILQ_REMOVE_HEAD(&o->ready, entry);
	STAILQ_INSERT_TAIL(&o->writing, ending, entry);
	return 0;
}

uint64_t
outbox_prepare(struct outbox *o, struct store_batch *batch)
{
	struct fail why;
	uint64_t seq = 0;
	size_t count = 0;

	BUG_ON(!STAILQ_EMPTY(&o->writing));
	/* A full journal takes them later; they are what makes rows go. */
	if (prepare_silent(o, batch, &seq, &why) == -1)
		return seq;
	while (count++ < OUTBOX_DONE_MAX && outbox_has_ready(o) &&
	    STAILQ_FIRST(&o->ready)->has_report && prepare_one(o, batch, &seq, &why) == 0)
		continue;
	return seq;
}

static void
finish(struct ending *ending)
{
	struct outbox *o = ending->outbox;

	if (ending->file.n > 0)
		outbox_unlink(store_dir(o->deliver->store), ending->file);
	outbox_forget(o, ending->row);
	if (ending->has_report)
		outbox_add(o, format_outbox_id(ending->seq, 0), ending->report.expires);
	free_ending(ending);
}

void
outbox_committed(struct outbox *o, bool is_written)
{
	struct ending *ending;

	if (!is_written) {
		STAILQ_CONCAT(&o->writing, &o->ready);
		STAILQ_CONCAT(&o->ready, &o->writing);
	}
	while ((ending = STAILQ_FIRST(&o->writing)) != NULL) {
		STAILQ_REMOVE_HEAD(&o->writing, entry);
		finish(ending);
	}
	if (outbox_has_ready(o) && !loop_is_set(&o->done_timer))
		loop_timer(o->deliver->loop, &o->done_timer, is_written ? OUTBOX_DONE_DELAY : RETRY,
		    kick_commit, o);
}

void
outbox_free_endings(struct outbox *o)
{
	struct ending *ending;

	STAILQ_CONCAT(&o->ready, &o->writing);
	while ((ending = STAILQ_FIRST(&o->ready)) != NULL) {
		STAILQ_REMOVE_HEAD(&o->ready, entry);
		free_ending(ending);
	}
}
