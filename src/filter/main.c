/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* doorstep-filter: parses messages and runs scripts for one deliver process,
 * in the strictest sandbox.  Opens nothing once it has begun. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "conf/conf.h"
#include "filter/answer.h"
#include "filter/engine_settings.h"
#include "ipc/child.h"

struct filter {
	struct answerer answerer;
	struct conf *conf; /* the settings borrow from it */
	struct engine_settings settings;
	int deliver_fd;
	struct arena arena; /* of the packet that is handled */
	struct buf in, out;
	char *delimiters, *hostname;
	struct asker *asker;
	bool is_over;
};

/* ---- messages of deliver ---- */

static void
send(struct filter *filter, enum msg m, const void *message)
{
	if (wire_send_blocking(filter->deliver_fd, m, message, &filter->out) != WIRE_OK)
		filter->is_over = true;
}

/* The bytes of a body that is inline or in a sealed memfd.  Deliver has no
 * reason to send anything else: then this process is not what it should be. */
static struct str
map_body(struct str inline_body, int fd, uint64_t size)
{
	struct fail why = FAIL_EMPTY;
	const char *p;

	if (fd == -1)
		return inline_body;
	p = size == 0 ? "" : file_map(fd, (size_t)size, &why);
	if (p == NULL) {
		log_error("%s", why.log);
		exit(XALLOC_EXIT);
	}
	return (struct str){ p, (size_t)size };
}

static void
unmap_body(struct str body, int fd)
{
	if (fd == -1)
		return;
	if (body.n > 0)
		file_unmap(body.p, body.n);
	file_close(&fd);
}

static void
take_script(struct filter *filter, const union msg_any *any)
{
	const struct msg_DELIVER_GIVES_SCRIPT *message = &any->DELIVER_GIVES_SCRIPT;
	struct str text = map_body(message->text, message->fd, message->size);

	if (message->is_global != 0)
		cache_give_global(filter->answerer.cache, message->id, text);
	else
		cache_give(filter->answerer.cache, message->id, text);
	unmap_body(text, message->fd);
}

static void
drop_script(struct filter *filter, const union msg_any *any)
{
	cache_drop(filter->answerer.cache, any->DELIVER_DROPS_SCRIPT.id);
}

static void
answer_filter(struct filter *filter, const union msg_any *any)
{
	const struct msg_DELIVER_ASKS_FILTER *question = &any->DELIVER_ASKS_FILTER;
	struct str body = map_body(question->body, question->fd, question->size);
	struct msg_FILTER_ANSWERS answer;

	answer_question(&filter->answerer, question, body, &answer);
	send(filter, MSG_FILTER_ANSWERS, &answer);
	unmap_body(body, question->fd);
	arena_empty(&filter->answerer.arena);
}

static void
answer_check(struct filter *filter, const union msg_any *any)
{
	const struct msg_DELIVER_ASKS_CHECK *question = &any->DELIVER_ASKS_CHECK;
	const struct cache_script *script = cache_find(filter->answerer.cache, question->script);
	struct msg_FILTER_ANSWERS_CHECK answer = { .id = question->id };
	struct buf program = BUF_EMPTY;

	answer.errors = script == NULL ? STR("0:0: the script was not given\n") : script->errors;
	if (script != NULL)
		answer.warnings = script->warnings;
	if (question->is_dumped != 0 && script != NULL && script->compiled != NULL) {
		if (filter->answerer.engine->dump != NULL)
			filter->answerer.engine->dump(script->compiled, &program);
		answer.program = str_sub(buf_str(&program), 0, FILTER_PROGRAM_MAX);
	}
	send(filter, MSG_FILTER_ANSWERS_CHECK, &answer);
	buf_fini(&program);
}

static void (*const handlers[MSG_COUNT])(struct filter *, const union msg_any *) = {
	[MSG_DELIVER_GIVES_SCRIPT] = take_script,
	[MSG_DELIVER_DROPS_SCRIPT] = drop_script,
	[MSG_DELIVER_ASKS_FILTER] = answer_filter,
	[MSG_DELIVER_ASKS_CHECK] = answer_check,
};

/* What deliver sent while it was asked. */
static void
serve_kept(struct filter *filter)
{
	const union msg_any *message;
	enum msg m;

	while (asker_has_kept(filter->asker, &m, &message)) {
		if (handlers[m] == NULL) {
			log_error("deliver sent %s", wire_name(m));
			exit(XALLOC_EXIT);
		}
		handlers[m](filter, message);
	}
	if (asker_is_over(filter->asker))
		filter->is_over = true;
}

static void
serve_deliver(struct filter *filter)
{
	union msg_any message;
	enum wire_result result;
	enum msg m;

	result = wire_recv_blocking(filter->deliver_fd, &filter->in, &filter->arena, &m, &message);
	if (result == WIRE_CLOSED) {
		filter->is_over = true;
		return;
	}
	if (result == WIRE_BROKEN || handlers[m] == NULL) {
		log_error("deliver sent %s", result == WIRE_OK ? wire_name(m) : "a malformed packet");
		exit(XALLOC_EXIT);
	}
	handlers[m](filter, &message);
	arena_empty(&filter->arena);
	serve_kept(filter);
}

/* ---- messages of master ---- */

/* New settings only matter for the log: the others hold for the next filter.
 * MASTER_SAYS_STOP is obeyed by serving on: deliver closes the link when it
 * has no more questions, and a question in the link must not be lost.
 * False: master is gone. */
