/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_SIEVE_H
#define SIEVE_SIEVE_H

#include "alloc.h"
#include "limit.h"
#include "profile.h"

/*
 * Sieve (RFC 5228) as a library: a script becomes a program, a program run on
 * a message becomes a list of actions.  The library performs none of them.  It
 * does no I/O, reads no clock, has no globals, never exits, and has no memory
 * but what the host gives it; so any number of programs may be compiled and
 * run at once, one program by several threads too.
 *
 *	program = sieve_compile(source, &profile, &memory, print, stdout);
 *	sieve_run(program, &host, &limits, SIEVE_TEXT_EMPTY, &memory, &result);
 *	if (result.error.n > 0) ... store in the inbox, tell the user ...
 *	else ... do result.actions, and keep if result.is_keep_due ...
 *	sieve_result_fini(&result);
 *	sieve_program_free(&program);
 */
struct sieve_program;
struct sieve_version;

/* ---- what the host answers ---- */

struct sieve_address {
	struct sieve_text local, domain; /* without quotes */
	struct sieve_text all;		 /* as one string; empty: the null sender */
	bool is_valid; /* false: only `all` matches (RFC 5228 2.7.4) */
	struct sieve_text type; /* of SIEVE_ENVELOPE_ORCPT; empty: rfc822 */
};

/* RFC 5228 5.4 and what extends it (RFC 6009 3, 4). */
enum sieve_envelope {
	SIEVE_ENVELOPE_FROM,
	SIEVE_ENVELOPE_TO,
	SIEVE_ENVELOPE_ORCPT, /* without its type; is_valid: an address of mail */
	SIEVE_ENVELOPE_AUTH,
	SIEVE_ENVELOPE_NOTIFY,
	SIEVE_ENVELOPE_RET,
	SIEVE_ENVELOPE_ENVID,
	SIEVE_ENVELOPE_BY_TIME_ABSOLUTE, /* RFC 3339 form */
	SIEVE_ENVELOPE_BY_TIME_RELATIVE,
	SIEVE_ENVELOPE_BY_MODE,
	SIEVE_ENVELOPE_BY_TRACE,
};

/* A part of a message; number 0 is the message itself, its parts follow in
 * the order of their headers, depth first. */
#define SIEVE_NO_PART UINT32_MAX
struct sieve_part {
	uint32_t parent; /* or SIEVE_NO_PART */
	uint32_t depth;
	bool is_leaf;
	struct sieve_text type, subtype; /* as written, or their defaults (RFC 2045 5.2) */
};

enum sieve_body {
	SIEVE_BODY_RAW,	     /* as it came */
	SIEVE_BODY_DECODED,  /* the transfer encoding undone; text in UTF-8 */
	SIEVE_BODY_TEXT,     /* as a reader would see it: HTML without markup; empty: no text */
	SIEVE_BODY_PROLOGUE, /* of a multipart, RFC 5173 5.2 */
	SIEVE_BODY_EPILOGUE,
	SIEVE_BODY_HEADER,   /* the part's header as it came, with the empty line */
	SIEVE_BODY_EXTRACT,  /* as TEXT, but empty when encoding or charset are unknown (RFC 5703 7) */
	SIEVE_BODY_ALL,	     /* header and body as they came: it lies in that of the part above */
};

enum sieve_mime_value {
	SIEVE_MIME_TYPE,    /* also the disposition of Content-Disposition */
	SIEVE_MIME_SUBTYPE,
	SIEVE_MIME_CONTENT_TYPE, /* type/subtype */
	SIEVE_MIME_PARAM,
};

/* A date as a field has it. */
struct sieve_date {
	int64_t seconds; /* since the epoch */
	int zone;	 /* minutes east of Greenwich */
	bool has_zone;
};

/* An external program (vnd.dovecot.filter, .execute). */
struct sieve_execute {
	struct sieve_text program;
	const struct sieve_text *arguments;
	size_t argument_count;
	bool has_input;
	bool is_message; /* the message is the input */
	bool is_filter;	 /* and what comes out is the message from then on */
	struct sieve_text input;
};

/* What `execute` below may say beside an exit status. */
#define SIEVE_EXECUTE_NOT_RUN (-1)
#define SIEVE_EXECUTE_LATER (-2) /* the run ends; the host runs the program anew when it knows */

/*
 * The message as tests see it, and what they may ask beside.  What is answered
 * must stay as it is until sieve_run returns.  Fields are unfolded, trimmed
 * and decoded to UTF-8 (RFC 5228 2.7.2); of a name, all there are, in their
 * order.  Lists that are returned are only handed back; NULL is fine.
 *
 * A question that is NULL is answered with no; without fields, an empty message.
 */
