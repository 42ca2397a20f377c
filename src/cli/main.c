/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The doorstep command: finds the subcommand and hands over.  What each does
 * is in cmd_NAME.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "config.h"

static const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cli/commands.def"
#undef COMMAND
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void
print_usage(FILE *to)
{
	size_t i;

	fprintf(to, "usage: doorstep [-c FILE] [-o KEY=VALUE]... [-v] COMMAND ...\n\n");
	for (i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
}

int
command_misused(const struct command *command)
{
	fprintf(stderr, "usage: doorstep %s %s\n", command->name, command->usage);
	return EX_USAGE;
}

struct conf *
command_read_conf(const struct command_options *options)
{
	struct buf errors = BUF_EMPTY;
	struct conf *conf = NULL;

	if (conf_read_with(options->conf_path, options->overrides, options->override_count, &conf,
	    &errors) == -1)
		fputs(buf_cstr(&errors), stderr);
	buf_fini(&errors);
	return conf;
}

struct conf *
command_find_conf(const struct command_options *options)
{
	if (options->override_count == 0 && access(options->conf_path, F_OK) == -1)
		return conf_defaults();
	return command_read_conf(options);
}

static const struct command *
find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int
run(const struct command_options *options, int argc, char **argv)
{
	const struct command *command = find_command(argv[0]);

	if (command == NULL) {
		fprintf(stderr, "doorstep: there is no command \"%s\"\n", argv[0]);
		print_usage(stderr);
		return EX_USAGE;
	}
	/* The subcommand's own options begin behind its name; 0 makes glibc forget
	 * the "+" of those before it. */
	optind = 0;
	return command->run(options, argc, argv);
}

int
main(int argc, char **argv)
{
	struct command_options options = { .conf_path = DOORSTEP_CONF_FILE };
	const char **overrides = xcalloc((size_t)argc + 1, sizeof *overrides);
	int option, status = EX_USAGE;

	log_init("doorstep", STDERR_FILENO, LOG_L_WARN);
	options.overrides = overrides;
	/* "+": stop at the subcommand, whose options are its own. */
	while ((option = getopt(argc, argv, "+c:o:vVh")) != -1) {
		if (option == 'c') {
			options.conf_path = optarg;
		} else if (option == 'o') {
			overrides[options.override_count++] = optarg;
		} else if (option == 'v') {
			options.is_verbose = true;
		} else if (option == 'V') {
			printf("doorstep %s\n", DOORSTEP_VERSION);
			status = EX_OK;
			goto out;
		} else {
			print_usage(option == 'h' ? stdout : stderr);
			status = option == 'h' ? EX_OK : EX_USAGE;
			goto out;
		}
	}
	if (optind == argc)
		print_usage(stderr);
	else
		status = run(&options, argc - optind, argv + optind);
out:
	free(overrides);
	return status;
}
