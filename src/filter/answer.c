/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* One question of deliver: a message and the scripts of its recipients.
 * Knows neither the engine nor where the question came from. */

#include "filter/answer.h"

#include "base/file.h"
#include "base/log.h"
#include "filter/engine_settings.h"
#include "filter/fields.h"

/* Room in a packet for outcomes, beside the index fields (fields.h). */
#define OUTCOMES_SIZE_MAX (WIRE_PACKET_MAX - (size_t)40 * 1024)
/* Of an error or a rule, when all of them would not fit. */
#define SHORT_MAX ((size_t)80)
/* Memory for changed messages that stays for the next one. */
#define MADE_KEPT_MAX ((size_t)1 << 20)

/* True: the script ran to its end, and the next may follow. */
static bool
can_run_script(struct answerer *self, struct run *run, uint64_t id)
{
	const struct cache_script *script = cache_find(self->cache, id);

	run_begin_script(run, id);
	if (script == NULL) {
		run_fail(run, 0, STR("the filter process was not given this script"));
		return false;
	}
	if (script->compiled == NULL) {
		run_fail(run, script->error_line, script->error);
		return false;
	}
	self->engine->run(script->compiled, run);
	return run->outcome->error.n == 0 && !run->is_waiting;
}

static void
run_scripts(struct answerer *self, struct host *host,
    const struct msg_DELIVER_ASKS_FILTER *question, const struct rec_filter_rcpt *rcpt,
    struct rec_filter_outcome *outcome)
{
	struct run run;
	size_t i;

	run_init(&run, host, question, rcpt, outcome);
	run.asker = self->asker;
	run.made = &self->made;
	run.settings = self->settings;
	if (self->settings != NULL)
		run.actions_max = self->settings->limits.actions;
	run.hostname = self->hostname == NULL ? "" : self->hostname;
	for (i = 0; i < rcpt->scripts.n; i++) {
		if (i > 0 && !run_can_go_on(&run))
			break;
		if (!can_run_script(self, &run, rcpt->scripts.at[i].id))
			break;
	}
	run_end(&run);
}

/* As base/pack.h writes them: the numbers and lengths of a record. */
#define OUTCOME_FIXED ((size_t)45)
#define ACTION_FIXED ((size_t)44)
#define MAIL_FIXED ((size_t)39)
#define VERSION_FIXED ((size_t)4)
#define PIECE_FIXED ((size_t)17)
#define MARK_FIXED ((size_t)12)

static size_t
measure(const struct rec_filter_outcome *outcome)
{
	size_t n = OUTCOME_FIXED + outcome->error.n + outcome->notes.n + outcome->trace.n, i;

	for (i = 0; i < outcome->actions.n; i++)
		n += ACTION_FIXED + outcome->actions.at[i].target.n + outcome->actions.at[i].flags.n +
		    outcome->actions.at[i].rule.n + outcome->actions.at[i].special_use.n +
		    outcome->actions.at[i].arguments.n;
	for (i = 0; i < outcome->versions.n; i++)
		n += VERSION_FIXED + PIECE_FIXED * outcome->versions.at[i].pieces.n;
	for (i = 0; i < outcome->marks.n; i++)
		n += MARK_FIXED + outcome->marks.at[i].id.n;
	for (i = 0; i < outcome->mails.n; i++)
		n += MAIL_FIXED + outcome->mails.at[i].sender.n + outcome->mails.at[i].to.n +
		    outcome->mails.at[i].by.n + outcome->mails.at[i].mark.n;
	return n;
}

static void
shorten(struct rec_filter_outcome *outcome)
{
	size_t i;

	outcome->error = charset_cut_utf8(outcome->error, SHORT_MAX);
	outcome->notes = STR_EMPTY;
	outcome->trace = STR_EMPTY;
	for (i = 0; i < outcome->actions.n; i++)
		outcome->actions.at[i].rule = STR_EMPTY;
}

/* Nothing is lost: deliver keeps what it has no outcome for in the inbox.
 * Gives the size of all. */
static size_t
fit(struct msg_FILTER_ANSWERS *out)
{
	size_t i, total = 0;

	for (i = 0; i < out->outcomes.n; i++)
		total += measure(&out->outcomes.at[i]);
	if (total <= OUTCOMES_SIZE_MAX)
		return total;
	for (i = 0, total = 0; i < out->outcomes.n; i++) {
		shorten(&out->outcomes.at[i]);
		total += measure(&out->outcomes.at[i]);
		if (total > OUTCOMES_SIZE_MAX)
			break;
	}
	if (i < out->outcomes.n)
		log_warn("what %zu recipients' scripts ask for does not fit into one answer: "
			 "implicit keep for them", out->outcomes.n - i);
	out->outcomes.n = i;
	return total;
}

/* RFC 5228 2.10.6: who has a changed message that cannot be handed over keeps
 * the one that came. */
static void
drop_versions(struct msg_FILTER_ANSWERS *out)
{
	size_t i;

	for (i = 0; i < out->outcomes.n; i++) {
		struct rec_filter_outcome *outcome = &out->outcomes.at[i];

		if (outcome->versions.n == 0)
			continue;
		outcome->versions.n = outcome->actions.n = outcome->marks.n = 0;
		if (outcome->error.n == 0)
			outcome->error = STR("there is no memory for the changed message");
	}
}

/* What was made goes inside the packet while there is room, else into a file
 * that deliver has made, so that deliver says how much memory that takes. */
static void
hand_over(struct answerer *self, struct msg_FILTER_ANSWERS *out, size_t outcomes_size)
{
	struct fail why = FAIL_EMPTY;
	int fd = -1;

	out->made_size = self->made.n;
	if (self->made.n <= OUTCOMES_SIZE_MAX && outcomes_size <= OUTCOMES_SIZE_MAX - self->made.n) {
		out->made = buf_str(&self->made);
		return;
	}
	fd = asker_take_space(self->asker, self->made.n);
	if (fd == -1 || file_write_all(fd, buf_str(&self->made), "a memory file", &why) == -1) {
		log_warn("a changed message of %zu new bytes cannot be handed over: %s", self->made.n,
		    fd == -1 ? "no room for it was given" : why.log);
		out->made_size = 0;
		drop_versions(out);
	}
	file_close(&fd);
}

static void
begin_made(struct buf *made)
{
	/* What a large message needed is not kept for small ones. */
	if (made->cap > MADE_KEPT_MAX)
		buf_fini(made);
	buf_clear(made);
	made->max = FILTER_MADE_MAX;
}

void
answer_question(struct answerer *self, const struct msg_DELIVER_ASKS_FILTER *question,
    struct str text, struct msg_FILTER_ANSWERS *out)
{
	struct host host;
	size_t i;

	*out = (struct msg_FILTER_ANSWERS){ .id = question->id };
	asker_begin(self->asker);
	begin_made(&self->made);
	host_init(&host, text, &self->arena, self->charsets, &self->scratch);
	host.sender = question->sender;
	host.wire_size = question->wire_size;
	host.now = question->now / 1000000;
	host.delimiters = self->delimiters;
	fields_fill(&host, out);
	out->outcomes.at =
	    arena_array(&self->arena, question->recipients.n, sizeof *out->outcomes.at);
	out->outcomes.n = out->outcomes.at == NULL ? 0 : question->recipients.n;
	for (i = 0; i < out->outcomes.n; i++)
		run_scripts(self, &host, question, &question->recipients.at[i],
		    &out->outcomes.at[i]);
	host_fini(&host);
	hand_over(self, out, fit(out));
}
