/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep reload: doorstepd reads its configuration again. */
#include "cli/command.h"
#include "cli/control.h"

static int
run(const struct command_options *options, int argc, char **argv)
{
	(void)argv;
	return control_run_word(&command_reload, options, argc);
}

const struct command command_reload = { "reload", "", "read the configuration again", run };
