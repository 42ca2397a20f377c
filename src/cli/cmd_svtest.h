/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_CMD_SVTEST_H
#define DOORSTEP_CLI_CMD_SVTEST_H

#include "cli/command.h"

/* `doorstep sieve svtest ...`, argv[0] being `svtest`; returns its exit status. */
int cmd_svtest(const struct command_options *options, int argc, char **argv);

#endif
