/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The queue of outgoing mail against a relay that is played here: what it is
 * given, and what its reports make of the rows. */
#include "store_setup.h"

#include <sys/socket.h>

#include "base/file.h"
#include "deliver/deliver.h"
#include "deliver/outbox_private.h"
#include "deliver/outbox_report.h"
#include "ipc/actions.h"
#include "store/outbox.h"

#define PATIENCE (5 * CLOCK_SECOND)
#define MAILS 100

/* A mail that the relay has got. */
struct mail {
	uint64_t id;
	struct str sender, recipient, cause, text, orcpt;
	uint32_t notify;
	uint8_t smtputf8;
};

struct world {
	struct setup setup;
	struct deliver deliver;
	struct wire *relay; /* the other end of deliver.relay */
	struct watch timer;
	int64_t until;
	bool (*is_done)(struct world *w);
	struct mail mails[MAILS];
	size_t count;	 /* of mails */
	size_t wanted;
	bool is_silent;	 /* does not report */
	struct msg_RELAY_REPORTS_MAIL report; /* what it says of each */
	size_t with_relay, most;
};

/* Of main.c, which no test links. */
void
deliver_check_stop(struct deliver *d)
{
	(void)d;
}

/* ---- the relay ---- */

static struct str
read_mail(struct world *w, const union msg_any *any)
{
	const struct msg_DELIVER_GIVES_MAIL *m = &any->DELIVER_GIVES_MAIL;
	struct arena *a = &w->setup.arena;
	struct buf text = BUF_EMPTY;
	struct fail why;
	struct str out;
	int fd;

	if (m->fd == -1) {
		assert_int_equal(m->size, m->text.n);
		return arena_str(a, m->text);
	}
	fd = wire_take_fd(any, &m->fd);
	assert_int_equal(m->text.n, 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(file_read_all(fd, &text, "mail", &why), 0);
	assert_int_equal(text.n, m->size);
	close(fd);
	out = arena_str(a, buf_str(&text));
	buf_fini(&text);
	return out;
}

static void
report_one(struct world *w, uint64_t id)
{
	w->report.id = id;
	w->with_relay--;
	wire_send(w->relay, MSG_RELAY_REPORTS_MAIL, &w->report);
}

static void
take_mail(struct wire *wire, const union msg_any *any, void *arg)
{
	const struct msg_DELIVER_GIVES_MAIL *m = &any->DELIVER_GIVES_MAIL;
	struct world *w = arg;
	struct arena *a = &w->setup.arena;

	(void)wire;
	assert_true(w->count < MAILS);
	w->mails[w->count++] = (struct mail){ .id = m->id, .sender = arena_str(a, m->sender),
		.recipient = arena_str(a, m->recipient), .cause = arena_str(a, m->cause),
		.text = read_mail(w, any), .orcpt = arena_str(a, m->orcpt), .notify = m->notify,
		.smtputf8 = m->smtputf8 };
	w->with_relay++;
	if (w->with_relay > w->most)
		w->most = w->with_relay;
	if (!w->is_silent)
		report_one(w, m->id);
}

static void
ignore(struct wire *wire, const union msg_any *any, void *arg)
{
	(void)wire;
	(void)any;
	(void)arg;
}

static const wire_handler relay_handlers[MSG_COUNT] = {
	[MSG_DELIVER_GIVES_MAIL] = take_mail,
	[MSG_DELIVER_ASKS_RELAY] = ignore,
};

static void
relay_end_gone(struct wire *wire, void *arg)
{
	struct world *w = arg;

	(void)wire;
	wire_free(&w->relay);
}

/* ---- deliver's end ---- */

static void
take_report(struct wire *wire, const union msg_any *any, void *arg)
{
	struct world *w = arg;

	(void)wire;
	outbox_take_report(w->deliver.outbox, &any->RELAY_REPORTS_MAIL);
}

static const wire_handler deliver_handlers[MSG_COUNT] = {
	[MSG_RELAY_REPORTS_MAIL] = take_report,
};

static void
deliver_end_gone(struct wire *wire, void *arg)
{
	struct world *w = arg;

	(void)wire;
	wire_free(&w->deliver.relay);
	outbox_set_route(w->deliver.outbox, false);
}

static void
link_relay(struct world *w)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	w->deliver.relay = wire_new(w->deliver.loop, fds[0], deliver_handlers, deliver_end_gone, w);
	w->relay = wire_new(w->deliver.loop, fds[1], relay_handlers, relay_end_gone, w);
	w->with_relay = 0;
	outbox_set_route(w->deliver.outbox, true);
}

