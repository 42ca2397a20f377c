/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* doorstep sieve check|test: what a script says, and what it would do to a
 * message.  Reads files and prints answers; a filter process does the rest. */

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/run_filter.h"
#include "ipc/actions.h"
#include "mail/charset.h"

struct job {
	const char *script_path, *message_path, *sender, *recipient, *original;
	bool is_json, is_traced;
	struct conf *conf;
	struct buf script, message, out;
	struct run_filter filter;
};

static const struct option long_options[] = { { "json", no_argument, NULL, 'j' },
	{ "trace", no_argument, NULL, 't' }, { NULL, 0, NULL, 0 } };

/* ---- JSON ---- */

/* RFC 8259 7; what is not UTF-8 is read as mail reads it. */
static void
add_json_text(struct buf *out, struct str text)
{
	struct buf clean = BUF_EMPTY;
	size_t i;

	charset_add_unlabelled(&clean, text);
	buf_add_byte(out, '"');
	for (i = 0; i < clean.n; i++) {
		if (clean.p[i] == '"' || clean.p[i] == '\\')
			buf_addf(out, "\\%c", clean.p[i]);
		else if ((unsigned char)clean.p[i] < ' ' || clean.p[i] == 0x7f)
			buf_addf(out, "\\u%04x", (unsigned)(unsigned char)clean.p[i]);
		else
			buf_add_byte(out, clean.p[i]);
	}
	buf_add_byte(out, '"');
	buf_fini(&clean);
}

static void
add_json_pair(struct buf *out, const char *key, struct str value)
{
	buf_addf(out, "\"%s\":", key);
	add_json_text(out, value);
}

