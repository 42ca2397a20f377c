/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep reload: doorstepd reads its configuration again. */
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
		return command_misused(&command_reload);
	conf = command_read_conf(options);
	if (conf == NULL)
		return EX_CONFIG;
	status = control_print(conf, "reload", "");
	conf_free(&conf);
	return status;
}

const struct command command_reload = { "reload", "", "read the configuration again", run };
