/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Rows to relay, and what it says of them.  Decides whether a row is tried
 * again; what becomes of one that is not is outbox_end.c's. */

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "deliver/outbox_private.h"
#include "store/outbox.h"

#define MINUTE (60 * CLOCK_SECOND)
/* While no remote can be reached: the first wait, then twice as long each time. */
#define PAUSE_MIN (CLOCK_SECOND / 4)
#define PAUSE_MAX (2 * MINUTE)

/* ---- put off ---- */

static struct reason *
find_reason(struct outbox *o, struct str remote, struct str reply)
{
	static const uint64_t key[2] = { 0, 0 };
	uint64_t hash = hash_sip13(key, remote) ^ 3 * hash_sip13(key, reply);
	struct reason *reason = &o->reasons[0];
	size_t i;

	for (i = 0; i < OUTBOX_REASONS; i++) {
		if (o->reasons[i].key == hash)
			return &o->reasons[i];
		if (o->reasons[i].told < reason->told)
			reason = &o->reasons[i];
	}
	*reason = (struct reason){ .key = hash };
	return reason;
}

static void
tell_put_off(struct outbox *o, struct str status, struct str remote, struct str reply)
{
	struct reason *reason = find_reason(o, remote, reply);
	struct buf line = BUF_LIMIT(LOG_LINE_MAX);

	reason->untold++;
	if (reason->told != 0 && clock_monotonic() - reason->told < MINUTE)
		return;
	buf_add_cstr(&line, "outgoing mail waits");
	log_pair_number(&line, "messages", (int64_t)reason->untold);
	log_pair(&line, "remote", remote.n > 0 ? remote : STR("none"));
	log_pair(&line, "dsn", status);
	log_pair(&line, "reply", reply);
	log_line(LOG_L_WARN, buf_str(&line));
	buf_fini(&line);
	reason->told = clock_monotonic();
	reason->untold = 0;
}

static void
put_off(struct outbox *o, struct entry *entry, struct disk_outbox_row *row,
    const struct outcome *outcome)
{
	const struct conf *conf = o->deliver->conf;
	int64_t now = clock_wall();

	row->attempts++;
	row->tried = now;
	row->status = outcome->status;
	row->remote = outcome->remote;
	row->reply = outcome->reply;
	row->next = now + outbox_backoff(conf->outbox_retry_min, conf->outbox_retry_max,
	    row->attempts, outbox_random(o));
	/* The last try is at its end, not after it. */
	if (row->next > row->expires)
		row->next = row->expires;
	store_outbox_tried(o->deliver->store, entry->id, row);
	tell_put_off(o, outcome->status, outcome->remote, outcome->reply);
	outbox_put_off(o, entry, row->next);
}

static void
fail_now(struct outbox *o, struct entry *entry, struct disk_outbox_row *row,
    const struct fail *why)
{
	const struct outcome outcome = { .class = FAIL_TEMP, .status = STR("4.3.0"),
		.reply = str_of(why->log) };

	put_off(o, entry, row, &outcome);
}

/* ---- to relay ---- */

static struct msg_DELIVER_GIVES_MAIL
make_mail(uint64_t id, const struct disk_outbox_row *row)
{
	return (struct msg_DELIVER_GIVES_MAIL){
		.id = id, .cause = row->cause, .trace_id = row->trace_id, .user = row->user,
		.sender = row->sender, .recipient = row->recipient, .envid = row->envid,
		.ret = row->ret, .notify = row->notify, .orcpt = row->orcpt, .by = row->by,
		.body_type = row->body_type, .smtputf8 = row->smtputf8,
		.requiretls = row->requiretls, .text = row->text, .size = row->size, .fd = -1,
	};
}

static int
send_mail(struct outbox *o, uint64_t id, const struct disk_outbox_row *row, struct fail *why)
{
	struct msg_DELIVER_GIVES_MAIL mail = make_mail(id, row);
	int fd = -1;

	if (row->file.n > 0) {
		if (outbox_open(store_dir(o->deliver->store), row->file, &fd, why) == -1)
			return -1;
		mail.text = STR_EMPTY;
	} else if (!wire_can_carry(MSG_DELIVER_GIVES_MAIL, &mail)) {
		if (file_sealed(row->text, &fd, why) == -1)
			return -1;
		mail.text = STR_EMPTY;
	}
	mail.fd = fd;
	if (!wire_can_carry(MSG_DELIVER_GIVES_MAIL, &mail)) {
		file_close(&fd);
		return fail_set(why, FAIL_OURS, 3, 0, 0, "", "its envelope is too large");
	}
	wire_send(o->deliver->relay, MSG_DELIVER_GIVES_MAIL, &mail);
	file_close(&fd);
	return 0;
}