static void
unlink_relay(struct world *w)
{
	wire_free(&w->relay);
	wire_free(&w->deliver.relay);
	outbox_set_route(w->deliver.outbox, false);
}

static void
open_parts(struct world *w)
{
	struct deliver *d = &w->deliver;

	setup_open(&w->setup);
	*d = (struct deliver){ .store = w->setup.store, .owner = (char *)(uintptr_t)"virtual" };
	d->loop = loop_new();
	d->conf = conf_defaults();
	conf_settle(d->conf);
	d->journal_pool = pool_new(d->loop, 1);
	d->sync_pool = pool_new(d->loop, 2);
	d->boxes = boxes_new(10);
	d->settle = settle_new(d);
	d->checkpoint = checkpoint_new(d);
	d->commit = commit_new(d);
	d->rescans = rescans_new(d);
	d->outbox = outbox_new(d);
}

static bool is_settled(struct world *w);
static void run(struct world *w, bool (*is_done)(struct world *));

static void
close_parts(struct world *w)
{
	struct deliver *d = &w->deliver;

	settle_now(d->settle);
	run(w, is_settled);
	checkpoint_ask(d->checkpoint, NULL, NULL);
	run(w, is_settled);
	wire_free(&w->relay);
	wire_free(&d->relay);
	checkpoint_free(&d->checkpoint);
	settle_free(&d->settle);
	rescans_free(&d->rescans);
	outbox_free(&d->outbox);
	commit_free(&d->commit);
	pool_free(&d->journal_pool);
	pool_free(&d->sync_pool);
	boxes_free(&d->boxes);
	conf_free(&d->conf);
	loop_free(&d->loop);
	store_close(&w->setup.store);
}

static void
look(void *arg)
{
	struct world *w = arg;

	if (w->is_done(w) || clock_monotonic() > w->until) {
		loop_stop(w->deliver.loop);
		return;
	}
	loop_timer(w->deliver.loop, &w->timer, 2000, look, w);
}

static void
run(struct world *w, bool (*is_done)(struct world *))
{
	w->is_done = is_done;
	w->until = clock_monotonic() + PATIENCE;
	loop_timer(w->deliver.loop, &w->timer, 0, look, w);
	loop_run(w->deliver.loop);
	loop_unwatch(&w->timer);
	assert_true(is_done(w));
}

static bool
is_settled(struct world *w)
{
	return commit_is_idle(w->deliver.commit) && settle_is_idle(w->deliver.settle) &&
	    checkpoint_is_idle(w->deliver.checkpoint);
}

static bool
has_all(struct world *w)
{
	return w->count >= w->wanted && outbox_is_idle(w->deliver.outbox);
}

static bool
has_given(struct world *w)
{
	return w->count >= w->wanted;
}

static void
wait_for(struct world *w, size_t count)
{
	w->wanted = count;
	run(w, has_all);
}

/* ---- rows ---- */

static const struct disk_outgoing plain = {
	.cause = STR("redirect"), .user = STR(SETUP_USER), .sender = STR("bob@example.net"),
	.recipient = STR("carol@example.net"), .head = STR("Subject: hi\nMessage-ID: <1@x>\n\nbody\n"),
	.size = 41,
};

static uint64_t
add_rows(struct world *w, const struct disk_outgoing *like, size_t count, bool is_told)
{
	struct disk_delivery d = { .received = clock_wall() - CLOCK_SECOND, .trace_id = STR("T-1") };
	struct fail why;
	struct store_batch *batch = store_batch_new(w->setup.store);
	uint64_t seq;

	d.outgoing.at = arena_array(&w->setup.arena, count, sizeof *d.outgoing.at);
	d.outgoing.n = count;
	for (size_t i = 0; i < count; i++) {
		d.outgoing.at[i] = *like;
		d.outgoing.at[i].size = like->file.n > 0 ? like->size : like->head.n;
		if (like->expires == 0)
			d.outgoing.at[i].expires = d.received + 3600 * CLOCK_SECOND;
	}
	assert_int_equal(store_prepare(batch, &d, &seq, &why), 0);
	assert_int_equal(store_write(batch, &why), 0);
	store_committed(&batch);
	store_placed(w->setup.store, seq);
	for (uint32_t i = 0; is_told && i < count; i++)
		outbox_add(w->deliver.outbox, format_outbox_id(seq, i), d.outgoing.at[i].expires);
	return format_outbox_id(seq, 0);
}

