/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_INTERP_H
#define SIEVE_INTERP_H

#include "program.h"

/* A variable or a ${1}: room that is used again, so that no script can take
 * more memory by setting one often. */
struct sieve_slot {
	char *p;
	size_t n, cap;
};

/* A block that is being run and was entered by a command of its own. */
struct sieve_loop {
	const struct sieve_call *call;
	unsigned end; /* operation behind it */
	uint32_t state; /* the command's */
	uint32_t base;	/* likewise */
};

/* One script that is being run. */
struct sieve_frame {
	struct sieve_frame *parent; /* that has included it */
	const struct sieve_unit *unit;
	struct sieve_slot *variables; /* by slot */
	sieve_set enabled; /* extensions: required, or found by ihave */
	struct sieve_slot captures[SIEVE_CAPTURES_MAX + 1]; /* ${0} and so on */
	unsigned capture_count;
	struct sieve_loop loops[SIEVE_LOOP_DEPTH_MAX];
	unsigned loop_count;
	unsigned depth; /* of includes */
};

struct sieve_edit_state; /* message.c */

/* One run, as commands and tests see it. */
struct sieve_interp {
	const struct sieve_program *program;
	const struct sieve_host *host;
	const struct sieve_settings *settings; /* never NULL */
	const struct sieve_limits *limits;
	struct sieve_result *result;
	struct sieve_arena *arena;   /* until the end of the run */
	struct sieve_arena scratch;  /* until the end of the command or test */
	const struct sieve_call *call; /* that is running */
	struct sieve_frame *frame;
	struct sieve_slot *globals;
	struct sieve_action *actions; /* room for as many as may be */
	struct sieve_mark *marks;     /* likewise; NULL: none yet */
	bool *was_included;	      /* by unit */
	unsigned redirect_count, include_count, notify_count;
	struct sieve_message *message; /* message.h */
	struct sieve_regex_pool *regexes; /* those of variables, and for matching; NULL: none yet */
	uint32_t part;	  /* that tests look at (RFC 5703 3), 0: the message */
	unsigned break_count; /* loops to be left */
	bool is_true;	  /* what the last test said */
	bool is_over;	  /* failed */
	bool is_stopped;  /* by `stop` */
};

/* Ends the run with an error; only the first counts. */
void sieve_interp_fail(struct sieve_interp *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sieve_interp_fail_memory(struct sieve_interp *in);
/* Counts the cost of what is about to be done; false: too much, the run failed. */
bool sieve_interp_can_spend(struct sieve_interp *in, uint64_t steps);

/* A string with its variables' values: in scratch, or in the program. */
struct sieve_text sieve_interp_text(struct sieve_interp *in, const struct sieve_template *string);
/* All of a list, so that it may be looked at often. */
struct sieve_list sieve_interp_list(struct sieve_interp *in, struct sieve_list list);
/* Positional argument i, and what stands behind a tag, when it is one string;
 * empty when it is not given. */
struct sieve_text sieve_interp_argument(struct sieve_interp *in, const struct sieve_call *call,
    unsigned i);
struct sieve_text sieve_interp_tagged(struct sieve_interp *in, const struct sieve_call *call,
    enum sieve_group group);
/* As these, but copied to the run's arena: for actions.  NULL, 0 when empty. */
struct sieve_text sieve_interp_keep(struct sieve_interp *in, struct sieve_text text);
const struct sieve_text *sieve_interp_keep_list(struct sieve_interp *in, struct sieve_list list,
    size_t *count_out);

/* The slot that a name, the first argument of a command, stands for. */
struct sieve_slot *sieve_interp_slot(struct sieve_interp *in, const struct sieve_template *name);
struct sieve_text sieve_interp_slot_text(const struct sieve_slot *slot);
/* Copies; what is too long is cut between two characters (RFC 5229 6). */
void sieve_interp_set(struct sieve_interp *in, struct sieve_slot *slot, struct sieve_text value);

/* The innermost block that a command entered; NULL: none in this script. */
struct sieve_loop *sieve_interp_loop(struct sieve_interp *in);
/* Ends the n innermost ones, once the command that is running is done. */
void sieve_interp_break(struct sieve_interp *in, unsigned n);

/* Runs an included script. */
void sieve_interp_include(struct sieve_interp *in, const struct sieve_unit *unit);

/* A line of a trace, cheap when none is wanted. */
#define SIEVE_TRACE(in, ...) \
	((in)->host->trace == NULL ? (void)0 : sieve_interp_trace(in, __VA_ARGS__))
void sieve_interp_trace(struct sieve_interp *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
