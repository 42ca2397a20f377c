/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* doorstep sieve: what a script says, what it would do to a message, and
 * does to those that are stored.  Reads options; the verbs do the rest. */

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/cmd_svtest.h"
#include "cli/command.h"
#include "cli/sieve_job.h"

static const struct option long_options[] = { { "json", no_argument, NULL, 'j' },
	{ "trace", no_argument, NULL, 't' }, { "yes", no_argument, NULL, 'y' },
	{ NULL, 0, NULL, 0 } };

/* Asks for a check; the answer is in job->answer. */
static int
ask_check(struct sieve_job *job, bool is_dumped, struct fail *why)
{
	struct msg_DELIVER_ASKS_CHECK question = { .id = 1, .script = 1,
		.is_dumped = is_dumped };

	if (sieve_job_start(job, why) == -1 ||
	    run_filter_send(&job->filter, MSG_DELIVER_ASKS_CHECK, &question, why) == -1)
		return -1;
	return run_filter_wait(&job->filter, MSG_FILTER_ANSWERS_CHECK, &job->answer, why);
}

static int
check(struct sieve_job *job, struct fail *why)
{
	struct str errors, warnings;

	if (ask_check(job, false, why) == -1)
		return EX_SOFTWARE;
	errors = job->answer.FILTER_ANSWERS_CHECK.errors;
	warnings = job->answer.FILTER_ANSWERS_CHECK.warnings;
	if (job->is_json) {
		sieve_print_check_json(job, errors, warnings);
		return errors.n == 0 ? EX_OK : EX_DATAERR;
	}
	sieve_print_errors(job, errors.n == 0 ? warnings : errors);
	if (errors.n == 0)
		buf_addf(&job->out, "%s: no errors\n", job->script_path);
	return errors.n == 0 ? EX_OK : EX_DATAERR;
}

static int
dump(struct sieve_job *job, struct fail *why)
{
	const struct msg_FILTER_ANSWERS_CHECK *answer = &job->answer.FILTER_ANSWERS_CHECK;

	if (ask_check(job, true, why) == -1)
		return EX_SOFTWARE;
	if (answer->errors.n > 0) {
		sieve_print_errors(job, answer->errors);
		return EX_DATAERR;
	}
	if (answer->program.n == 0) {
		fail_set(why, FAIL_POLICY, 3, 3, 0, "", "the engine \"%s\" makes no programs: "
		    "try sieve_engine = doorstep", job->conf->sieve_engine);
		return EX_UNAVAILABLE;
	}
	buf_add_str(&job->out, answer->program);
	return EX_OK;
}

static int
test(struct sieve_job *job, struct fail *why)
{
	const struct rec_filter_outcome *outcome;

	if (sieve_job_read(job->message_path, "message_size_limit",
		(uint64_t)job->conf->message_size_limit, &job->message, why) == -1)
		return EX_NOINPUT;
	if (sieve_job_start(job, why) == -1 || (outcome = sieve_job_ask(job, why)) == NULL)
		return EX_SOFTWARE;
	if (job->is_json)
		sieve_print_outcome_json(job, outcome);
	else
		sieve_print_outcome(job, outcome);
	return outcome->error.n == 0 ? EX_OK : EX_DATAERR;
}

/* ---- the command ---- */

/* Operands in the order of the command line, as places in a job. */
struct verb {
	const char *name;
	const char *operands; /* s script, m message, u user, b mailbox */
	int (*run)(struct sieve_job *job, struct fail *why);
};

static const struct verb verbs[] = { { "check", "s", check }, { "dump", "s", dump },
	{ "filter", "ubs", sieve_filter_run }, { "test", "sm", test } };

static const struct verb *
find_verb(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int
work(struct sieve_job *job, const struct verb *verb)
{
	struct fail why = FAIL_EMPTY;
	int status = EX_NOINPUT;

	if (sieve_job_read(job->script_path, "sieve_max_script_size",
		(uint64_t)job->conf->sieve_max_script_size, &job->script, &why) == 0)
		status = verb->run(job, &why);
	if (why.class != FAIL_NONE)
		fprintf(stderr, "doorstep: %s\n", why.log);
	fwrite(buf_cstr(&job->out), 1, job->out.n, stdout);
	run_filter_stop(&job->filter);
	return status;
}

static void
take_operands(struct sieve_job *job, const struct verb *verb, char **operands)
{
	const char **places[] = { ['s'] = &job->script_path, ['m'] = &job->message_path,
		['u'] = &job->user, ['b'] = &job->mailbox };
	size_t i;

	for (i = 0; verb->operands[i] != '\0'; i++)
		*places[(unsigned char)verb->operands[i]] = operands[i];
}

static int
run(const struct command_options *options, int argc, char **argv)
{
	const struct verb *verb = find_verb(argv[1]);
	struct sieve_job job = { .sender = "sender@example.org", .recipient = "recipient@example.org",
		.original = "" };
	int option, status;

	job.filter.deliver_fd = job.filter.master_fd = -1;
	if (argv[1] != NULL && strcmp(argv[1], "svtest") == 0)
		return cmd_svtest(options, argc - 1, argv + 1);
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
		else if (option == 'y')
			job.is_yes = true;
		else if (option == 'a')
			job.original = optarg;
		else if (option == 'f')
			job.sender = optarg;
		else if (option == 'r')
			job.recipient = optarg;
		else
			return command_misused(&command_sieve);
	}
	if (argc - optind != (int)strlen(verb->operands))
		return command_misused(&command_sieve);
	take_operands(&job, verb, argv + optind);
	job.conf = command_find_conf(options);
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
	"[--trace] [--json] | filter USER MAILBOX FILE [--yes] | svtest [-F] [--json] FILE...",
	"check a script, or see what it would do to a message", run };
