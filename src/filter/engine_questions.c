/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Answers sieve/ about envelope and environment, and asks deliver the rest.
 * Looks into no message. */

#include "filter/engine_questions.h"

#include "base/file.h"
#include "config.h"
#include "filter/engine_message.h"
#include "filter/engine_settings.h"
#include "filter/version.h"

/* ---- the envelope, RFC 5228 5.4, 6009 ---- */

static struct str
notify_words(uint32_t notify, struct arena *a)
{
	static const struct {
		uint32_t bit;
		const char *word;
	} words[] = { { 1, "NEVER" }, { 2, "SUCCESS" }, { 4, "FAILURE" }, { 8, "DELAY" } };
	struct buf text = BUF_LIMIT(64);
	struct str copy;
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if ((notify & words[i].bit) != 0)
			buf_addf(&text, "%s%s", text.n > 0 ? "," : "", words[i].word);
	copy = arena_str(a, buf_str(&text));
	buf_fini(&text);
	return copy;
}

static bool
has_address(const struct run *run, struct str path, struct sieve_address *out)
{
	struct host_address address = host_envelope_address(run->host, path);

	*out = engine_address(&address);
	return true;
}

static bool
has_text(struct str text, struct sieve_address *out)
{
	*out = (struct sieve_address){ .all = engine_text(text) };
	return text.n > 0;
}

/* RFC 3461 4.2: only two types have addresses of mail behind them. */
static bool
has_original(const struct run *run, struct sieve_address *out)
{
	struct str type = run->rcpt->orcpt_type;

	if (run->rcpt->orcpt.n == 0)
		return false;
	(void)has_address(run, run->rcpt->orcpt, out);
	out->is_valid = type.n == 0 || str_is_equal_nocase(type, STR("rfc822")) ||
	    str_is_equal_nocase(type, STR("utf-8"));
	out->type = engine_text(type);
	return true;
}

/* RFC 6009 5: what is left of it now. */
static bool
has_by(const struct run *run, enum sieve_envelope part, struct sieve_address *out)
{
	const struct msg_DELIVER_ASKS_FILTER *question = run->question;
	struct str text = STR_EMPTY;

	if (question->by == 0)
		return false;
	if (part == SIEVE_ENVELOPE_BY_TIME_RELATIVE)
		text = arena_printf(run->arena, "%lld",
		    (long long)(question->by_end - run->host->now));
	if (part == SIEVE_ENVELOPE_BY_MODE)
		text = question->by == 1 ? STR("notify") : STR("return");
	if (part == SIEVE_ENVELOPE_BY_TRACE && question->is_by_traced != 0)
		text = STR("trace");
	(void)has_text(text, out);
	return true;
}

static bool
has_envelope(void *arg, enum sieve_envelope part, struct sieve_address *out)
{
	static const struct str rets[] = { { "", 0 }, { "FULL", 4 }, { "HDRS", 4 } };
	const struct run *run = arg;
	const struct msg_DELIVER_ASKS_FILTER *question = run->question;

	switch (part) {
	case SIEVE_ENVELOPE_FROM:
		return has_address(run, run->host->sender, out);
	case SIEVE_ENVELOPE_TO:
		return has_address(run, run->rcpt->address, out);
	case SIEVE_ENVELOPE_ORCPT:
		return has_original(run, out);
	case SIEVE_ENVELOPE_NOTIFY:
		return has_text(notify_words(run->rcpt->notify, run->arena), out);
	case SIEVE_ENVELOPE_RET:
		return has_text(question->ret < 3 ? rets[question->ret] : rets[0], out);
	case SIEVE_ENVELOPE_ENVID:
		return has_text(question->envid, out);
	case SIEVE_ENVELOPE_AUTH:
		return question->auth.n > 0 && has_address(run, question->auth, out);
	case SIEVE_ENVELOPE_BY_TIME_ABSOLUTE: /* sieve/ makes it of the relative one */
	case SIEVE_ENVELOPE_BY_TIME_RELATIVE:
	case SIEVE_ENVELOPE_BY_MODE:
	case SIEVE_ENVELOPE_BY_TRACE:
		return has_by(run, part, out);
	}
	return false;
}

/* ---- the environment, RFC 5183 4.1 ---- */

static struct str
domain_of(struct str name)
{
	ptrdiff_t dot = str_find_byte(name, '.');

	return dot == -1 ? name : str_from(name, (size_t)dot + 1);
}

bool
engine_questions_has_item(const char *hostname, struct str user, struct sieve_text item,
    struct sieve_text *out)
{
	struct str host = str_of(hostname);
	const struct {
		const char *name;
		struct str value;
	} items[] = {
		{ "domain", domain_of(host) },
		{ "host", host },
		{ "location", STR("MDA") },
		{ "name", STR("Doorstep") },
		{ "phase", STR("during") },
		{ "version", STR(DOORSTEP_VERSION) },
		{ "vnd.dovecot.default-mailbox", STR("INBOX") },
		{ "vnd.dovecot.username", user },
	};
	size_t i;

