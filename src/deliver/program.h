/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_PROGRAM_H
#define DOORSTEP_DELIVER_PROGRAM_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/loop.h"

/*
 * One program of the site, run for one message: without a shell, with nothing
 * but what is said here.  All of it is on the loop; nothing waits.
 *
 * The program has its own process group, which is killed at the end, whatever
 * the end is; input on descriptor 0, output on 1, errors on 2, and no other
 * descriptor; the root directory as its working directory; no core files.  As
 * deliver, and all it starts, it can gain no privilege (no set-uid).
 */

#define PROGRAM_NAME_MAX 128 /* bytes; SIEVE_PROGRAM_*, once more: filter is not believed */
#define PROGRAM_ARGUMENT_MAX 1024
#define PROGRAM_ARGUMENTS_MAX 32
#define PROGRAM_ERRORS_MAX 2048 /* bytes of its standard error that are logged */
#define PROGRAM_FILES_MAX 256	/* descriptors that it may open */

/* What it is to be given. */
struct program_order {
	const char *path; /* as program_find has it */
	struct str arguments; /* each with LF behind it */
	const char *const *environment; /* NAME=value, ends with NULL */
	const struct str *input; /* one after the other; all must stay until the end */
	size_t input_count;
	bool is_crlf;	      /* LF of the input becomes CRLF */
	size_t output_max;    /* 0: output is not wanted */
	int64_t timeout;
	const char *who; /* for the log: the user */
};

enum program_end {
	PROGRAM_SUCCEEDED, /* exit status 0 */
	PROGRAM_FAILED,	   /* another one, a signal, out of time, too much output */
	PROGRAM_NOT_RUN,   /* it could not be started */
};

struct program; /* that runs */
/* Called once, from the loop; output is program_output's until program_free. */
typedef void (*program_fn)(struct program *program, enum program_end end, void *arg);

/* Names of files and arguments that may be used. */
bool program_is_name(struct str name);
bool program_are_arguments(struct str arguments);

/*
 * The path of a program in a directory.  -1 when there is none, or none that is
 * to be run: no link, a regular file that may be executed; and neither it nor
 * the directory are the runner's own or writable by it, unless is_own (who runs
 * it is who runs all of Doorstep).
 */
int program_find(const char *directory, struct str name, bool is_own, struct buf *path,
    struct fail *why);

/* NULL with *why: it could not be started.  done comes later, never from here. */
struct program *program_start(struct loop *loop, const struct program_order *order,
    program_fn done, void *arg, struct fail *why);
/* After SIGCHLD: looks whether it has ended. */
void program_check(struct program *program);
struct str program_output(const struct program *program);
/* It ends soon, as failed; done is called then.  The reason is constant. */
void program_kill(struct program *program, const char *reason);
/* One that still runs is killed, and reaped by nobody: at the end only. */
void program_free(struct program **program);

#endif
