/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_SESSION_DIALOG_H
#define DOORSTEP_SESSION_DIALOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "mail/command.h"
#include "session/answer.h"
#include "session/ask.h"
#include "session/transaction.h"

/*
 * One LMTP conversation: bytes of the client in, bytes for it out.  It knows
 * no socket, no timer and no other session.
 */

/* What the conversation is held under; set once, before dialog_init.  Strings
 * and pointers live as long as the dialog. */
struct dialog_terms {
	const struct conf *conf;
	struct str hostname;
	enum command_protocol protocol;
	struct str literal; /* of the client: "127.0.0.1", "IPv6:::1", "unix" */
	struct str id;	    /* of the session, for logs and Received */
	/* LDA: may the client deliver to others than itself? */
	bool is_trusted;
	uid_t uid; /* and who it is */
	struct ask *ask;
	struct body_budget *budget;
	/* Called when a question was answered and dialog_take may go on; never
	 * from inside a function of the dialog. */
	void (*wake)(void *arg);
	void *arg;
};

enum dialog_mode {
	DIALOG_READS_LINES, /* commands */
	DIALOG_SKIPS_LINE,  /* a line that was too long, up to its end */
	DIALOG_READS_DATA,  /* after 354 */
	DIALOG_READS_CHUNK, /* after BDAT */
	DIALOG_SKIPS_CHUNK, /* after a BDAT that was refused: its octets come anyway */
};

/* A job whose answers were written, while no sign has shown that they were read. */
struct dialog_unseen {
	char *owner;
	uint64_t id;
};

/* The oldest are forgotten beyond this: their marks stand, the safe side. */
#define DIALOG_UNSEEN_MAX 64
/* A line without an end is swallowed no further than this. */
#define DIALOG_SWALLOW_MAX ((uint64_t)1 << 20)

struct dialog {
	struct dialog_terms terms;
	enum dialog_mode mode;
	enum command_state state;
	bool is_over;	  /* a last reply was given: write it and close */
	bool is_stopping; /* 421 at the end of the transaction */
	bool is_inside;	  /* dialog_take is running: no wake needed */
	size_t waiting;	  /* questions that were not answered yet */
	bool is_batch;	  /* the reply that is waited for need not go out alone (RFC 2920 3.2) */
	struct buf out;	  /* replies not yet written; the caller takes them */
	struct str helo;  /* owned */
	uint64_t swallowed;
	uint64_t chunk; /* octets still to come */
	bool is_last_chunk;
	struct reply refusal; /* of the chunk that is skipped; code 0: silence */
	unsigned errors, transactions;
	struct transaction transaction;
	size_t trace_len;
	/* The command being worked on, and what it is waiting for. */
	struct arena scratch;
	struct command command;
	struct rec_target *targets;
	size_t target_count;
	struct answer worst;
	struct dialog_unseen *unseen;
	size_t unseen_count, unseen_cap;
};

void dialog_init(struct dialog *d, const struct dialog_terms *terms);
void dialog_fini(struct dialog *d); /* open questions are forgotten */

void dialog_greet(struct dialog *d);

/*
 * Works off as much of `in` as it can and returns how much that was.  What is
 * left is either the begin of a line, to be offered again with more behind it,
 * or waits for an answer (dialog_is_waiting).
 */
size_t dialog_take(struct dialog *d, struct str in);

bool dialog_is_waiting(const struct dialog *d);
/* Whether ending now would cut a transaction short. */
bool dialog_is_idle(const struct dialog *d);

/* Ends with this reply; a transaction that is not finished is dropped.  Not
 * while waiting. */
void dialog_end(struct dialog *d, int code, const char *enhanced, const char *text);
/* The program ends: 421 now when idle, or else after the transaction. */
void dialog_stop(struct dialog *d);

/* The client has given a sign: it has read all that was written. */
void dialog_saw(struct dialog *d);

/* ---- between dialog.c, commands.c, rcpt.c and message.c ---- */

void dialog_reply(struct dialog *d, int code, const char *enhanced, const char *text);
/* A reply about an address: "<address> text". */
void dialog_reply_about(struct dialog *d, int code, const char *enhanced, struct str address,
    const char *text);
/* A mistake of the client: replied to, counted (error_limit), logged. */
void dialog_refuse(struct dialog *d, const struct reply *reply);
/* One line for whoever asks why a message or a recipient was not taken; address
 * is the recipient, or empty. */
void dialog_log_refusal(const struct dialog *d, const struct answer *answer, struct str address);
/* Back to rest: the transaction is gone. */
void dialog_reset(struct dialog *d);
/* An answer was worked in: wakes the caller when it was the last.  To be called
 * as the last thing: the dialog may be gone afterwards. */
void dialog_go_on(struct dialog *d);

void commands_run(struct dialog *d, struct str line);

void rcpt_run(struct dialog *d, const struct command *command);

void message_begin_data(struct dialog *d, const struct command *command);
void message_begin_chunk(struct dialog *d, const struct command *command);
void message_refuse_chunk(struct dialog *d, const struct command *command,
    const struct reply *reply);
size_t message_take(struct dialog *d, struct str in); /* in the modes that read or skip */

#endif
