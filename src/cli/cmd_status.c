/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep status: the processes of a running doorstepd. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/outbox.h"
#include "ipc/roles.h"

static const char *
role_name(uint32_t role)
{
	return role < ROLE_COUNT ? role_spec((enum role)role)->name : "?";
}

/* The largest unit that is not 0: a glance is enough. */
static void
print_age(int64_t since)
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	int64_t age = since == 0 ? 0 : (clock_wall() - since) / CLOCK_SECOND;
	size_t i = 0;

	while (i < 3 && age < units[i].seconds)
		i++;
	printf(" %6" PRId64 "%c", age / units[i].seconds, units[i].letter);
}

/* What waits to be sent, as of the last checkpoint: nobody is disturbed. */
static void
print_waiting(const struct conf *conf, bool is_json)
{
	size_t count, i;
	char **owners = outbox_list_owners(conf, &count);
	bool is_first = true;
	uint64_t rows;

	for (i = 0; i < count; i++) {
		rows = outbox_count(conf, owners[i]);
		if (rows == 0)
			continue;
		if (is_json)
			printf("%s\n  {\"owner\": \"%s\", \"waiting\": %" PRIu64 "}", is_first ? "" : ",",
			    owners[i], rows);
		else
			printf("%soutbox of %s: %" PRIu64 " messages wait to be sent\n",
			    is_first ? "\n" : "", owners[i], rows);
		is_first = false;
	}
	owners_free_list(owners, count);
}

static void
print_table(const struct msg_MASTER_ANSWERS_CONTROL *answer, const struct conf *conf)
{
	size_t i;

	if (answer->text.n > 0)
		printf("%.*s\n", STR_ARG(answer->text));
	printf("%-10s %-14s %8s %7s %9s %s\n", "PROCESS", "OWNER", "PID", "FOR", "RESTARTS",
	    "STATE");
	for (i = 0; i < answer->processes.n; i++) {
		const struct rec_process *p = &answer->processes.at[i];

		printf("%-10s %-14.*s %8" PRIu32, role_name(p->role),
		    p->owner.n == 0 ? 1 : (int)p->owner.n, p->owner.n == 0 ? "-" : p->owner.p,
		    p->pid);
		print_age(p->since);
		printf(" %9" PRIu32 " %.*s\n", p->restarts, STR_ARG(p->state));
	}
	print_waiting(conf, false);
}

/* Owners and states are words of ours: nothing in them needs an escape. */
static void
print_json(const struct msg_MASTER_ANSWERS_CONTROL *answer, const struct conf *conf)
{
	size_t i;

	printf("{\"processes\": [");
	for (i = 0; i < answer->processes.n; i++) {
		const struct rec_process *p = &answer->processes.at[i];

		printf("%s\n  {\"process\": \"%s\", \"owner\": \"%.*s\", \"pid\": %" PRIu32
		    ", \"restarts\": %" PRIu32 ", \"since\": %" PRId64 ".%06d, \"state\": \"%.*s\"}",
		    i == 0 ? "" : ",", role_name(p->role), STR_ARG(p->owner), p->pid, p->restarts,
		    p->since / CLOCK_SECOND, (int)(p->since % CLOCK_SECOND), STR_ARG(p->state));
	}
	printf("\n], \"outbox\": [");
	print_waiting(conf, true);
	printf("\n]}\n");
}

static int
print_status(const struct conf *conf, bool is_json)
{
	struct fail why = FAIL_EMPTY;
	struct control c;
	int status = EX_UNAVAILABLE;

	if (control_ask(&c, conf, "status", "", &why) == -1) {
		fprintf(stderr, "doorstep: %s\n", why.log);
	} else if (!c.answer.is_ok) {
		fprintf(stderr, "doorstep: %.*s\n", STR_ARG(c.answer.text));
		status = c.answer.status;
	} else {
		(is_json ? print_json : print_table)(&c.answer, conf);
		status = EX_OK;
	}
	control_fini(&c);
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
			return command_misused(&command_status);
		is_json = true;
	}
	if (optind != argc)
		return command_misused(&command_status);
	conf = command_read_conf(options);
	if (conf == NULL)
		return EX_CONFIG;
	status = print_status(conf, is_json);
	conf_free(&conf);
	return status;
}

const struct command command_status = { "status", "[--json]", "the running processes", run };