static int
get(struct world *w, uint64_t id, struct disk_outbox_row *row)
{
	struct fail why;

	return store_outbox_get(w->setup.store, id, &w->setup.arena, row, &why);
}

static struct world *
open_world(void)
{
	struct world *w = xcalloc(1, sizeof *w);

	setup_init(&w->setup);
	open_parts(w);
	return w;
}

static void
close_world(struct world *w)
{
	close_parts(w);
	setup_end(&w->setup);
	free(w);
}

static bool
has(struct str text, const char *part)
{
	return str_find(text, str_of(part)) != -1;
}

/* ---- what comes of a report ---- */

static void
what_is_taken_is_gone_for_good(void **state)
{
	struct world *w = open_world();
	struct disk_outbox_row row;
	uint64_t id = add_rows(w, &plain, 1, true);

	(void)state;
	link_relay(w);
	wait_for(w, 1);
	assert_int_equal(w->mails[0].id, id);
	assert_true(str_is_equal(w->mails[0].sender, plain.sender));
	assert_true(str_is_equal(w->mails[0].recipient, plain.recipient));
	assert_true(str_is_equal(w->mails[0].text, plain.head));
	assert_int_equal(get(w, id, &row), 1);
	/* Durable, not only in memory. */
	close_parts(w);
	open_parts(w);
	assert_int_equal(get(w, id, &row), 1);
	close_world(w);
}

static void
what_was_left_is_sent_by_the_next_process(void **state)
{
	struct world *w = open_world();
	struct str path = arena_printf(&w->setup.arena, "%s/outbox", w->setup.store_dir);

	(void)state;
	add_rows(w, &plain, 3, false);
	close_parts(w);
	assert_int_equal(access(path.p, F_OK), 0);
	open_parts(w);
	link_relay(w);
	wait_for(w, 3);
	close_parts(w);
	assert_int_equal(access(path.p, F_OK), -1);
	open_parts(w);
	close_world(w);
}

static void
only_so_many_are_with_relay(void **state)
{
	struct world *w = open_world();

	(void)state;
	w->is_silent = true;
	add_rows(w, &plain, 50, true);
	link_relay(w);
	w->wanted = RELAY_MAILS_MAX;
	run(w, has_given);
	assert_int_equal(w->count, RELAY_MAILS_MAX);
	w->is_silent = false;
	for (size_t i = 0; i < RELAY_MAILS_MAX; i++)
		report_one(w, w->mails[i].id);
	wait_for(w, 50);
	assert_int_equal(w->count, 50);
	assert_int_equal(w->most, RELAY_MAILS_MAX);
	close_world(w);
}

static void
a_failure_for_now_puts_off(void **state)
{
	struct world *w = open_world();
	struct disk_outbox_row row;
	uint64_t id = add_rows(w, &plain, 1, true);
	int64_t now = clock_wall(), least = w->deliver.conf->outbox_retry_min;

	(void)state;
	w->report = (struct msg_RELAY_REPORTS_MAIL){ .class = FAIL_TEMP, .subject = 2, .detail = 1,
		.remote = STR("mx.example.net"), .reply = STR("451 4.2.1 later") };
	link_relay(w);
	wait_for(w, 1);
	assert_int_equal(get(w, id, &row), 0);
	assert_int_equal(row.attempts, 1);
	assert_true(row.next >= now + least * 3 / 4 && row.next <= now + least * 2);
	assert_true(str_is_equal(row.status, STR("4.2.1")));
	assert_true(str_is_equal(row.reply, STR("451 4.2.1 later")));
	assert_false(outbox_is_due_soon(w->deliver.outbox));
	/* In order, it is remembered; and the operator may hurry it. */
	close_parts(w);
	open_parts(w);
	assert_int_equal(get(w, id, &row), 0);
	assert_int_equal(row.attempts, 1);
	link_relay(w);
	w->wanted = 1;
	run(w, has_given);
	w->report.class = FAIL_NONE;
	while (outbox_flush(w->deliver.outbox, 0, STR("nobody")) == 0 &&
	    outbox_flush(w->deliver.outbox, 0, STR(SETUP_USER)) == 0)
		run(w, has_given);
	wait_for(w, 2);
	assert_int_equal(get(w, id, &row), 1);
	close_world(w);
}

