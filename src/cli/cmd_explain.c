/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep explain: where a message was delivered, and which line of which
 * script wanted it so. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "cli/command.h"
#include "cli/index.h"
#include "cli/print.h"
#include "doorstep.h"

struct explaining {
	const char *user;
	struct str message_id; /* without brackets */
	bool is_json;
	size_t found;
	struct doorstep_snapshot *now;
	const struct doorstep_mailbox *mailbox; /* at hand */
	struct doorstep_error error;
};

static void
print_line(const char *label, const char *text)
{
	if (text[0] == '\0')
		return;
	printf("%-9s ", label);
	print_text(stdout, text);
	putchar('\n');
}

/* `implicit keep`, `fileinto by /home/jane/.dovecot.sieve:12 (lists)`. */
static void
print_why(const struct doorstep_message *m)
{
	printf("%-9s ", "because");
	print_text(stdout, m->action[0] == '\0' ? "it is not known" : m->action);
	if (strcmp(m->action, "adopted") == 0)
		fputs(": found in the folder, put there by another program", stdout);
	if (m->script[0] != '\0') {
		fputs(", by ", stdout);
		print_text(stdout, m->script);
		if (m->line != 0)
			printf(":%" PRIu32, m->line);
	} else if (strcmp(m->action, "adopted") != 0)
		fputs(", by no script", stdout);
	if (m->rule[0] != '\0') {
		fputs(" (", stdout);
		print_text(stdout, m->rule);
		putchar(')');
	}
	putchar('\n');
}

static void
print_message(const struct explaining *e, const struct doorstep_message *m)
{
	if (e->found > 0)
		putchar('\n');
	print_line("mailbox", e->mailbox->name);
	print_why(m);
	printf("%-9s ", "received");
	print_time(stdout, m->received);
	printf("\n%-9s %" PRIu32 "\n", "uid", m->uid);
	printf("%-9s ", "file");
	print_text(stdout, e->mailbox->path);
	fputs("/{new,cur}/", stdout);
	print_text(stdout, m->file);
	printf("\n%-9s %" PRIu64 "\n", "size", m->size);
	printf("%-9s <", "sender");
	print_text(stdout, m->sender);
	puts(">");
	print_line("recipient", m->address);
	print_line("from", m->from);
	print_line("subject", m->subject);
	print_line("flags", m->flags);
	print_line("trace", m->trace_id);
}

static void
print_pair(const char *key, const char *text)
{
	printf(",\"%s\":", key);
	print_json(stdout, text);
}

static void
print_message_json(const struct explaining *e, const struct doorstep_message *m)
{
	printf("%s{\"uid\":%" PRIu32 ",\"received\":%" PRId64 ",\"size\":%" PRIu64 ",\"line\":%" PRIu32,
	    e->found == 0 ? "" : ",\n", m->uid, m->received, m->size, m->line);
	print_pair("mailbox", e->mailbox->name);
	print_pair("path", e->mailbox->path);
	print_pair("file", m->file);
	print_pair("action", m->action);
	print_pair("script", m->script);
	print_pair("rule", m->rule);
	print_pair("sender", m->sender);
	print_pair("recipient", m->address);
	print_pair("message_id", m->message_id);
	print_pair("from", m->from);
	print_pair("subject", m->subject);
	print_pair("flags", m->flags);
	print_pair("trace_id", m->trace_id);
	putchar('}');
}

static struct str
without_brackets(struct str id)
{
	id = str_trim(id);
	if (id.n >= 2 && id.p[0] == '<' && id.p[id.n - 1] == '>')
		return str_sub(id, 1, id.n - 2);
	return id;
}

static int
see_message(const struct doorstep_message *message, void *arg)
{
	struct explaining *e = arg;

	if (!str_is_equal(without_brackets(str_of(message->message_id)), e->message_id))
		return 0;
	(e->is_json ? print_message_json : print_message)(e, message);
	e->found++;
	return 0;
}

static int
see_mailbox(const struct doorstep_mailbox *mailbox, void *arg)
{
	struct explaining *e = arg;

	e->mailbox = mailbox;
	return doorstep_each_message(e->now, mailbox->id, 1, UINT32_MAX, see_message, e, &e->error);
}

static int
explain_user(struct explaining *e)
{
	struct doorstep_user user;
	int rc = doorstep_find_user(e->now, e->user, &user, &e->error);

	if (rc != 0)
		return rc == 1 ? OWNERS_NOT_HERE : -1;
	if (e->is_json)
		putchar('[');
	rc = doorstep_each_mailbox(e->now, e->user, see_mailbox, e, &e->error);
	if (e->is_json)
		puts("]");
	if (rc != 0)
		return -1;
	if (e->found == 0)
		fprintf(stderr, "doorstep: %s has no message <%.*s> in the index: it was moved "
				"away or expunged, or was never delivered\n",
		    e->user, STR_ARG(e->message_id));
	return e->found > 0 ? EX_OK : 1;
}

static int
explain_in_store(const char *dir, const char *owner, void *arg)
{
	struct explaining *e = arg;
	struct doorstep *store = NULL;
	int rc = doorstep_open(dir, &store, &e->error);

	(void)owner;
	if (rc == -1 && e->error.code == DOORSTEP_NOT_FOUND)
		return OWNERS_NOT_HERE;
	if (rc == 0)
		rc = doorstep_begin(store, &e->now, &e->error);
	if (rc == 0)
		rc = explain_user(e);
	if (rc == -1)
		rc = owners_failed(&e->error);
	doorstep_end(&e->now);
	doorstep_close(&store);
	return rc;
}

static int
explain(const struct conf *conf, const char *address, const char *message_id, bool is_json)
{
	struct explaining e = { .is_json = is_json,
		.message_id = without_brackets(str_of(message_id)) };
	struct owners_user user;
	int status;

	owners_look_up(conf, address, &user);
	e.user = user.name;
	if (user.owner != NULL)
		index_sync(conf, user.owner);
	status = owners_run_user(conf, &user, explain_in_store, &e);
	owners_user_fini(&user);
	return status;
}

static int
run(const struct command_options *options, int argc, char **argv)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 } };
	bool is_json = false;
	struct conf *conf;
	int option, status;

	while ((option = getopt_long(argc, argv, "j", longs, NULL)) != -1) {
		if (option != 'j')
			return command_misused(&command_explain);
		is_json = true;
	}
	if (argc - optind != 2)
		return command_misused(&command_explain);
	conf = command_read_conf(options);
	if (conf == NULL)
		return EX_CONFIG;
	status = explain(conf, argv[optind], argv[optind + 1], is_json);
	conf_free(&conf);
	return status;
}

const struct command command_explain = { "explain", "[--json] USER MESSAGE-ID",
	"where a message was put, and why", run };
