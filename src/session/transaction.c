/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The books of one transaction: who gets a copy, through whom, and what came
 * of it.  Asks nobody and writes no reply. */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "session/transaction.h"

void
transaction_fini(struct transaction *t)
{
	size_t i;

	for (i = 0; i < t->recipient_count; i++)
		free(t->recipients[i].deliveries);
	free(t->recipients);
	free(t->deliveries);
	free(t->jobs);
	table_fini(&t->merged);
	body_fini(&t->body);
	arena_fini(&t->arena);
	memset(t, 0, sizeof *t);
}

void
transaction_begin(struct transaction *t, const struct command *mail)
{
	transaction_fini(t);
	arena_init(&t->arena);
	t->merged = TABLE_EMPTY;
	t->sender = arena_str(&t->arena, mail->path.text);
	t->envid = arena_str(&t->arena, mail->envid);
	t->auth = arena_str(&t->arena, mail->auth);
	t->by = mail->by;
	t->is_by_traced = mail->is_by_traced;
	t->by_end = clock_wall() / CLOCK_SECOND + mail->by_seconds;
	t->size = mail->size;
	t->ret = mail->ret;
	t->body_type = mail->body;
	t->is_utf8 = mail->is_utf8;
}

/* ---- recipients ---- */

/* Two deliveries with the same key are one copy. */
static void
add_key(struct buf *key, const struct rec_target *target, struct str mailbox, struct str detail)
{
	const struct str parts[] = { target->owner, target->user, mailbox, detail };
	size_t i;

	for (i = 0; i < sizeof parts / sizeof *parts; i++) {
		buf_add(key, &parts[i].n, sizeof parts[i].n);
		buf_add_str(key, parts[i]);
	}
}

static size_t
find_delivery(struct transaction *t, struct str key)
{
	const char *at = table_get(&t->merged, key);

	/* The value is the index, plus one, as a pointer that is never read. */
	return at == NULL ? t->delivery_count : (size_t)(uintptr_t)at - 1;
}

static void
new_delivery(struct transaction *t, const struct command *rcpt, const struct recipient *recipient,
    const struct rec_target *target, struct str key)
{
	struct delivery *d;

	XGROW(t->deliveries, t->delivery_cap, t->delivery_count + 1);
	d = &t->deliveries[t->delivery_count++];
	memset(d, 0, sizeof *d);
	d->owner = arena_str(&t->arena, target->owner);
	d->user = arena_str(&t->arena, target->user);
	d->uid = target->uid;
	d->address = recipient->address;
	d->orcpt = arena_str(&t->arena, rcpt->orcpt);
	d->orcpt_type = arena_str(&t->arena, rcpt->orcpt_type);
	d->mailbox = arena_str(&t->arena, rcpt->mailbox);
	d->notify = rcpt->notify;
	table_put(&t->merged, key, (void *)(uintptr_t)t->delivery_count);
}

void
transaction_add(struct transaction *t, const struct command *rcpt, struct str detail,
    const struct rec_target *targets, size_t count)
{
	struct buf key = BUF_EMPTY;
	struct recipient *r;
	size_t i, at;

	XGROW(t->recipients, t->recipient_cap, t->recipient_count + 1);
	r = &t->recipients[t->recipient_count++];
	r->address = arena_str(&t->arena, rcpt->path.text);
	r->deliveries = xcalloc(count, sizeof *r->deliveries);
	r->delivery_count = count;
	for (i = 0; i < count; i++) {
		buf_clear(&key);
		add_key(&key, &targets[i], rcpt->mailbox, detail);
		at = find_delivery(t, buf_str(&key));
		if (at == t->delivery_count)
			new_delivery(t, rcpt, r, &targets[i], buf_str(&key));
		r->deliveries[i] = at;
	}
	buf_fini(&key);
}

/* ---- jobs ---- */

/* base/pack.h: two numbers of 4 bytes, five strings with their lengths. */
static size_t
packed_size(const struct delivery *d)
{
	return 7 * 4 + d->address.n + d->orcpt.n + d->orcpt_type.n + d->user.n + d->mailbox.n;
}

static struct job *
job_for(struct transaction *t, const struct delivery *d)
{
	size_t need = packed_size(d);
	struct job *j;
	size_t i;

	/* The newest first: an earlier job of the same owner is full. */
	for (i = t->job_count; i > 0; i--)
		if (str_is_equal(t->jobs[i - 1].owner, d->owner))
			break;
	if (i > 0 && t->jobs[i - 1].bytes + need <= TRANSACTION_JOB_BYTES)
		return &t->jobs[i - 1];
	XGROW(t->jobs, t->job_cap, t->job_count + 1);
	j = &t->jobs[t->job_count++];
	memset(j, 0, sizeof *j);
	j->owner = d->owner;
	j->uid = d->uid;
	j->can_acknowledge = true;
	return j;
}