struct sieve_host {
	const void *(*fields)(void *arg, uint32_t part, struct sieve_text name,
	    size_t *count_out);
	struct sieve_text (*field)(void *arg, const void *fields, size_t i);
	struct sieve_text (*field_raw)(void *arg, const void *fields, size_t i); /* folded, encoded */
	const void *(*addresses)(void *arg, const void *fields, size_t i, size_t *count_out);
	/* Of text that is in no field of the message. */
	const void *(*text_addresses)(void *arg, struct sieve_text text, size_t *count_out);
	struct sieve_address (*address)(void *arg, const void *addresses, size_t i);
	/* False: the envelope has no such thing.  Of all but the first three
	 * and SIEVE_ENVELOPE_AUTH only `all` is filled. */
	bool (*envelope)(void *arg, enum sieve_envelope part, struct sieve_address *out);

	uint32_t (*part_count)(void *arg);
	struct sieve_part (*part)(void *arg, uint32_t i);
	/* p NULL: there is no such thing, as a body without an empty line in
	 * front of it (RFC 5173 4) or the epilogue of what is no multipart. */
	struct sieve_text (*body)(void *arg, uint32_t part, enum sieve_body kind);
	/* Of a Content-Type or Content-Disposition as written; until it or
	 * convert is asked again. */
	bool (*mime_value)(void *arg, struct sieve_text raw, enum sieve_mime_value what,
	    struct sieve_text param, struct sieve_text *out);
	/* HTML to what a reader would see, or text to HTML (RFC 6558). */
	struct sieve_text (*convert)(void *arg, struct sieve_text text, bool is_to_html);
	/* The text is the message from now on, until the host puts it back;
	 * false: it cannot be.  The text stays as long as the result does. */
	bool (*adopt)(void *arg, struct sieve_text message);
	/* Pieces as one text, for adopt; false: there is no room for it. */
	bool (*join)(void *arg, const struct sieve_text *pieces, size_t n, struct sieve_text *out);
	/* A text of join or render that nothing needs any more. */
	void (*drop)(void *arg, struct sieve_text text);
	/* A version as one text, which stays as long as the result does. */
	struct sieve_text (*render)(void *arg, const struct sieve_version *version);

	bool (*parse_date)(void *arg, struct sieve_text raw, struct sieve_date *out);
	int (*local_zone)(void *arg, int64_t seconds); /* minutes east, at that time */
	int64_t now; /* seconds since the epoch */

	bool (*environment)(void *arg, struct sieve_text item, struct sieve_text *out);
	bool (*has_mailbox)(void *arg, struct sieve_text name); /* that can be stored in */
	/* mailbox empty: any (RFC 8579 3.1). */
	bool (*has_special_use)(void *arg, struct sieve_text mailbox, struct sieve_text use);
	bool (*has_mailbox_id)(void *arg, struct sieve_text id);
	/* mailbox empty: of the server (RFC 5490). */
	bool (*metadata)(void *arg, struct sieve_text mailbox, struct sieve_text annotation,
	    struct sieve_text *out);
	bool (*is_seen)(void *arg, struct sieve_text mark); /* RFC 7352, of earlier runs */
	/* Names of lists are as lists.h says. */
	bool (*has_list)(void *arg, struct sieve_text list);
	bool (*is_on_list)(void *arg, struct sieve_text list, struct sieve_text value);
	/* Capability of a notification method, RFC 5435 5; false: unknown. */
	bool (*method_capability)(void *arg, struct sieve_text uri, struct sieve_text capability,
	    struct sieve_text *out);
	/* Its exit status, or SIEVE_EXECUTE_*.  out: what it printed, which stays
	 * as long as the result does. */
	int (*execute)(void *arg, const struct sieve_execute *execute, struct sieve_text *out);

	void (*log)(void *arg, unsigned line, struct sieve_text text); /* debug_log, warnings */
	/* Each test with what it compared, each command: for people.  NULL: not wanted. */
	void (*trace)(void *arg, struct sieve_text script, unsigned line, struct sieve_text text);

	uint64_t size;		/* of the message, RFC 5228 5.9 */
	const char *delimiters; /* between user and detail, RFC 5233; or "" */
	const struct sieve_settings *settings; /* NULL: all defaults */
	struct sieve_testsuite *testsuite; /* of vnd.dovecot.testsuite (testsuite.h), or NULL */
	void *arg;
};

/* ---- what comes of it ---- */

enum sieve_action_kind {
	SIEVE_KEEP,	/* store in the inbox */
	SIEVE_FILEINTO, /* store in `target` */
	SIEVE_REDIRECT, /* send on to `target`, one address */
	SIEVE_DISCARD,	/* nothing, said by the script */
	SIEVE_REJECT,	/* refuse; target is the reason (RFC 5429) */
	SIEVE_EREJECT,
	SIEVE_VACATION, /* answer; target is the reason */
	SIEVE_NOTIFY,	/* target is the method (RFC 5435) */
	SIEVE_PIPE,	/* give to the program `target` */
};

/* A copy of what an action sends (RFC 8580). */
struct sieve_fcc {
	struct sieve_text mailbox, flags, special_use, mailbox_id;
	bool is_create;
};

struct sieve_vacation {
	struct sieve_text subject, from; /* empty: not given */
	const struct sieve_text *addresses;
	size_t address_count;
	bool is_mime;	  /* the reason is a MIME entity */
	uint64_t seconds; /* between two answers to one sender */
	struct sieve_text handle; /* what tells this answer from others, RFC 5230 4.2 */
};

