/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep stop: doorstepd finishes what it accepted and ends. */
#include "cli/command.h"
#include "cli/control.h"

static int
run(const struct command_options *options, int argc, char **argv)
{
	(void)argv;
	return control_run_word(&command_stop, options, argc);
}

const struct command command_stop = { "stop", "", "finish what was accepted, then end", run };