static void
fill_message(struct transaction *t, struct job *j, const struct transaction_client *client,
    size_t trace_len)
{
	struct msg_SESSION_GIVES_JOB *m = &j->message;
	size_t n = m->recipients.n;

	m->recipients.at = arena_array(&t->arena, n, sizeof *m->recipients.at);
	m->recipients.n = 0;
	m->trace_id = t->trace_id;
	m->sender = t->sender;
	m->envid = t->envid;
	m->auth = t->auth;
	m->by = (uint8_t)t->by;
	m->is_by_traced = t->is_by_traced;
	m->by_end = t->by_end;
	m->ret = (uint8_t)t->ret;
	m->body_type = (uint8_t)t->body_type;
	m->smtputf8 = t->is_utf8;
	m->trace_len = (uint32_t)trace_len;
	m->client = client->literal;
	m->helo = client->helo;
	m->size = t->body.size;
	m->fd = t->body.fd;
	m->body = t->body.fd == -1 ? buf_str(&t->body.bytes) : STR_EMPTY;
}

static void
add_recipient(struct job *j, const struct delivery *d, size_t index)
{
	j->message.recipients.at[j->message.recipients.n++] = (struct rec_recipient){
		.index = (uint32_t)index,
		.address = d->address,
		.orcpt = d->orcpt,
		.orcpt_type = d->orcpt_type,
		.user = d->user,
		.mailbox = d->mailbox,
		.notify = d->notify,
	};
}

void
transaction_make_jobs(struct transaction *t, const struct transaction_client *client,
    size_t trace_len)
{
	size_t i;

	for (i = 0; i < t->delivery_count; i++) {
		struct delivery *d = &t->deliveries[i];
		struct job *j = job_for(t, d);

		j->bytes += packed_size(d);
		j->message.recipients.n++;
		d->job = (size_t)(j - t->jobs);
		/* What deliver does not name in its answer was not delivered. */
		d->answer = ANSWER_FAIL(FAIL_OURS, 3, 0, "Delivery gave no answer");
	}
	for (i = 0; i < t->job_count; i++)
		fill_message(t, &t->jobs[i], client, trace_len);
	for (i = 0; i < t->delivery_count; i++)
		add_recipient(&t->jobs[t->deliveries[i].job], &t->deliveries[i], i);
}

/* ---- outcomes ---- */

void
transaction_take_outcomes(struct transaction *t, size_t job, const struct answer *all,
    const struct rec_outcome *outcomes, size_t count)
{
	size_t i;

	for (i = 0; all->class != FAIL_NONE && i < t->delivery_count; i++) {
		if (t->deliveries[i].job != job)
			continue;
		t->deliveries[i].answer = *all;
		t->deliveries[i].answer.text = arena_str(&t->arena, all->text);
	}
	for (i = 0; i < count; i++) {
		const struct rec_outcome *o = &outcomes[i];

		/* Not ours to believe: a delivery of another job. */
		if (o->index >= t->delivery_count || t->deliveries[o->index].job != job)
			continue;
		t->deliveries[o->index].answer = answer_of(o->class, o->subject, o->detail,
		    arena_str(&t->arena, o->text));
		t->deliveries[o->index].answer.is_utf8 = t->is_utf8;
	}
}

struct answer
transaction_answer(const struct transaction *t, size_t recipient)
{
	const struct recipient *r = &t->recipients[recipient];
	struct answer worst = t->deliveries[r->deliveries[0]].answer;
	size_t i;

	for (i = 1; i < r->delivery_count; i++) {
		const struct delivery *d = &t->deliveries[r->deliveries[i]];

		if (answer_is_worse(&d->answer, &worst))
			worst = d->answer;
	}
	return worst;
}

void
transaction_settle(struct transaction *t)
{
	size_t i, k;

	for (i = 0; i < t->recipient_count; i++) {
		const struct recipient *r = &t->recipients[i];

		if (transaction_answer(t, i).class == FAIL_NONE)
			continue;
		for (k = 0; k < r->delivery_count; k++) {
			const struct delivery *d = &t->deliveries[r->deliveries[k]];

			if (d->answer.class == FAIL_NONE)
				t->jobs[d->job].can_acknowledge = false;
		}
	}
}
