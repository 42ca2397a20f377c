/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_CONTROL_H
#define DOORSTEP_CLI_CONTROL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "conf/conf.h"

/*
 * One question to the running doorstepd over its control socket.  The answer
 * points into the struct, until control_fini.  Commands: ping, status, reload,
 * stop, user ADDRESS, sync OWNER, work OWNER WORK....
 */
struct control {
	struct msg_MASTER_ANSWERS_CONTROL answer;
	struct buf packet;
	struct arena arena;
};

/* 0: there is an answer (whose is_ok may be 0).  -1: doorstepd could not be
 * asked, why->log says why. */
int control_ask(struct control *c, const struct conf *conf, const char *command,
    const char *argument, struct fail *why);
void control_fini(struct control *c); /* legal after a failure */

/* Asks, and prints the answer's text, or the reason on stderr; returns a
 * status of sysexits(3): EX_UNAVAILABLE when nobody could be asked, else what
 * doorstepd says. */
int control_print(const struct conf *conf, const char *command, const char *argument);

/* A subcommand that is one word to doorstepd and takes no operands: its run. */
struct command;
struct command_options;
int control_run_word(const struct command *command, const struct command_options *options,
    int argc);

#endif
