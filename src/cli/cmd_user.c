/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep user: how an address is looked up, and what is found. */
#include <sysexits.h>

#include "cli/command.h"
#include "cli/control.h"

static int
run(const struct command_options *options, int argc, char **argv)
{
	struct conf *conf;
	int status;

	if (argc != 2)
		return command_misused(&command_user);
	conf = command_read_conf(options);
	if (conf == NULL)
		return EX_CONFIG;
	status = control_print(conf, "user", argv[1]);
	conf_free(&conf);
	return status;
}

const struct command command_user = { "user", "ADDRESS", "how an address is looked up", run };