static void
end_expired(struct outbox *o, struct entry *entry, const struct disk_outbox_row *row)
{
	/* RFC 3463: 4.4.7, delivery time expired; unless the remote said why. */
	const struct outcome outcome = {
		.class = FAIL_TEMP,
		.is_expired = true,
		.status = row->status.n > 0 ? row->status : STR("4.4.7"),
		.remote = row->remote,
		.reply = row->reply.n > 0 ? row->reply
		    : STR("it could not be handed on in the time that it had"),
	};

	outbox_end(o, entry, row, &outcome);
}

void
outbox_give(struct outbox *o, struct entry *entry)
{
	struct disk_outbox_row row;
	struct fail why;
	struct arena a;
	int rc;

	arena_init(&a);
	entry->state = ENTRY_IS_SENT;
	rc = store_outbox_get(o->deliver->store, entry->id, &a, &row, &why);
	if (rc == 1)
		outbox_forget(o, entry);
	else if (rc == -1) {
		log_error("outgoing message %llu: %s", (unsigned long long)entry->id, why.log);
		outbox_put_off(o, entry, clock_wall() + MINUTE);
	} else if (row.expires <= clock_wall() && row.attempts > 0)
		end_expired(o, entry, &row);
	else if (send_mail(o, entry->id, &row, &why) == -1)
		fail_now(o, entry, &row, &why);
	else
		o->sent++;
	arena_fini(&a);
}

void
outbox_expire(struct outbox *o)
{
	int64_t now = clock_wall();
	struct disk_outbox_row row;
	struct fail why;
	struct arena a;
	size_t i = 0;

	arena_init(&a);
	while (i < o->count) {
		struct entry *entry = o->heap[i];

		if (entry->expires > now ||
		    store_outbox_get(o->deliver->store, entry->id, &a, &row, &why) != 0) {
			i++;
			continue;
		}
		/* Another takes its place; one that slips by is met in a minute. */
		outbox_take_out(o, entry);
		end_expired(o, entry, &row);
		arena_empty(&a);
	}
	arena_fini(&a);
}

/* ---- from relay ---- */

static void
note_reached(struct outbox *o, const struct msg_RELAY_REPORTS_MAIL *report)
{
	int64_t pause;

	if (report->class != FAIL_TEMP || report->remote.n > 0) {
		o->pause = o->paused_until = 0;
		return;
	}
	/* Several were under way when the way broke: one wait for all. */
	if (clock_monotonic() < o->paused_until)
		return;
	pause = o->pause == 0 ? PAUSE_MIN : 2 * o->pause;
	o->pause = pause < PAUSE_MAX ? pause : PAUSE_MAX;
	o->paused_until = clock_monotonic() + o->pause;
}

static void
take_outcome(struct outbox *o, struct entry *entry, const struct msg_RELAY_REPORTS_MAIL *report,
    struct disk_outbox_row *row, struct arena *a)
{
	struct outcome outcome = {
		.class = (enum fail_class)report->class,
		.status = arena_printf(a, "%d.%d.%d",
		    report->class == FAIL_NONE ? 2 : report->class == FAIL_PERM ? 5 : 4,
		    report->subject, report->detail),
		.remote = str_sub(report->remote, 0, 255),
		.reply = str_sub(report->reply, 0, 1000),
		.is_dsn_passed = report->is_dsn_passed != 0,
	};

	if (report->class == FAIL_NONE || report->class == FAIL_PERM) {
		outbox_end(o, entry, row, &outcome);
		return;
	}
	outcome.class = FAIL_TEMP;
	if (row->expires > clock_wall()) {
		put_off(o, entry, row, &outcome);
		return;
	}
	row->attempts++;
	outcome.is_expired = true;
	outbox_end(o, entry, row, &outcome);
}

void
outbox_take_report(struct outbox *o, const struct msg_RELAY_REPORTS_MAIL *report)
{
	struct entry *entry = outbox_find(o, report->id);
	struct disk_outbox_row row;
	struct fail why;
	struct arena a;
	int rc;

	/* One that was taken back, or was never given. */
	if (entry == NULL || entry->state != ENTRY_IS_SENT)
		return;
	o->sent--;
	note_reached(o, report);
	arena_init(&a);
	rc = store_outbox_get(o->deliver->store, entry->id, &a, &row, &why);
	if (rc == 0)
		take_outcome(o, entry, report, &row, &a);
	else if (rc == 1)
		outbox_forget(o, entry);
	else {
		log_error("outgoing message %llu: %s", (unsigned long long)entry->id, why.log);
		outbox_put_off(o, entry, clock_wall() + MINUTE);
	}
	arena_fini(&a);
	outbox_kick(o);
	deliver_check_stop(o->deliver);
}