static void
a_refusal_comes_back_to_the_sender(void **state)
{
	struct world *w = open_world();
	struct disk_outgoing like = plain;
	struct disk_outbox_row row;
	struct str text;

	(void)state;
	like.envid = STR("env-1");
	like.orcpt = STR("rfc822;first@example.org");
	like.notify = 4;
	w->report = (struct msg_RELAY_REPORTS_MAIL){ .class = FAIL_PERM, .subject = 1, .detail = 1,
		.remote = STR("mx.example.net"), .reply = STR("550 5.1.1 no such user") };
	w->is_silent = true;
	add_rows(w, &like, 1, true);
	link_relay(w);
	w->wanted = 1;
	run(w, has_given);
	w->is_silent = false;
	report_one(w, w->mails[0].id);
	w->report.class = FAIL_NONE;
	wait_for(w, 2);
	assert_int_equal(get(w, w->mails[0].id, &row), 1);
	assert_int_equal(get(w, w->mails[1].id, &row), 1);
	assert_int_equal(w->mails[1].sender.n, 0);
	assert_true(str_is_equal(w->mails[1].recipient, plain.sender));
	assert_true(str_is_equal(w->mails[1].cause, STR("dsn")));
	assert_int_equal(w->mails[1].notify, 1);
	text = w->mails[1].text;
	assert_true(has(text, "\nTo: bob@example.net\n"));
	assert_true(has(text, "\nAuto-Submitted: auto-replied\n"));
	assert_true(has(text, "report-type=delivery-status"));
	assert_true(has(text, "\nOriginal-Envelope-Id: env-1\n"));
	assert_true(has(text, "\nOriginal-Recipient: rfc822; first@example.org\n"));
	assert_true(has(text, "\nFinal-Recipient: rfc822; carol@example.net\n"));
	assert_true(has(text, "\nAction: failed\n"));
	assert_true(has(text, "\nStatus: 5.1.1\n"));
	assert_true(has(text, "\nRemote-MTA: dns; mx.example.net\n"));
	assert_true(has(text, "\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n"));
	/* Without RET the header comes back, and no more. */
	assert_true(has(text, "\nSubject: hi\n"));
	assert_false(has(text, "\nbody\n"));
	close_world(w);
}

/* RFC 3461 4.1, 5.2.2, 6.2. */
static const struct {
	const char *sender, *cause;
	uint32_t notify;
	bool is_failed, is_dsn_passed;
	bool is_wanted;
} wishes[] = {
	{ "bob@example.net", "redirect", 0, true, false, true },
	{ "bob@example.net", "redirect", 4, true, false, true },
	{ "bob@example.net", "redirect", 2 | 4 | 8, true, true, true },
	{ "bob@example.net", "redirect", 2, true, false, false },
	{ "bob@example.net", "redirect", 1, true, false, false },
	{ "", "redirect", 0, true, false, false },
	{ "", "redirect", 4, true, false, false },
	{ "bob@example.net", "dsn", 4, true, false, false },
	{ "bob@example.net", "redirect", 0, false, false, false },
	{ "bob@example.net", "redirect", 2, false, false, true },
	{ "bob@example.net", "redirect", 2, false, true, false },
	{ "bob@example.net", "redirect", 4, false, false, false },
};

static void
who_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
		struct disk_outbox_row row = { .sender = str_of(wishes[i].sender),
			.cause = str_of(wishes[i].cause), .notify = wishes[i].notify };

		if (outbox_report_is_wanted(&row, wishes[i].is_failed, wishes[i].is_dsn_passed) !=
		    wishes[i].is_wanted)
			fail_msg("row %zu", i);
	}
}

static void
make(struct buf *out, const struct disk_outbox_row *row)
{
	const struct outbox_report report = { .id = 7, .row = row, .is_failed = true,
		.original = STR("Subject: hi\n\nsecret\n"), .status = STR("5.1.1"),
		.reply = STR("550 no"), .now = CLOCK_SECOND, .hostname = STR("door.example.org") };

	outbox_report_add(out, &report);
	assert_true(buf_is_ok(out));
}

