/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep index: what the index knows, through libdoorstep, and the entry to
 * its other verbs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/control.h"
#include "cli/index.h"
#include "cli/print.h"
#include "doorstep.h"

struct listing {
	const char *user, *mailbox; /* NULL: all */
	struct doorstep_snapshot *now;
	struct doorstep_error error;
};

static int
print_mailbox(const struct doorstep_mailbox *mailbox, void *arg)
{
	(void)arg;
	printf("%8" PRIu64 " %12" PRIu64 " %10" PRIu32 " %8" PRIu32 "  ", mailbox->messages,
	    mailbox->bytes, mailbox->uidvalidity, mailbox->uidnext);
	print_text(stdout, mailbox->name);
	putchar('\n');
	return 0;
}

static int
print_user(const struct doorstep_user *user, void *arg)
{
	(void)arg;
	printf("%8" PRIu64 " %12" PRIu64 "  ", user->messages, user->bytes);
	print_text(stdout, user->name);
	putchar('\n');
	return 0;
}

static int
print_message(const struct doorstep_message *message, void *arg)
{
	(void)arg;
	printf("%6" PRIu32 " ", message->uid);
	print_time(stdout, message->received);
	printf(" %9" PRIu64 " %-20s ", message->size, message->flags[0] == '\0' ? "-" :
							 message->flags);
	print_text(stdout, message->from);
	fputs(" | ", stdout);
	print_text(stdout, message->subject);
	putchar('\n');
	return 0;
}

static int
list_messages(struct listing *l)
{
	struct doorstep_mailbox mailbox;
	int rc = doorstep_find_mailbox(l->now, l->user, l->mailbox, &mailbox, &l->error);

	if (rc == 1) {
		fprintf(stderr, "doorstep: %s has no mailbox \"%s\" in the index\n", l->user,
		    l->mailbox);
		return 1;
	}
	if (rc == 0) {
		printf("%6s %-19s %9s %-20s %s\n", "UID", "RECEIVED", "SIZE", "FLAGS",
		    "FROM | SUBJECT");
		rc = doorstep_each_message(l->now, mailbox.id, 1, UINT32_MAX, print_message, NULL,
		    &l->error);
	}
	return rc;
}

static int
list_mailboxes(struct listing *l)
{
	printf("%8s %12s %10s %8s  %s\n", "MESSAGES", "BYTES", "VALIDITY", "UIDNEXT", "MAILBOX");
	return doorstep_each_mailbox(l->now, l->user, print_mailbox, NULL, &l->error);
}

static int
list_one(struct listing *l)
{
	struct doorstep_user user;
	int rc;

	if (l->user == NULL)
		return doorstep_each_user(l->now, print_user, NULL, &l->error);
	rc = doorstep_find_user(l->now, l->user, &user, &l->error);
	if (rc != 0)
		return rc == 1 ? OWNERS_NOT_HERE : -1;
	return l->mailbox == NULL ? list_mailboxes(l) : list_messages(l);
}

static int
list_store(const char *dir, const char *owner, void *arg)
{
	struct listing *l = arg;
	struct doorstep *store = NULL;
	int rc = doorstep_open(dir, &store, &l->error);

	(void)owner;
	if (rc == -1 && l->error.code == DOORSTEP_NOT_FOUND)
		return OWNERS_NOT_HERE;
	if (rc == 0)
		rc = doorstep_begin(store, &l->now, &l->error);
	if (rc == 0)
		rc = list_one(l);
	if (rc == -1)
		rc = owners_failed(&l->error);
	doorstep_end(&l->now);
	doorstep_close(&store);
	return rc;
}

void
index_sync(const struct conf *conf, const char *owner)
{
	struct control c;

	/* Without doorstepd the index is as new as it gets. */
	control_ask(&c, conf, "sync", owner, NULL);
	control_fini(&c);
}

static int
run_list(const struct conf *conf, const struct owners_user *user, const char *mailbox)
{
	struct listing l = { .user = user == NULL ? NULL : user->name, .mailbox = mailbox };

	if (user == NULL) {
		printf("%8s %12s  %s\n", "MESSAGES", "BYTES", "USER");
		return owners_run_all(conf, list_store, &l);
	}
	if (user->owner != NULL)
		index_sync(conf, user->owner);
	return owners_run_user(conf, user, list_store, &l);
}

static int
run_verify(const struct conf *conf, const struct owners_user *user, const char *mailbox)
{
	(void)mailbox;
	return index_verify(conf, user);
}

static int
run_rebuild(const struct conf *conf, const struct owners_user *user, const char *mailbox)
{
	(void)mailbox;
	return index_rebuild(conf, user, "rebuild");
}

/* For a reader of libdoorstep that must see what has just been answered. */
static int
run_sync(const struct conf *conf, const struct owners_user *user, const char *mailbox)
{
	(void)mailbox;
	if (user == NULL)
		return command_misused(&command_index);
	if (user->owner != NULL)
		return control_print(conf, "sync", user->owner);
	if (!owners_has_daemon(conf)) {
		fputs("doorstep: doorstepd does not run: what it left in the journal comes into the "
		      "index when it starts\n", stderr);
		return EX_UNAVAILABLE;
	}
	fprintf(stderr, "doorstep: %s: doorstepd does not know this user\n", user->name);
	return EX_NOUSER;
}

static const struct verb {
	const char *name;
	int arguments; /* at most */
	int (*run)(const struct conf *conf, const struct owners_user *user, const char *mailbox);
} verbs[] = {
	{ "list", 2, run_list },
	{ "verify", 1, run_verify },
	{ "rebuild", 1, run_rebuild },
	{ "sync", 1, run_sync },
};

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int
run(const struct command_options *options, int argc, char **argv)
{
	const struct verb *verb = argc < 2 ? NULL : find_verb(argv[1]);
	struct owners_user user = { .name = NULL };
	struct conf *conf;
	int status;

	if (verb == NULL || argc - 2 > verb->arguments)
		return command_misused(&command_index);
	conf = command_read_conf(options);
	if (conf == NULL)
		return EX_CONFIG;
	if (argc > 2)
		owners_look_up(conf, argv[2], &user);
	status = verb->run(conf, argc > 2 ? &user : NULL, argc > 3 ? argv[3] : NULL);
	owners_user_fini(&user);
	conf_free(&conf);
	return status;
}

const struct command command_index = { "index",
	"list [USER [MAILBOX]] | verify [USER] | rebuild [USER] | sync USER",
	"the index: list it, compare it, make it again", run };