struct sieve_notify {
	struct sieve_text from, message;
	unsigned importance; /* 1 to 3 */
	const struct sieve_text *options;
	size_t option_count;
	/* Of a mailto method (mailto.h reads the rest): those that no notification
	 * before this one goes to, RFC 5436 2.7. */
	const struct sieve_text *recipients;
	size_t recipient_count;
};

struct sieve_redirect { /* RFC 6009; empty: not given */
	struct sieve_text notify, ret, by_mode;
	bool has_by_time, is_by_trace;
	bool is_list; /* target names a list, RFC 6134: to all its members, none is no error */
	int64_t by_time; /* seconds from now */
};

struct sieve_pipe {
	const struct sieve_text *arguments;
	size_t argument_count;
	bool is_try; /* its failure is no error, but the keep is due then */
};

/* One that the script asked for, in its order.  Stores in one mailbox are one
 * action, and so are redirects to one address; RFC 5228 2.10.3. */
struct sieve_action {
	enum sieve_action_kind kind;
	bool is_copy; /* RFC 3894: leaves the implicit keep as it was */
	bool is_create; /* RFC 5490 */
	unsigned line;
	unsigned version; /* of the message: index of result.versions */
	struct sieve_text target, rule; /* rule: how a person knows the command */
	struct sieve_text flags; /* RFC 5232, as they were then; one space between */
	struct sieve_text special_use, mailbox_id; /* where they exist, they go before target */
	const struct sieve_fcc *fcc; /* these: NULL or what belongs to the kind */
	const struct sieve_vacation *vacation;
	const struct sieve_notify *notify;
	const struct sieve_redirect *redirect;
	const struct sieve_pipe *pipe;
};

/* To be remembered once all has gone well (RFC 7352 3.1). */
struct sieve_mark {
	struct sieve_text id; /* at most SIEVE_MARK_MAX bytes */
	uint64_t seconds;
};

/* What was done to the message's header (RFC 5293), in this order. */
struct sieve_edit {
	enum { SIEVE_EDIT_DELETE, SIEVE_EDIT_ADD_FIRST, SIEVE_EDIT_ADD_LAST } kind;
	struct sieve_text name, value; /* value: of an added one, to be written as it is */
	size_t index; /* of a deleted one: among those of its name in `message`, from 0 */
};

/* A message as it is to be stored or sent: the original, or a text that took
 * its place (RFC 5703), with the edits of its header. */
struct sieve_version {
	bool is_original;
	struct sieve_text message; /* when not */
	const struct sieve_edit *edits;
	size_t edit_count;
};

struct sieve_result {
	const struct sieve_action *actions;
	size_t action_count;
	const struct sieve_mark *marks;
	size_t mark_count;
	const struct sieve_version *versions; /* the first is the original as it came */
	unsigned version_count;
	bool is_keep_due;	  /* nothing has cancelled the implicit keep */
	unsigned keep_version;	  /* of the message, for that */
	struct sieve_text flags;  /* the variable at the end: the implicit keep's */
	struct sieve_text error;  /* not empty: no actions, the keep is due (RFC 5228 2.10.6) */
	struct sieve_text error_script; /* which of the included ones; empty: the main one */
	unsigned error_line;
	uint64_t steps;
	struct sieve_arena memory; /* of all this; private */
};

/* What one run may cost.  A step is a command, a comparison, or some 64 bytes
 * looked at. */
struct sieve_limits {
	uint64_t steps;
	size_t memory;
	unsigned actions, redirects;
};
#define SIEVE_LIMITS_DEFAULT ((struct sieve_limits){ SIEVE_STEPS_MAX, SIEVE_RUN_MEMORY_MAX, \
    SIEVE_ACTIONS_MAX, SIEVE_REDIRECTS_MAX })

/* ---- the calls ---- */

/*
 * Owned by the caller; keeps nothing of source.  NULL: the script, or one that
 * it includes, has errors, all of which were written to sink as error.h
 * shows; so are warnings, if the profile wants them.  memory must outlive it.
 */
typedef void (*sieve_error_sink)(void *arg, const char *p, size_t n);
struct sieve_program *sieve_compile(struct sieve_text source, const struct sieve_profile *profile,
    const struct sieve_alloc *memory, sieve_error_sink sink, void *arg);
void sieve_program_free(struct sieve_program **program); /* legal on NULL */
/* Operations with their arguments, for people. */
void sieve_program_write(const struct sieve_program *program, sieve_error_sink sink, void *arg);

/*
 * flags: what the flag variable holds at first, from a script before this one.
 * Always fills *out, which is to be given to sieve_result_fini; it borrows
 * from the program.
 */
void sieve_run(const struct sieve_program *program, const struct sieve_host *host,
    const struct sieve_limits *limits, struct sieve_text flags, const struct sieve_alloc *memory,
    struct sieve_result *out);
void sieve_result_fini(struct sieve_result *result);

#endif