/* RFC 3461 4.3, RFC 8689 5. */
static void
all_of_it_comes_back_only_when_it_may(void **state)
{
	struct buf text = BUF_EMPTY;
	struct disk_outbox_row row = { .sender = STR("bob"), .recipient = STR("carol@example.net"),
		.ret = 1, .created = 1 };

	(void)state;
	make(&text, &row);
	assert_true(has(buf_str(&text), "\nsecret\n"));
	/* An address of ours without a domain gets one. */
	assert_true(has(buf_str(&text), "\nTo: bob@door.example.org\n"));
	assert_true(has(buf_str(&text), "\nMessage-ID: <outbox.7.1@door.example.org>\n"));
	buf_clear(&text);
	row.requiretls = 1;
	make(&text, &row);
	assert_false(has(buf_str(&text), "\nsecret\n"));
	assert_true(has(buf_str(&text), "\nSubject: hi\n"));
	buf_clear(&text);
	row.requiretls = 0;
	row.ret = 2;
	make(&text, &row);
	assert_false(has(buf_str(&text), "\nsecret\n"));
	buf_fini(&text);
}

/* RFC 6533: in UTF-8 to whom it must go out with SMTPUTF8 anyway. */
static void
addresses_in_utf_8_are_told_as_the_sender_can_read_them(void **state)
{
	struct world *w = open_world();
	struct disk_outgoing like = plain;
	struct buf text = BUF_EMPTY;
	struct disk_outbox_row row = { .sender = STR("bob@example.net"),
		.recipient = STR("j\xc3\xbcrgen@example.net") };

	(void)state;
	make(&text, &row);
	assert_true(has(buf_str(&text), "\nFinal-Recipient: utf-8; j\\x{FC}rgen@example.net\n"));
	buf_fini(&text);
	like.sender = STR("b\xc3\xb6" "b@example.net");
	like.recipient = row.recipient;
	like.smtputf8 = 1;
	w->report.class = FAIL_PERM;
	w->is_silent = true;
	add_rows(w, &like, 1, true);
	link_relay(w);
	w->wanted = 1;
	run(w, has_given);
	assert_int_equal(w->mails[0].smtputf8, 1);
	w->is_silent = false;
	report_one(w, w->mails[0].id);
	w->report.class = FAIL_NONE;
	wait_for(w, 2);
	assert_int_equal(w->mails[1].smtputf8, 1);
	assert_true(has(w->mails[1].text, "message/global-delivery-status"));
	assert_true(has(w->mails[1].text, "\nFinal-Recipient: utf-8; j\xc3\xbcrgen@example.net\n"));
	close_world(w);
}

static void
a_refusal_from_nobody_ends_in_silence(void **state)
{
	struct world *w = open_world();
	struct disk_outgoing like = plain;
	struct disk_outbox_row row;

	(void)state;
	like.sender = STR_EMPTY;
	w->report.class = FAIL_PERM;
	add_rows(w, &like, 2, true);
	link_relay(w);
	wait_for(w, 2);
	run(w, is_settled);
	assert_int_equal(w->count, 2);
	assert_int_equal(get(w, w->mails[0].id, &row), 1);
	close_world(w);
}

static void
a_success_that_is_not_passed_on_is_told(void **state)
{
	struct world *w = open_world();
	struct disk_outgoing like = plain;

	(void)state;
	like.notify = 2;
	add_rows(w, &like, 1, true);
	link_relay(w);
	wait_for(w, 2);
	assert_true(has(w->mails[1].text, "\nAction: relayed\n"));
	assert_true(has(w->mails[1].text, "\nStatus: 2."));
	close_world(w);
}

static void
the_time_runs_out(void **state)
{
	struct world *w = open_world();
	struct disk_outgoing like = plain;
	struct disk_outbox_row row;
	uint64_t id;

	(void)state;
	/* One last try is made, though it comes late. */
	like.expires = clock_wall() - CLOCK_SECOND;
	w->report = (struct msg_RELAY_REPORTS_MAIL){ .class = FAIL_TEMP, .subject = 4, .detail = 1,
		.remote = STR("mx.example.net"), .reply = STR("no answer") };
	w->is_silent = true;
	id = add_rows(w, &like, 1, true);
	link_relay(w);
	w->wanted = 1;
	run(w, has_given);
	w->is_silent = false;
	report_one(w, id);
	w->report.class = FAIL_NONE;
	wait_for(w, 2);
	assert_int_equal(get(w, id, &row), 1);
	assert_true(has(w->mails[1].text, "\nStatus: 4.4.1\n"));
	assert_true(has(w->mails[1].text, "not tried any more"));
	close_world(w);
}

