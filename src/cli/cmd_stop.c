/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep stop: doorstepd finishes what it accepted and ends. */
#include <sysexits.h>

#include "cli/command.h"
#include "cli/control.h"

static int
run(const struct command_options *options, int argc, char **argv)
{
	struct conf *conf;
	int status;

	(void)argv;
	if (argc != 1)
		return command_misused(&command_stop);
	conf = command_read_conf(options);
	if (conf == NULL)
		return EX_CONFIG;
	status = control_print(conf, "stop", "");
	conf_free(&conf);
	return status;
}

const struct command command_stop = { "stop", "", "finish what was accepted, then end", run };