	for (i = 0; i < sizeof items / sizeof items[0]; i++)
		if (sieve_text_is(item, items[i].name)) {
			*out = engine_text(items[i].value);
			return true;
		}
	return false;
}

/* What the site says to its scripts, under a prefix that Pigeonhole has. */
static bool
has_configured(const struct run *run, struct str item, struct sieve_text *out)
{
	const struct conf_list *list = run->settings == NULL ? NULL : run->settings->environment;
	const struct str prefix = STR("vnd.dovecot.config.");
	struct str name = str_from(item, prefix.n), value, has;
	size_t i;

	for (i = 0; list != NULL && i < list->n && str_has_prefix_nocase(item, prefix); i++) {
		value = str_of(list->at[i]);
		if (str_can_split(&value, '=', &has) && str_is_equal_nocase(has, name)) {
			*out = engine_text(value);
			return true;
		}
	}
	return false;
}

/* RFC 5183 4: what is known and not available is empty. */
static bool
has_environment(void *arg, struct sieve_text item, struct sieve_text *out)
{
	const struct run *run = arg;

	if (sieve_text_is(item, "remote-host"))
		*out = engine_text(run->question->helo);
	else if (sieve_text_is(item, "remote-ip"))
		*out = engine_text(run->question->client);
	else
		return engine_questions_has_item(run->hostname, run->rcpt->user, item, out) ||
		    has_configured(run, engine_str(item), out);
	return true;
}

/* ---- what deliver knows ---- */

static enum filter_answer
ask(const struct run *run, enum filter_question kind, struct sieve_text subject,
    struct sieve_text object, struct str *text_out)
{
	const struct msg_FILTER_ASKS question = {
		.kind = (uint8_t)kind,
		.script = run->script,
		.user = run->rcpt->user,
		.subject = engine_str(subject),
		.object = engine_str(object),
	};

	/* No name that is sensible is longer. */
	if (subject.n + object.n > FILTER_SUBJECT_MAX)
		return FILTER_NO;
	return asker_ask(run->asker, &question, run->arena, text_out);
}

static bool
has_mailbox(void *arg, struct sieve_text name)
{
	return ask(arg, FILTER_ASKS_MAILBOX, name, SIEVE_TEXT_EMPTY, NULL) == FILTER_YES;
}

bool
engine_questions_find_id(struct run *run, struct sieve_text id, struct str *name_out)
{
	return id.n > 0 && ask(run, FILTER_ASKS_MAILBOX_ID, id, SIEVE_TEXT_EMPTY, name_out) ==
	    FILTER_YES && name_out->n > 0;
}

static bool
has_mailbox_id(void *arg, struct sieve_text id)
{
	struct str name;

	return engine_questions_find_id(arg, id, &name);
}

static bool
has_special_use(void *arg, struct sieve_text mailbox, struct sieve_text use)
{
	return ask(arg, FILTER_ASKS_SPECIAL_USE, mailbox, use, NULL) == FILTER_YES;
}

static bool
has_metadata(void *arg, struct sieve_text mailbox, struct sieve_text annotation,
    struct sieve_text *out)
{
	struct str value;

	if (ask(arg, FILTER_ASKS_METADATA, mailbox, annotation, &value) != FILTER_YES)
		return false;
	*out = engine_text(value);
	return true;
}

static bool
is_seen(void *arg, struct sieve_text mark)
{
	return ask(arg, FILTER_ASKS_MARK, mark, SIEVE_TEXT_EMPTY, NULL) == FILTER_YES;
}

bool
engine_questions_is_marked(const struct run *run, struct str mark)
{
	return ask(run, FILTER_ASKS_MARK, engine_text(mark), SIEVE_TEXT_EMPTY, NULL) == FILTER_YES;
}

enum filter_answer
engine_questions_members(struct run *run, struct sieve_text list, struct str *members_out)
{
	return ask(run, FILTER_ASKS_MEMBERS, list, SIEVE_TEXT_EMPTY, members_out);
}

static bool
has_list(void *arg, struct sieve_text list)
{
	return ask(arg, FILTER_ASKS_LIST, list, SIEVE_TEXT_EMPTY, NULL) == FILTER_YES;
}

static bool
is_on_list(void *arg, struct sieve_text list, struct sieve_text value)
{
	return value.n > 0 && ask(arg, FILTER_ASKS_LIST, list, value, NULL) == FILTER_YES;
}

/* ---- programs ---- */

struct str
engine_questions_join(const struct run *run, const struct sieve_text *arguments, size_t n)
{
	struct buf text = BUF_EMPTY;
	struct str joined;
	size_t i;

	/* They hold no control character (ext_programs.c). */
	for (i = 0; i < n; i++)
		buf_addf(&text, "%.*s\n", SIEVE_TEXT_ARG(arguments[i]));
	joined = arena_str(run->arena, buf_str(&text));
	buf_fini(&text);
	return joined;
}