static void
what_waits_without_a_way_out_expires_too(void **state)
{
	struct world *w = open_world();
	struct disk_outgoing like = plain;

	(void)state;
	like.expires = clock_wall() - CLOCK_SECOND;
	add_rows(w, &like, 1, true);
	w->wanted = 0;
	run(w, has_all);
	while (w->deliver.outbox->is_walking || w->deliver.outbox->ends > 0 || w->deliver.outbox->told_waiting == 0)
		run(w, has_all);
	run(w, is_settled);
	link_relay(w);
	wait_for(w, 1);
	assert_true(str_is_equal(w->mails[0].cause, STR("dsn")));
	assert_true(has(w->mails[0].text, "\nStatus: 4.4.7\n"));
	close_world(w);
}

/* ---- ways that break ---- */

static void
what_a_dead_relay_had_is_given_to_the_next(void **state)
{
	struct world *w = open_world();
	struct disk_outbox_row row;
	uint64_t id = add_rows(w, &plain, 1, true);

	(void)state;
	w->is_silent = true;
	link_relay(w);
	w->wanted = 1;
	run(w, has_given);
	assert_false(outbox_is_idle(w->deliver.outbox));
	unlink_relay(w);
	assert_true(outbox_is_idle(w->deliver.outbox));
	w->is_silent = false;
	link_relay(w);
	wait_for(w, 2);
	assert_int_equal(w->mails[1].id, id);
	assert_int_equal(get(w, id, &row), 1);
	close_world(w);
}

static void
when_no_remote_is_reached_one_tries_for_all(void **state)
{
	struct world *w = open_world();

	(void)state;
	add_rows(w, &plain, 40, true);
	w->report = (struct msg_RELAY_REPORTS_MAIL){ .class = FAIL_TEMP, .subject = 4, .detail = 1,
		.reply = STR("connection refused") };
	link_relay(w);
	w->wanted = 1;
	run(w, has_given);
	for (int i = 0; i < 20; i++)
		run(w, has_all);
	/* Those that were under way, then none for a while. */
	assert_true(w->count <= RELAY_MAILS_MAX);
	assert_true(w->deliver.outbox->pause > 0);
	w->report = (struct msg_RELAY_REPORTS_MAIL){ .class = FAIL_NONE, .remote = STR("mx") };
	outbox_flush(w->deliver.outbox, 0, STR_EMPTY);
	wait_for(w, w->count + 40);
	close_world(w);
}

static void
a_report_of_nothing_changes_nothing(void **state)
{
	struct world *w = open_world();
	struct msg_RELAY_REPORTS_MAIL report = { .id = 77, .class = FAIL_NONE };
	struct disk_outbox_row row;
	uint64_t id = add_rows(w, &plain, 1, true);

	(void)state;
	outbox_take_report(w->deliver.outbox, &report);
	/* Not given: not ended either. */
	report.id = id;
	outbox_take_report(w->deliver.outbox, &report);
	assert_true(outbox_is_idle(w->deliver.outbox));
	assert_int_equal(get(w, id, &row), 0);
	close_world(w);
}

/* ---- large ones ---- */

static void
a_large_text_goes_as_a_file_and_comes_back_as_one(void **state)
{
	struct world *w = open_world();
	struct buf text = BUF_EMPTY, name = BUF_EMPTY;
	struct disk_outgoing like = plain;
	struct fail why;
	struct str part;
	int fd = -1;

	(void)state;
	buf_add_cstr(&text, "Subject: large\n\n");
	while (text.n < 2 * OUTBOX_TEXT_MAX)
		buf_add_cstr(&text, "a line of the body, and so on\n");
	outbox_add_name(&name);
	part = buf_str(&text);
	assert_int_equal(outbox_write(w->setup.store_dir, buf_str(&name), &part, 1, &why), 0);
	like.file = buf_str(&name);
	like.head = STR_EMPTY;
	like.size = text.n;
	like.ret = 1;
	w->report = (struct msg_RELAY_REPORTS_MAIL){ .class = FAIL_PERM, .reply = STR("no"),
		.remote = STR("mx") };
	w->is_silent = true;
	add_rows(w, &like, 1, true);
	link_relay(w);
	w->wanted = 1;
	run(w, has_given);
	assert_true(str_is_equal(w->mails[0].text, buf_str(&text)));
	w->is_silent = false;
	report_one(w, w->mails[0].id);
	w->report.class = FAIL_NONE;
	wait_for(w, 2);
	/* RET=FULL: all of it. */
	assert_true(has(w->mails[1].text, "Content-Type: message/rfc822"));
	assert_true(str_find(w->mails[1].text, buf_str(&text)) != -1);
	assert_int_equal(outbox_open(w->setup.store_dir, buf_str(&name), &fd, &why), -1);
	buf_fini(&text);
	buf_fini(&name);
	close_world(w);
}

