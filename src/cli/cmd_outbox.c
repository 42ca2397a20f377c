/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep outbox: what waits to be sent, sooner or not at all. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/index.h"
#include "cli/outbox.h"

struct asked {
	const struct conf *conf;
	bool is_json;
	int count;
	char **words;
};

/* OWNER/NUMBER; without an owner it is the virtual users'.  *owner_out: owned,
 * NULL when it is no id. */
static bool
is_id(const char *word, char **owner_out, uint64_t *id_out)
{
	struct str text = str_of(word);
	ptrdiff_t slash = str_find_last_byte(text, '/');

	*owner_out = NULL;
	if (!str_is_number(str_from(text, (size_t)(slash + 1)), UINT64_MAX, id_out))
		return false;
	*owner_out = slash == -1 ? xstrdup("virtual") : xstrndup(str_sub(text, 0, (size_t)slash));
	return true;
}

static int
not_there(const char *word)
{
	fprintf(stderr, "doorstep: there is no %s in the outbox\n", word);
	return 1;
}

/* ---- list and show ---- */

static int
end_list(struct outbox_listing *l, int status)
{
	bool is_empty = l->printed == NULL || *l->printed == 0;

	if (l->is_json)
		puts(is_empty ? "]" : "\n]");
	else if (is_empty && status == EX_OK)
		puts("nothing waits to be sent");
	return status;
}

static int
list_all(const struct asked *a, struct outbox_listing *l)
{
	size_t count;
	char **owners = outbox_list_owners(a->conf, &count);
	int worst = EX_OK, status;

	for (size_t i = 0; i < count; i++) {
		index_sync(a->conf, owners[i]);
		status = outbox_print_rows(a->conf, owners[i], l);
		if (status != OWNERS_NOT_HERE && status > worst)
			worst = status;
	}
	owners_free_list(owners, count);
	return worst;
}

static int
run_list(const struct asked *a)
{
	struct outbox_listing l = { .is_json = a->is_json };
	struct owners_user user;
	int status;

	if (a->count > 1)
		return -1;
	if (l.is_json)
		fputs("[", stdout);
	if (a->count == 0)
		return end_list(&l, list_all(a, &l));
	owners_look_up(a->conf, a->words[0], &user);
	l.user = user.name;
	if (user.owner != NULL) {
		index_sync(a->conf, user.owner);
		status = outbox_print_rows(a->conf, user.owner, &l);
	} else
		status = list_all(a, &l);
	status = end_list(&l, status == OWNERS_NOT_HERE ? EX_OK : status);
	owners_user_fini(&user);
	return status;
}

static int
run_show(const struct asked *a)
{
	uint64_t id;
	char *owner;
	int status;

	if (a->count != 1 || a->is_json)
		return -1;
	if (!is_id(a->words[0], &owner, &id))
		return not_there(a->words[0]);
	status = OWNERS_NOT_HERE;
	if (outbox_is_there(a->conf, owner)) {
		index_sync(a->conf, owner);
		status = outbox_print_row(a->conf, owner, id);
	}
	free(owner);
	return status == OWNERS_NOT_HERE ? not_there(a->words[0]) : status;
}

/* ---- through doorstepd ---- */

/* A system user's deliver is started by a question, but answers none before it
 * runs. */
#define LOOKS 50
#define LOOK_WAIT 100000

static void
wait_for_deliver(const struct conf *conf, const char *owner)
{
	bool is_coming = true;
	struct control c;

	for (int i = 0; is_coming && i < LOOKS; i++) {
		if (i > 0)
			usleep(LOOK_WAIT);
		is_coming = control_ask(&c, conf, "sync", owner, NULL) == 0 &&
		    c.answer.status == EX_TEMPFAIL;
		control_fini(&c);
	}
}

