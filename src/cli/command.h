/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_COMMAND_H
#define DOORSTEP_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

/* What stood before the subcommand: doorstep [-c FILE] [-o key=value]... [-v]. */
struct command_options {
	const char *conf_path;
	const char *const *overrides;
	size_t override_count;
	bool is_verbose;
};

/* A subcommand. run gets its own argv (argv[0] is its name, getopt(3) is ready
 * to start) and returns an exit status of sysexits(3). */
struct command {
	const char *name;
	const char *usage; /* what follows the name: "[-v]" */
	const char *summary;
	int (*run)(const struct command_options *options, int argc, char **argv);
};

#define COMMAND(name) extern const struct command command_##name;
#include "cli/commands.def"
#undef COMMAND

/* The configuration, owned (conf_free); NULL with the errors on stderr: the
 * command then returns EX_CONFIG. */
struct conf *command_read_conf(const struct command_options *options);
/* The same where a command is of use without a Doorstep that is set up: all
 * defaults when there is no file. */
struct conf *command_find_conf(const struct command_options *options);

/* "usage: doorstep NAME ..." on stderr; returns EX_USAGE. */
int command_misused(const struct command *command);

#endif
