/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_SVTEST_H
#define DOORSTEP_CLI_SVTEST_H

#include <stdio.h>

#include "filter/engine_settings.h"
#include "filter/run.h"
#include "sieve/sieve.h"
#include "sieve/testsuite.h"

/*
 * doorstep sieve svtest: runs scripts that test scripts.  One struct svtest is
 * the world of one such file: a message with its envelope, settings, mailboxes
 * and a place where sent messages end.  All of it is in memory: blocks look at
 * what was stored and sent, nobody else does, and nothing is left behind.
 *
 * Unlike the daemons it parses what it is given in its own process: it runs as
 * who calls it, on files of their own choice.
 */
#define SVTEST_ERRORS_MAX 512	/* in the log, between two times that it is emptied */
#define SVTEST_MAILBOXES_MAX 1024
#define SVTEST_MESSAGES_MAX 65536 /* stored, or sent, by one file */
#define SVTEST_FILE_MAX ((size_t)64 << 20) /* a script, or a dictionary */
#define SVTEST_OUTPUT_MAX ((size_t)16 << 20) /* of a program */
#define SVTEST_ACTIONS_MAX 256	/* however high the limit is set */
#define SVTEST_MEMBERS_MAX 256	/* of a list that a message is sent to */

/* What all files have in common. */
struct svtest_report {
	const struct conf *conf; /* what holds where a test sets nothing */
	bool is_verbose, is_inverted, is_json, is_first;
	unsigned passed, failed;
};

/* One that was current: parsed once, and kept until the file is done. */
struct svtest_message {
	struct svtest_message *next;
	struct arena arena;
	struct host host;
	struct str text, flags; /* flags: as it had in a mailbox */
};

struct svtest_stored {
	struct svtest_stored *next;
	struct str text, flags;
};

struct svtest_mailbox {
	struct svtest_mailbox *next;
	struct str name;
	struct svtest_stored *first;
};

/* One for each recipient. */
struct svtest_sent {
	struct svtest_sent *next;
	struct str text, sender, recipient;
};

/* A setting, or metadata of a mailbox (or of the server: mailbox empty). */
struct svtest_pair {
	struct svtest_pair *next;
	struct str mailbox, name, value;
};

/* All that were in force. */
struct svtest_settings {
	struct svtest_settings *next;
	struct conf *conf;
	struct engine_settings engine;
};

struct svtest_program {
	struct svtest_program *next;
	struct sieve_program *program;
};

struct svtest_result {
	struct svtest_result *next;
	struct sieve_result result;
};

struct svtest {
	struct run run; /* first: for filter/engine_message.h, which looks at run.host only */
	struct svtest_report *report;
	const char *path;
	struct arena arena; /* until the file is done */
	struct str directory;
	struct charset_set *charsets;
	struct buf scratch;

	/* the block */
	bool is_in_block, has_failed;
	unsigned line, ended;
	struct str name, reason;
	bool has_inner_failure; /* test_fail in the script that is tested */

	/* the message: as it was set, and as scripts have left it */
	struct svtest_message *messages, *base, *now;
	struct str sender, recipient, original, auth;

	/* scripts */
	struct sieve_host host;
	struct sieve_testsuite suite;
	struct sieve_limits limits; /* of the scripts that are tested */
	struct sieve_limits own_limits;
	struct svtest_program *programs; /* all; they are borrowed from */
	struct svtest_result *results;	 /* likewise */
	struct sieve_program *program;	 /* that was compiled last */
	struct str errors[SVTEST_ERRORS_MAX];
	size_t error_count;

	/* what is around */
	struct svtest_mailbox *mailboxes;
	struct svtest_pair *metadata;
	struct svtest_sent *sent;
	unsigned stored_count;
	struct svtest_pair *wanted, *config; /* set, and in force */
	struct svtest_settings *taken; /* the first is in force */
	const struct sieve_settings *settings;
	struct compose_settings compose;
	struct str user_email;
	const char *delimiters;
	char hostname[256];
};

/* All of one file; its blocks are counted in the report. */
void svtest_run_file(struct svtest_report *report, const char *path);

/* ---- svtest_report.c ---- */

