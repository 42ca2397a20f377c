/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What `doorstep sieve` shows, for people and as JSON.  Asks nothing. */

#include "cli/sieve_job.h"

#include "ipc/actions.h"
#include "mail/charset.h"

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
void
sieve_print_plain(struct buf *out, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		buf_add_byte(out, (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? '?'
										      : text.p[i]);
}

static void
add_error_json(struct sieve_job *job, struct str line, bool is_first)
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
void
sieve_print_errors(struct sieve_job *job, struct str errors)
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
		sieve_print_plain(&job->out, line);
		buf_add_byte(&job->out, '\n');
	}
}

static const char *const action_names[FILTER_ACTION_COUNT] = {
	[FILTER_KEEP] = "keep",
	[FILTER_IMPLICIT_KEEP] = "implicit keep",
	[FILTER_FILEINTO] = "fileinto",
	[FILTER_DISCARD] = "discard",
	[FILTER_REDIRECT] = "redirect",
	[FILTER_REJECT] = "reject",
	[FILTER_SEND] = "send",
	[FILTER_PIPE] = "pipe",
};

static const char *
name_action(const struct rec_action *action)
{
	return action->kind < FILTER_ACTION_COUNT ? action_names[action->kind] : "unknown";
}

void
sieve_print_action(struct buf *out, const struct rec_action *action)
{
	buf_add_cstr(out, name_action(action));
	if (action->target.n > 0) {
		buf_add_cstr(out, " \"");
		sieve_print_plain(out, action->target);
		buf_add_byte(out, '"');
	}
	if (action->flags.n > 0) {
		buf_add_cstr(out, " flags ");
		sieve_print_plain(out, action->flags);
	}
	if (action->version > 0)
		buf_add_cstr(out, " changed");
	if (action->line > 0) {
		buf_addf(out, " (line %u: ", action->line);
		sieve_print_plain(out, action->rule);
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

void
sieve_print_outcome_json(struct sieve_job *job, const struct rec_filter_outcome *outcome)
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
		sieve_print_plain(out, line);
		buf_add_byte(out, '\n');
	}
}

void
sieve_print_outcome(struct sieve_job *job, const struct rec_filter_outcome *outcome)
{
	size_t i;

	add_lines(&job->out, outcome->trace);
	add_lines(&job->out, outcome->notes);
	if (outcome->error.n > 0) {
		buf_addf(&job->out, "%s:", job->script_path);
		/* One in an included script names its own place. */
		if (outcome->error_line > 0)
			buf_addf(&job->out, "%u:", outcome->error_line);
		buf_add_byte(&job->out, ' ');
		sieve_print_plain(&job->out, outcome->error);
		buf_add_byte(&job->out, '\n');
	}
	for (i = 0; i < outcome->actions.n; i++)
		sieve_print_action(&job->out, &outcome->actions.at[i]);
}

void
sieve_print_check_json(struct sieve_job *job, struct str errors, struct str warnings)
{
	buf_add_byte(&job->out, '{');
	add_json_pair(&job->out, "script", str_of(job->script_path));
	buf_addf(&job->out, ",\"valid\":%s,\"errors\":[", errors.n == 0 ? "true" : "false");
	sieve_print_errors(job, errors);
	buf_add_cstr(&job->out, "],\"warnings\":[");
	sieve_print_errors(job, warnings);
	buf_add_cstr(&job->out, "]}\n");
}