/* A terminal must not be steered by a header. */
static void
add_plain(struct buf *out, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		buf_add_byte(out, (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? '?'
										      : text.p[i]);
}

/* ---- files ---- */

static int
read_file(const char *path, uint64_t max, struct buf *out, struct fail *why)
{
	int fd = -1, rc = -1;

	*out = BUF_LIMIT(max + 1);
	if (strcmp(path, "-") == 0)
		return file_read_all(STDIN_FILENO, out, "standard input", why);
	if (file_open(&fd, AT_FDCWD, path, O_RDONLY, 0, why) == 0)
		rc = file_read_all(fd, out, path, why);
	file_close(&fd);
	return rc;
}

/* Lines of a message end in LF on the way to filter; its size is told with
 * CRLF. */
static uint64_t
normalise(struct buf *message)
{
	uint64_t size = 0;
	size_t from, to = 0;

	for (from = 0; from < message->n; from++) {
		if (message->p[from] == '\r' && from + 1 < message->n &&
		    message->p[from + 1] == '\n')
			continue;
		size += message->p[from] == '\n' ? 2 : 1;
		message->p[to++] = message->p[from];
	}
	buf_truncate(message, to);
	return size;
}

/* A body inline, or in a sealed memfd that the caller closes. */
static int
wrap(struct str body, struct str *inline_out, int *fd_out, struct fail *why)
{
	*fd_out = -1;
	*inline_out = STR_EMPTY;
	if (body.n > WIRE_INLINE_MAX)
		return file_sealed(body, fd_out, why);
	*inline_out = body;
	return 0;
}

static int
give_script(struct job *job, struct fail *why)
{
	struct msg_DELIVER_GIVES_SCRIPT message = { .id = 1, .fd = -1, .size = job->script.n };
	int rc;

	message.name = str_of(job->script_path);
	if (wrap(buf_str(&job->script), &message.text, &message.fd, why) == -1)
		return -1;
	rc = run_filter_send(&job->filter, MSG_DELIVER_GIVES_SCRIPT, &message, why);
	file_close(&message.fd);
	return rc;
}

/* ---- check ---- */

static void
add_error_json(struct job *job, struct str line, bool is_first)
{
	struct str number, column;

	if (!str_can_split(&line, ':', &number) || !str_can_split(&line, ':', &column))
		return;
	buf_addf(&job->out, "%s{\"line\":%.*s,\"column\":%.*s,", is_first ? "" : ",",
	    STR_ARG(number), STR_ARG(column));
	add_json_pair(&job->out, "text", str_trim(line));
	buf_add_byte(&job->out, '}');
}

/* Places begin with a digit, lines of the script that are shown with blanks. */
static void
add_errors(struct job *job, struct str errors)
{
	struct str rest = errors, line;
	bool is_first = true;

	while (str_can_split(&rest, '\n', &line)) {
		if (line.n > 0 && line.p[0] >= '0' && line.p[0] <= '9') {
			if (job->is_json)
				add_error_json(job, line, is_first);
			else
				buf_addf(&job->out, "%s:", job->script_path);
			is_first = false;
		}
		if (job->is_json)
			continue;
		add_plain(&job->out, line);
		buf_add_byte(&job->out, '\n');
	}
}

static int
check(struct job *job, struct fail *why)
{
	struct msg_DELIVER_ASKS_CHECK question = { .id = 1, .script = 1 };
	union msg_any answer;
	struct str errors;

	if (give_script(job, why) == -1 ||
	    run_filter_send(&job->filter, MSG_DELIVER_ASKS_CHECK, &question, why) == -1 ||
	    run_filter_wait(&job->filter, MSG_FILTER_ANSWERS_CHECK, &answer, why) == -1)
		return EX_SOFTWARE;
	errors = answer.FILTER_ANSWERS_CHECK.errors;
	if (job->is_json) {
		buf_add_byte(&job->out, '{');
		add_json_pair(&job->out, "script", str_of(job->script_path));
		buf_addf(&job->out, ",\"valid\":%s,\"errors\":[", errors.n == 0 ? "true" : "false");
		add_errors(job, errors);
		buf_add_cstr(&job->out, "]}\n");
	} else if (errors.n == 0) {
		buf_addf(&job->out, "%s: no errors\n", job->script_path);
	} else {
		add_errors(job, errors);
	}
	return errors.n == 0 ? EX_OK : EX_DATAERR;
}

/* ---- dump ---- */

static int
dump(struct job *job, struct fail *why)
{
	struct msg_DELIVER_ASKS_CHECK question = { .id = 1, .script = 1, .is_dumped = 1 };
	union msg_any answer;

	if (give_script(job, why) == -1 ||
	    run_filter_send(&job->filter, MSG_DELIVER_ASKS_CHECK, &question, why) == -1 ||
	    run_filter_wait(&job->filter, MSG_FILTER_ANSWERS_CHECK, &answer, why) == -1)
		return EX_SOFTWARE;
	if (answer.FILTER_ANSWERS_CHECK.errors.n > 0) {
		add_errors(job, answer.FILTER_ANSWERS_CHECK.errors);
		return EX_DATAERR;
	}
	if (answer.FILTER_ANSWERS_CHECK.program.n == 0) {
		fail_set(why, FAIL_POLICY, 3, 3, 0, "", "the engine \"%s\" makes no programs: "
		    "try sieve_engine = doorstep", job->conf->sieve_engine);
		return EX_UNAVAILABLE;
	}
	buf_add_str(&job->out, answer.FILTER_ANSWERS_CHECK.program);
	return EX_OK;
}

/* ---- test ---- */

static const char *const action_names[FILTER_ACTION_COUNT] = {
	[FILTER_KEEP] = "keep",
	[FILTER_IMPLICIT_KEEP] = "implicit keep",
	[FILTER_FILEINTO] = "fileinto",
	[FILTER_DISCARD] = "discard",
	[FILTER_REDIRECT] = "redirect",
	[FILTER_REJECT] = "reject",
	[FILTER_SEND] = "send",
};

static const char *
name_action(const struct rec_action *action)
{
	return action->kind < FILTER_ACTION_COUNT ? action_names[action->kind] : "unknown";
}

static void
add_action(struct buf *out, const struct rec_action *action)
{
	buf_add_cstr(out, name_action(action));
	if (action->target.n > 0) {
		buf_add_cstr(out, " \"");
		add_plain(out, action->target);
		buf_add_byte(out, '"');
	}
	if (action->flags.n > 0) {
		buf_add_cstr(out, " flags ");
		add_plain(out, action->flags);
	}
	if (action->version > 0)
		buf_add_cstr(out, " changed");
	if (action->line > 0) {
		buf_addf(out, " (line %u: ", action->line);
		add_plain(out, action->rule);
		buf_add_byte(out, ')');
	}
	buf_add_byte(out, '\n');
}

static void
add_action_json(struct buf *out, const struct rec_action *action)
{
	struct str rest = action->flags, flag;
	const char *comma = "";

	buf_add_byte(out, '{');
	add_json_pair(out, "action", str_of(name_action(action)));
	buf_add_byte(out, ',');
	add_json_pair(out, "target", action->target);
	buf_add_cstr(out, ",\"flags\":[");
	for (; str_can_split(&rest, ' ', &flag); comma = ",") {
		buf_add_cstr(out, comma);
		add_json_text(out, flag);
	}
	buf_addf(out, "],\"line\":%u,", action->line);
	add_json_pair(out, "rule", action->rule);
	buf_addf(out, ",\"changed\":%s}", action->version > 0 ? "true" : "false");
}

static void
print_outcome_json(struct job *job, const struct rec_filter_outcome *outcome)
{
	struct buf *out = &job->out;
	size_t i;

	buf_add_byte(out, '{');
	add_json_pair(out, "script", str_of(job->script_path));
	buf_add_cstr(out, ",\"error\":");
	if (outcome->error.n > 0) {
		buf_addf(out, "{\"line\":%u,", outcome->error_line);
		add_json_pair(out, "text", outcome->error);
		buf_add_byte(out, '}');
	} else {
		buf_add_cstr(out, "null");
	}
	buf_add_cstr(out, ",\"actions\":[");
	for (i = 0; i < outcome->actions.n; i++) {
		buf_add_cstr(out, i == 0 ? "" : ",");
		add_action_json(out, &outcome->actions.at[i]);
	}
	buf_add_cstr(out, "],");
	add_json_pair(out, "notes", outcome->notes);
	buf_add_byte(out, ',');
	add_json_pair(out, "trace", outcome->trace);
	buf_add_cstr(out, "}\n");
}

static void
add_lines(struct buf *out, struct str lines)
{
	struct str line;

	while (str_can_split(&lines, '\n', &line)) {
		add_plain(out, line);
		buf_add_byte(out, '\n');
	}
}

static void
print_outcome(struct job *job, const struct rec_filter_outcome *outcome)
{
	size_t i;

	add_lines(&job->out, outcome->trace);
	add_lines(&job->out, outcome->notes);
	if (outcome->error.n > 0) {
		buf_addf(&job->out, "%s:%u: ", job->script_path, outcome->error_line);
		add_plain(&job->out, outcome->error);
		buf_add_byte(&job->out, '\n');
	}
	for (i = 0; i < outcome->actions.n; i++)
		add_action(&job->out, &outcome->actions.at[i]);
}

static int
ask(struct job *job, struct msg_DELIVER_ASKS_FILTER *question, struct fail *why)
{
	struct rec_script_ref ref = { .id = 1, .place = 1 };
	struct rec_filter_rcpt rcpt = { .index = 0, .scripts = { &ref, 1 } };
	int rc;

	rcpt.address = rcpt.user = str_of(job->recipient);
	rcpt.orcpt = str_of(job->original);
	question->is_traced = job->is_traced;
	question->sender = str_of(job->sender);
	question->now = clock_wall();
	question->recipients.at = &rcpt;
	question->recipients.n = 1;
	if (wrap(buf_str(&job->message), &question->body, &question->fd, why) == -1)
		return -1;
	rc = run_filter_send(&job->filter, MSG_DELIVER_ASKS_FILTER, question, why);
	file_close(&question->fd);
	return rc;
}

static int
test(struct job *job, struct fail *why)
{
	struct msg_DELIVER_ASKS_FILTER question = { .id = 1, .fd = -1 };
	const struct rec_filter_outcome *outcome;
	union msg_any answer;

	if (read_file(job->message_path, (uint64_t)job->conf->message_size_limit, &job->message,
		why) == -1)
		return EX_NOINPUT;
	question.wire_size = normalise(&job->message);
	question.size = job->message.n;
	if (give_script(job, why) == -1 || ask(job, &question, why) == -1 ||
	    run_filter_wait(&job->filter, MSG_FILTER_ANSWERS, &answer, why) == -1)
		return EX_SOFTWARE;
	if (answer.FILTER_ANSWERS.outcomes.n != 1) {
		fail_set(why, FAIL_OURS, 3, 0, 0, "", "the filter process gave no outcome");
		return EX_SOFTWARE;
	}
	outcome = &answer.FILTER_ANSWERS.outcomes.at[0];
	if (job->is_json)
		print_outcome_json(job, outcome);
	else
		print_outcome(job, outcome);
	return outcome->error.n == 0 ? EX_OK : EX_DATAERR;
}

/* ---- the command ---- */

struct verb {
	const char *name;
	int operands;
	int (*run)(struct job *job, struct fail *why);
};

static const struct verb verbs[] = { { "check", 1, check }, { "dump", 1, dump },
	{ "test", 2, test } };

static const struct verb *
find_verb(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* Scripts may be checked where no Doorstep is set up. */
static struct conf *
find_conf(const struct command_options *options)
{
	if (options->override_count == 0 && access(options->conf_path, F_OK) == -1)
		return conf_defaults();
	return command_read_conf(options);
}

static int
start_and_run(struct job *job, const struct verb *verb, struct fail *why)
{
	if (run_filter_start(&job->filter, job->conf, why) == -1)
		return EX_SOFTWARE;
	job->filter.script_path = job->script_path;
	return verb->run(job, why);
}

static int
work(struct job *job, const struct verb *verb)
{
	struct fail why = FAIL_EMPTY;
	int status = EX_NOINPUT;

	if (read_file(job->script_path, (uint64_t)job->conf->sieve_max_script_size, &job->script,
		&why) == 0)
		status = start_and_run(job, verb, &why);
	if (why.class != FAIL_NONE)
		fprintf(stderr, "doorstep: %s\n", why.log);
	fwrite(buf_cstr(&job->out), 1, job->out.n, stdout);
	run_filter_stop(&job->filter);
	return status;
}

static int
run(const struct command_options *options, int argc, char **argv)
{
	const struct verb *verb = find_verb(argv[1]);
	struct job job = { .sender = "sender@example.org", .recipient = "recipient@example.org",
		.original = "" };
	int option, status;

	job.filter.deliver_fd = job.filter.master_fd = -1;
	if (verb == NULL)
		return command_misused(&command_sieve);
	argc--;
	argv++;
	optind = 0; /* glibc: forget the "+" of the command's own options */
	while ((option = getopt_long(argc, argv, "a:f:r:", long_options, NULL)) != -1) {
		if (option == 'j')
			job.is_json = true;
		else if (option == 't')
			job.is_traced = true;
		else if (option == 'a')
			job.original = optarg;
		else if (option == 'f')
			job.sender = optarg;
		else if (option == 'r')
			job.recipient = optarg;
		else
			return command_misused(&command_sieve);
	}
	if (argc - optind != verb->operands)
		return command_misused(&command_sieve);
	job.script_path = argv[optind];
	job.message_path = verb->operands == 2 ? argv[optind + 1] : NULL;
	job.conf = find_conf(options);
	if (job.conf == NULL)
		return EX_CONFIG;
	status = work(&job, verb);
	conf_free(&job.conf);
	buf_fini(&job.script);
	buf_fini(&job.message);
	buf_fini(&job.out);
	return status;
}

const struct command command_sieve = { "sieve",
	"check FILE [--json] | dump FILE | test FILE MESSAGE [-f SENDER] [-r RECIPIENT] [-a ORIGINAL] "
	"[--trace] [--json]",
	"check a script, or see what it would do to a message", run };