static int
ask(const struct asked *a, const char *owner, const char *verb, const char *object)
{
	struct buf work = BUF_EMPTY;
	int status;

	wait_for_deliver(a->conf, owner);
	buf_addf(&work, "%s %s %s", owner, verb, object);
	status = control_print(a->conf, "work", buf_cstr(&work));
	buf_fini(&work);
	return status;
}

/* The row that a word names.  Nobody's deliver is started for what is not there. */
static int
ask_row(const struct asked *a, const char *verb, const char *word)
{
	struct buf number = BUF_EMPTY;
	int status = OWNERS_NOT_HERE;
	uint64_t id;
	char *owner;

	if (is_id(word, &owner, &id) && outbox_is_there(a->conf, owner)) {
		buf_add_number(&number, id);
		status = ask(a, owner, verb, buf_cstr(&number));
	}
	buf_fini(&number);
	free(owner);
	return status == OWNERS_NOT_HERE ? not_there(word) : status;
}

static int
flush_all(const struct asked *a)
{
	size_t count;
	char **owners = outbox_list_owners(a->conf, &count);
	int worst = EX_OK, status;

	for (size_t i = 0; i < count; i++) {
		status = ask(a, owners[i], "flush", "all");
		worst = status > worst ? status : worst;
	}
	if (count == 0)
		puts("nothing waits to be sent");
	owners_free_list(owners, count);
	return worst;
}

static int
flush_user(const struct asked *a, const char *name)
{
	struct owners_user user;
	struct buf object = BUF_EMPTY;
	int status = EX_NOUSER;

	owners_look_up(a->conf, name, &user);
	buf_addf(&object, "user %s", user.name);
	if (user.owner != NULL && !outbox_is_there(a->conf, user.owner)) {
		puts("nothing waits to be sent");
		status = EX_OK;
	} else if (user.owner != NULL)
		status = ask(a, user.owner, "flush", buf_cstr(&object));
	else
		fprintf(stderr, "doorstep: %s: doorstepd does not know this user, or does not run\n",
		    name);
	buf_fini(&object);
	owners_user_fini(&user);
	return status;
}

static int
run_flush(const struct asked *a)
{
	uint64_t id;
	char *owner;

	if (a->count > 1 || a->is_json)
		return -1;
	if (a->count == 0)
		return flush_all(a);
	if (!is_id(a->words[0], &owner, &id))
		return flush_user(a, a->words[0]);
	free(owner);
	return ask_row(a, "flush", a->words[0]);
}

static int
run_delete(const struct asked *a)
{
	int worst = EX_OK, status;

	if (a->count == 0 || a->is_json)
		return -1;
	for (int i = 0; i < a->count; i++) {
		status = ask_row(a, "delete", a->words[i]);
		worst = status > worst ? status : worst;
	}
	return worst;
}

static const struct verb {
	const char *name;
	int (*run)(const struct asked *a); /* -1: misused */
} verbs[] = {
	{ "list", run_list },
	{ "show", run_show },
	{ "flush", run_flush },
	{ "delete", run_delete },
};

static int
run(const struct command_options *options, int argc, char **argv)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 } };
	struct asked a = { .is_json = false };
	struct conf *conf;
	int option, status = -1;

	while ((option = getopt_long(argc, argv, "j", longs, NULL)) != -1) {
		if (option != 'j')
			return command_misused(&command_outbox);
		a.is_json = true;
	}
	if (optind == argc)
		return command_misused(&command_outbox);
	conf = command_read_conf(options);
	if (conf == NULL)
		return EX_CONFIG;
	a.conf = conf;
	a.count = argc - optind - 1;
	a.words = argv + optind + 1;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].name, argv[optind]) == 0)
			status = verbs[i].run(&a);
	conf_free(&conf);
	return status == -1 ? command_misused(&command_outbox) : status;
}

const struct command command_outbox = { "outbox",
	"list [--json] [USER] | show ID | flush [ID | USER] | delete ID...",
	"what waits to be sent", run };