/* Into the packet, or into a file that deliver gives. */
static bool
can_hand_over(const struct run *run, const struct buf *made,
    struct msg_FILTER_ASKS_PROGRAM *out)
{
	struct fail why = FAIL_EMPTY;
	bool can = true;
	int fd;

	out->made_size = made->n;
	if (made->n <= WIRE_INLINE_MAX) {
		out->made = arena_str(run->arena, buf_str(made));
		return true;
	}
	fd = asker_take_space(run->asker, made->n);
	can = fd != -1 && file_write_all(fd, buf_str(made), "a memory file", &why) == 0;
	file_close(&fd);
	return can;
}

/* The message as the script has it, without what deliver has already. */
static bool
has_message(const struct run *run, struct sieve_text input,
    struct msg_FILTER_ASKS_PROGRAM *out)
{
	struct str text = input.n == 0 ? run->host->base : engine_str(input);
	struct rec_version *version = arena_zalloc(run->arena, sizeof *version);
	struct buf made = BUF_LIMIT(FILTER_MADE_MAX);
	bool has = false;

	if (text.p == run->host->original.text.p && text.n == run->host->original.text.n)
		return true;
	out->versions.at = version;
	out->versions.n = 1;
	if (version != NULL && version_is_made(run->host, &text, 1, &made, version))
		has = can_hand_over(run, &made, out);
	buf_fini(&made);
	return has;
}

static int
execute(void *arg, const struct sieve_execute *execute, struct sieve_text *out)
{
	static const int statuses[] = { [FILTER_NO] = 1, [FILTER_YES] = 0,
		[FILTER_IN_DOUBT] = SIEVE_EXECUTE_NOT_RUN, [FILTER_LATER] = SIEVE_EXECUTE_LATER };
	struct run *run = arg;
	struct msg_FILTER_ASKS_PROGRAM question = {
		.script = run->script,
		.index = run->rcpt->index,
		.ordinal = run->program_count++,
		.is_filter = execute->is_filter,
		.program = engine_str(execute->program),
		.arguments = engine_questions_join(run, execute->arguments,
		    execute->argument_count),
		.is_message = execute->is_message,
		.text = execute->has_input ? engine_str(execute->input) : STR_EMPTY,
	};
	enum filter_answer answer;
	struct str text;

	if (question.arguments.n + question.text.n > FILTER_INPUT_MAX ||
	    (execute->is_message && !has_message(run, execute->input, &question)))
		return SIEVE_EXECUTE_NOT_RUN;
	answer = asker_ask_program(run->asker, &question, run->arena, &text);
	run->is_waiting = run->is_waiting || answer == FILTER_LATER;
	*out = engine_text(execute->is_filter && text.n > 0 ? engine_message_without_cr(text, run->arena) : text);
	return statuses[answer];
}

/* ---- notes and traces ---- */

static void
log_note(void *arg, unsigned line, struct sieve_text text)
{
	struct run *run = arg;

	run_note(run, line, engine_str(text));
}

static void
add_trace(void *arg, struct sieve_text script, unsigned line, struct sieve_text text)
{
	struct run *run = arg;

	run_trace(run, engine_str(script), line, engine_str(text));
}

void
engine_questions_fill(struct sieve_host *out, const struct run *run)
{
	out->envelope = has_envelope;
	out->environment = has_environment;
	out->has_mailbox = has_mailbox;
	out->has_mailbox_id = has_mailbox_id;
	out->has_special_use = has_special_use;
	out->metadata = has_metadata;
	out->is_seen = is_seen;
	out->has_list = has_list;
	out->is_on_list = is_on_list;
	out->execute = execute;
	out->log = log_note;
	if (run->question->is_traced != 0)
		out->trace = add_trace;
}

/* ---- while a script is compiled ---- */

enum sieve_found
engine_questions_include(void *arg, enum sieve_location location, struct sieve_text name,
    struct sieve_text *script_out)
{
	struct engine_world *world = arg;
	const struct msg_FILTER_ASKS question = {
		.kind = FILTER_ASKS_SCRIPT,
		.script = world->script,
		.subject = engine_str(name),
		.object = location == SIEVE_GLOBAL ? STR("global") : STR("personal"),
	};
	struct str text;

	world->has_asked = true;
	switch (asker_ask(world->asker, &question, &world->arena, &text)) {
	case FILTER_YES:
		*script_out = engine_text(text);
		return SIEVE_FOUND;
	case FILTER_NO:
		return SIEVE_NOT_FOUND;
	case FILTER_IN_DOUBT:
	case FILTER_LATER:
		break;
	}
	return SIEVE_UNREADABLE;
}