void svtest_report_block(struct svtest *test);
/* Something that is no block: counts as one. */
void svtest_report_failure(struct svtest *test, unsigned line, struct str reason, unsigned count);
void svtest_report_end(struct svtest_report *report);

/* ---- svtest_message.c ---- */

void svtest_set_message(struct svtest *test, struct str text, struct str flags);
void svtest_set_envelope(struct svtest *test, enum sieve_testsuite_object what, struct str value);
void svtest_derive_envelope(struct svtest *test);
/* As it was set; or as a script has left it, until the next. */
void svtest_use_base(struct svtest *test);
void svtest_use_text(struct svtest *test, struct str text);
void svtest_use(struct svtest *test, struct svtest_message *message);
void svtest_free_messages(struct svtest *test);

/* ---- svtest_script.c ---- */

/* Empties the log; the program is then the one that runs. */
bool svtest_is_compiled(struct svtest *test, struct str path);
/* Runs it; message: p NULL, or the text that it finds. */
bool svtest_has_run(struct svtest *test, struct str message, struct str flags,
    struct sieve_testsuite_outcome *out);
bool svtest_has_run_all(struct svtest *test, const struct sieve_text *paths, size_t n);
struct sieve_program *svtest_compile(struct svtest *test, struct str path, struct buf *errors);
void svtest_log(struct svtest *test, struct str error);
void svtest_free_scripts(struct svtest *test);
int svtest_read(struct svtest *test, const char *path, struct str *out);
/* The path of a file named in a script. */
const char *svtest_path(struct svtest *test, struct str name);

/* ---- svtest_host.c ---- */

/* What scripts may ask beside the message. */
void svtest_fill_host(struct svtest *test);

/* ---- svtest_store.c ---- */

struct svtest_mailbox *svtest_find_mailbox(struct svtest *test, struct str name);
/* NULL: no mailbox may have this name, or there are too many. */
struct svtest_mailbox *svtest_make_mailbox(struct svtest *test, struct str name);
bool svtest_is_stored(struct svtest *test, struct svtest_mailbox *mailbox, struct str text,
    struct str flags);
/* RFC 8457: the metadata says so. */
bool svtest_has_use(const struct svtest *test, const struct svtest_mailbox *mailbox,
    struct str use);
/* The one that has it, that of the name before others (RFC 8579 4); NULL: none. */
struct svtest_mailbox *svtest_find_use(struct svtest *test, struct str use, struct str name);
bool svtest_has_metadata(const struct svtest *test, struct str mailbox, struct str name,
    struct str *out);
bool svtest_set_metadata(struct svtest *test, struct str mailbox, struct str name,
    struct str value);
bool svtest_is_sent(struct svtest *test, struct str text, struct str sender,
    struct str recipient);
bool svtest_is_loaded(struct svtest *test, bool is_sent, struct str mailbox, uint64_t number);

/* ---- svtest_perform.c ---- */

/* Does what the actions from `done` on ask for, and the implicit keep; of one
 * script in a row no keep of any kind.  False: something failed, which was
 * logged; the message was kept. */
bool svtest_is_performed(struct svtest *test, const struct sieve_result *result,
    const struct sieve_text *texts, size_t done, bool is_keep_wanted);

/* ---- svtest_config.c ---- */

void svtest_set_config(struct svtest *test, struct str name, struct str value, bool is_set);
void svtest_reload_config(struct svtest *test);
void svtest_free_config(struct svtest *test);
/* Empty: it is not set. */
struct str svtest_config(const struct svtest *test, const char *name);

/* ---- svtest_dict.c ---- */

bool svtest_has_list(struct svtest *test, struct str list);
bool svtest_is_on_list(struct svtest *test, struct str list, struct str value);
/* How many there are; at has room for max of them. */
size_t svtest_find_members(struct svtest *test, struct str list, struct str *at, size_t max);
enum sieve_found svtest_find_script(struct svtest *test, enum sieve_location location,
    struct str name, struct sieve_text *out);

/* ---- svtest_program.c ---- */

/* A program of one of the directories that the settings named in `dirs` (ends
 * with NULL) say.  -1: it was not run; else its exit status.  out may be NULL. */
int svtest_run_program(struct svtest *test, const char *const *dirs, struct str name,
    const struct sieve_text *arguments, size_t argument_count, struct str input,
    struct buf *out);

#endif