static bool
can_serve_master(struct filter *filter)
{
	union msg_any message;
	enum msg m;

	if (wire_recv_blocking(ROLE_MASTER_FD, &filter->in, &filter->arena, &m, &message) != WIRE_OK)
		return false;
	if (m == MSG_MASTER_GIVES_CONF)
		child_apply_log(&message.MASTER_GIVES_CONF);
	arena_empty(&filter->arena);
	return true;
}

static void
serve(struct filter *filter)
{
	struct pollfd fds[] = { { .fd = filter->deliver_fd, .events = POLLIN },
		{ .fd = ROLE_MASTER_FD, .events = POLLIN } };

	while (!filter->is_over) {
		if (poll(fds, 2, -1) == -1 && errno != EINTR)
			exit(XALLOC_EXIT);
		/* Without master there will soon be no deliver either. */
		if (fds[1].revents != 0 && !can_serve_master(filter))
			fds[1].fd = -1;
		if (fds[0].revents != 0)
			serve_deliver(filter);
	}
}

/* ---- the start ---- */

/* What conf could not see; scripts go on as if it were not set. */
static void
tell_wrong_settings(const struct engine_settings *settings)
{
	struct buf errors = BUF_EMPTY;
	struct str rest, line;

	engine_settings_check(settings, &errors);
	rest = buf_str(&errors);
	while (str_can_split(&rest, '\n', &line))
		if (line.n > 0)
			log_error("%.*s", STR_ARG(line));
	buf_fini(&errors);
}

static void
prepare(struct filter *filter, const struct child_start *start)
{
	struct fail why = FAIL_EMPTY;
	struct conf *conf = NULL;
	const struct engine *engine = NULL;

	if (conf_from_settings(&start->conf, &conf, &why) == -1) {
		log_error("%s", why.log);
		exit(XALLOC_EXIT);
	}
	engine = engine_find(str_of(conf->sieve_engine));
	if (engine == NULL)
		engine = &engine_none;
	filter->answerer.engine = engine;
	filter->answerer.cache = cache_new(engine);
	filter->conf = conf;
	engine_settings_init(&filter->settings, conf);
	filter->answerer.settings = &filter->settings;
	tell_wrong_settings(&filter->settings);
	filter->delimiters = xstrdup(conf->recipient_delimiter);
	filter->answerer.delimiters = filter->delimiters;
	filter->hostname = xstrdup(conf->hostname);
	filter->answerer.hostname = filter->hostname;
	filter->answerer.charsets = charset_set_new();
	charset_preload(filter->answerer.charsets);
	/* localtime_r reads no file after this. */
	tzset();
	arena_init_limit(&filter->answerer.arena, HOST_MEMORY_MAX);
}

/* Runs everything once, so that no first use of the C library or of an engine
 * wants to open something inside the sandbox. */
static void
warm_up(struct filter *filter)
{
	struct rec_script_ref ref = { .id = 0, .place = FILTER_PERSONAL };
	struct rec_filter_rcpt rcpt = { .address = STR("a@example.org") };
	struct msg_DELIVER_ASKS_FILTER question = { .fd = -1, .now = 0 };
	struct msg_FILTER_ANSWERS answer;
	const struct str text = STR("From: a@example.org\nSubject: =?utf-8?q?a?=\n\n");

	rcpt.scripts.at = &ref;
	rcpt.scripts.n = 1;
	question.recipients.at = &rcpt;
	question.recipients.n = 1;
	cache_give(filter->answerer.cache, 0,
	    STR("require \"regex\"; if header :regex \"subject\" \"a|b\" { discard; }"));
	answer_question(&filter->answerer, &question, text, &answer);
	arena_empty(&filter->answerer.arena);
	cache_drop(filter->answerer.cache, 0);
	/* From here on: what a site allows is not what must be warm. */
	cache_set_settings(filter->answerer.cache, &filter->settings);
}

static void
end(struct filter *filter)
{
	file_close(&filter->deliver_fd);
	cache_free(&filter->answerer.cache);
	charset_set_free(&filter->answerer.charsets);
	free(filter->delimiters);
	free(filter->hostname);
	engine_settings_fini(&filter->settings);
	conf_free(&filter->conf);
	asker_free(&filter->asker);
	arena_fini(&filter->answerer.arena);
	arena_fini(&filter->arena);
	buf_fini(&filter->answerer.scratch);
	buf_fini(&filter->answerer.made);
	buf_fini(&filter->in);
	buf_fini(&filter->out);
}

int
main(void)
{
	struct filter filter = { .deliver_fd = -1 };
	struct child_start start;

	child_begin(ROLE_FILTER, &start);
	filter.deliver_fd = child_take_peer(&start, ROLE_DELIVER);
	prepare(&filter, &start);
	/* The sandbox has no open(2): whatever is loaded late is loaded now. */
	warm_up(&filter);
	child_drop(&start);
	child_enter(&start);
	child_fini(&start);
	if (filter.deliver_fd == -1) {
		log_error("no link to a deliver process was given");
		exit(XALLOC_EXIT);
	}
	filter.asker = asker_new(filter.deliver_fd);
	filter.answerer.asker = filter.asker;
	cache_set_asker(filter.answerer.cache, filter.asker);
	serve(&filter);
	end(&filter);
	return 0;
}