/* ---- the operator, and time ---- */

static void
the_operator_deletes(void **state)
{
	struct world *w = open_world();
	struct disk_outbox_row row;
	struct fail why;
	uint64_t id = add_rows(w, &plain, 2, true);

	(void)state;
	assert_int_equal(outbox_delete(w->deliver.outbox, id, &why), 0);
	assert_int_equal(outbox_delete(w->deliver.outbox, id, &why), -1);
	assert_int_equal(outbox_delete(w->deliver.outbox, 1, &why), -1);
	w->wanted = 0;
	run(w, has_all);
	assert_int_equal(get(w, id, &row), 1);
	w->is_silent = true;
	link_relay(w);
	w->wanted = 1;
	run(w, has_given);
	assert_int_equal(w->mails[0].id, id + 1);
	assert_int_equal(outbox_delete(w->deliver.outbox, id + 1, &why), -1);
	unlink_relay(w);
	close_world(w);
}

static void
waits_double_up_to_the_longest(void **state)
{
	(void)state;
	for (uint32_t random = 0; random < 4096; random += 37) {
		int64_t wait = outbox_backoff(100, 1000, 1, random);

		assert_true(wait >= 75 && wait <= 125);
		wait = outbox_backoff(100, 1000, 3, random);
		assert_true(wait >= 300 && wait <= 500);
		wait = outbox_backoff(100, 1000, 5, random);
		assert_true(wait >= 750 && wait <= 1250);
		wait = outbox_backoff(100, 1000, UINT32_MAX, random);
		assert_true(wait >= 750 && wait <= 1250);
	}
	assert_int_not_equal(outbox_backoff(1000, 9000, 1, 1), outbox_backoff(1000, 9000, 1, 1000));
}

/* Earliest first, whatever the order in which they came. */
static void
the_next_one_is_the_earliest(void **state)
{
	struct world *w = open_world();
	struct outbox *o = w->deliver.outbox;
	struct entry entries[200];
	int64_t last = 0;
	uint32_t x = 7;

	(void)state;
	memset(entries, 0, sizeof entries);
	for (size_t i = 0; i < 200; i++) {
		x = x * 1103515245 + 12345;
		outbox_put_off(o, &entries[i], x % 1000 + 1);
	}
	for (size_t i = 0; i < 200; i += 3)
		outbox_take_out(o, &entries[i]);
	assert_int_equal(o->count, 133);
	while (o->count > 0) {
		assert_true(o->heap[0]->next >= last);
		last = o->heap[0]->next;
		outbox_take_out(o, o->heap[0]);
	}
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_is_gone_for_good),
		cmocka_unit_test(what_was_left_is_sent_by_the_next_process),
		cmocka_unit_test(only_so_many_are_with_relay),
		cmocka_unit_test(a_failure_for_now_puts_off),
		cmocka_unit_test(a_refusal_comes_back_to_the_sender),
		cmocka_unit_test(who_is_told),
		cmocka_unit_test(all_of_it_comes_back_only_when_it_may),
		cmocka_unit_test(addresses_in_utf_8_are_told_as_the_sender_can_read_them),
		cmocka_unit_test(a_refusal_from_nobody_ends_in_silence),
		cmocka_unit_test(a_success_that_is_not_passed_on_is_told),
		cmocka_unit_test(the_time_runs_out),
		cmocka_unit_test(what_waits_without_a_way_out_expires_too),
		cmocka_unit_test(what_a_dead_relay_had_is_given_to_the_next),
		cmocka_unit_test(when_no_remote_is_reached_one_tries_for_all),
		cmocka_unit_test(a_report_of_nothing_changes_nothing),
		cmocka_unit_test(a_large_text_goes_as_a_file_and_comes_back_as_one),
		cmocka_unit_test(the_operator_deletes),
		cmocka_unit_test(waits_double_up_to_the_longest),
		cmocka_unit_test(the_next_one_is_the_earliest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
