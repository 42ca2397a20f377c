/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_COMMAND_H
#define DOORSTEP_MAIL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mail/path.h"
#include "mail/reply.h"

/*
 * The grammar of one command line of LMTP (RFC 2033), later of SMTP (RFC
 * 5321): verb, path and parameters, from one table (command.c).  Pure: no
 * state, no limits of the site.
 */

/* Bits: which protocols a verb or a parameter belongs to. */
enum command_protocol {
	COMMAND_LMTP = 1, /* from an MTA */
	COMMAND_LDA = 2,  /* LMTP from `doorstep deliver` on the same host */
	COMMAND_SMTP = 4, /* nothing speaks it yet */
};

/* Bits: where in a session we are. */
enum command_state {
	COMMAND_AT_START = 1, /* no greeting from the client yet */
	COMMAND_AT_REST = 2,  /* greeted, no transaction */
	COMMAND_IN_MAIL = 4,  /* MAIL was accepted, no recipient yet */
	COMMAND_IN_RCPT = 8,  /* at least one RCPT was accepted */
	COMMAND_IN_CHUNKS = 16, /* a BDAT that was not the last was accepted */
};

enum command_verb {
	COMMAND_LHLO,
	COMMAND_HELO,
	COMMAND_EHLO,
	COMMAND_STARTTLS,
	COMMAND_AUTH,
	COMMAND_MAIL,
	COMMAND_RCPT,
	COMMAND_DATA,
	COMMAND_BDAT,
	COMMAND_RSET,
	COMMAND_NOOP,
	COMMAND_VRFY,
	COMMAND_EXPN,
	COMMAND_HELP,
	COMMAND_QUIT,
	COMMAND_UNKNOWN,
	COMMAND_COUNT
};

enum command_body { COMMAND_BODY_7BIT, COMMAND_BODY_8BITMIME, COMMAND_BODY_BINARYMIME };
enum command_ret { COMMAND_RET_NONE, COMMAND_RET_FULL, COMMAND_RET_HDRS };

/* Bits of NOTIFY (RFC 3461 4.1), as ipc/messages.def carries them. */
#define COMMAND_NOTIFY_NEVER 1u
#define COMMAND_NOTIFY_SUCCESS 2u
#define COMMAND_NOTIFY_FAILURE 4u
#define COMMAND_NOTIFY_DELAY 8u

#define COMMAND_ENVID_MAX 100 /* RFC 3461 4.4, as encoded */
#define COMMAND_ORCPT_MAX 500 /* RFC 3461 4.2, as encoded */
#define COMMAND_AUTH_MAX 500 /* RFC 4954 3 (5), as encoded */
#define COMMAND_MAILBOX_MAX 1000 /* XMAILBOX, decoded */

/* RFC 2852 4: BY=seconds;mode, and T behind it. */
enum command_by { COMMAND_BY_NONE, COMMAND_BY_NOTIFY, COMMAND_BY_RETURN };

struct command {
	enum command_verb verb;
	struct str argument;	  /* what follows the verb, trimmed */
	struct path path;	  /* MAIL, RCPT */

	/* MAIL */
	uint64_t size; /* SIZE=, 0 not given */
	enum command_body body;
	enum command_ret ret;
	struct str envid; /* decoded */
	bool is_utf8;	  /* SMTPUTF8 was given */
	struct str auth;  /* decoded; empty: not given, or <> */
	enum command_by by;
	bool is_by_traced;
	int64_t by_seconds; /* from now; may be negative */

	/* RCPT */
	unsigned notify;
	struct str orcpt;   /* decoded, without its type */
	struct str orcpt_type;
	struct str mailbox; /* XMAILBOX, decoded */
	bool is_user_only;  /* XUSERONLY */

	/* BDAT */
	uint64_t chunk;
	bool is_last;
	bool has_chunk; /* chunk and is_last were understood, so it can be swallowed */
};

/*
 * line: one command without its CRLF.  is_utf8: this transaction was begun
 * with SMTPUTF8, so a recipient may be in UTF-8.
 *
 * Returns 0, or -1 with the reply to give; out->verb is set in any case
 * (COMMAND_UNKNOWN), and has_chunk tells what follows a refused BDAT.
 * Strings point into line or live in the arena.
 */
int command_parse(struct str line, enum command_protocol protocol, enum command_state state,
    bool is_utf8, struct arena *a, struct command *out, struct reply *why);

/* The verbs that a protocol has, for HELP: "LHLO MAIL RCPT ...". */
void command_add_verbs(enum command_protocol protocol, struct buf *out);

#endif
