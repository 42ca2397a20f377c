/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_H
#define DOORSTEP_H

#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * libdoorstep: reads the mailboxes that Doorstep delivers to, for IMAP and POP
 * servers and for tools.  It reads only: messages are changed in the Maildir
 * itself, as always, and Doorstep finds out.
 *
 *	struct doorstep_error error;
 *	struct doorstep *store;
 *	struct doorstep_snapshot *now;
 *
 *	if (doorstep_open_user("/var/lib/doorstep", "jane", &store, &error) == -1)
 *		errx(1, "%s", error.text);
 *	if (doorstep_begin(store, &now, &error) == -1)
 *		errx(1, "%s", error.text);
 *	doorstep_each_mailbox(now, "jane", print_mailbox, NULL, &error);
 *	doorstep_end(&now);
 *	doorstep_close(&store);
 *
 * How new the index is: a delivery can be seen here at most a second after it
 * was acknowledged (checkpoint_interval), and at once after `doorstep index
 * sync USER`.  What an IMAP server moved, flagged or expunged can be seen here when
 * Doorstep has looked at the folder again, which it does in the background: a
 * row whose file is gone is not an error (doorstep_fetch returns 1).
 *
 * Errors: every function that can fail returns -1 and fills *error, which may
 * be NULL.  No function ends the program, for want of memory neither.  Two
 * things it cannot help, because the index is read through LMDB's map: a disk
 * error there is a SIGBUS, and LMDB itself calls abort(3), after a line on
 * standard error, when it walks into a page that somebody else has damaged.
 * (doorstepd checks all pages before it uses an index that was not closed in
 * order; a program that must live should read in a child.)
 *
 * Threads: a struct doorstep may be used by several at the same time, each with
 * a snapshot of its own.
 *
 * Processes: open a store once in a process (its locks are fcntl(2) locks: to
 * close the second would drop those of the first), and not before fork(2).
 *
 * Rights: the index can be read by the owner of the mail.  A program that runs
 * as root should become that user first, because the directory belongs to
 * them.
 */

struct doorstep;	  /* an open store: all mail of one owner */
struct doorstep_snapshot; /* the store as it was at one moment */

enum doorstep_code {
	DOORSTEP_OK,
	DOORSTEP_NOT_FOUND,  /* no such store, user or mailbox */
	DOORSTEP_DENIED,     /* the system does not let us read it */
	DOORSTEP_BUSY,	     /* will pass: try again */
	DOORSTEP_DAMAGED,    /* `doorstep index rebuild` makes it again; mail is safe */
	DOORSTEP_NO_MEMORY,
	DOORSTEP_FAILED,     /* anything else of the system's */
};

struct doorstep_error {
	enum doorstep_code code;
	int system_error; /* errno at the time, or 0 */
	char text[512];	  /* one line: what, on what, why, what to do */
};

/*
 * Opens the store in a directory, STATE_DIR/OWNER: `virtual` for virtual users,
 * `uid.N` for a system user.
 */
int doorstep_open(const char *directory, struct doorstep **out, struct doorstep_error *error);
/* The store below state_dir that knows this user; those that we may not read
 * are passed over.  DOORSTEP_NOT_FOUND for a user who never had mail. */
int doorstep_open_user(const char *state_dir, const char *user, struct doorstep **out,
    struct doorstep_error *error);
/* All snapshots must have ended.  Legal on NULL; sets NULL. */
void doorstep_close(struct doorstep **store);
/* Its directory; borrowed until doorstep_close. */
const char *doorstep_directory(const struct doorstep *store);

/*
 * A snapshot never changes, and while it lives, the store cannot reuse the
 * pages it sees: hold it for the length of a listing, not of a session.
 */
int doorstep_begin(struct doorstep *store, struct doorstep_snapshot **out,
    struct doorstep_error *error);
void doorstep_end(struct doorstep_snapshot **snapshot); /* legal on NULL; sets NULL */

/*
 * All text is UTF-8 and terminated; "" is what is not known.  Times are in
 * microseconds since the epoch, but `date`, which is in seconds.  Structs may
 * grow at their end: never put one on disk, never make one yourself but to be
 * filled.
 */
struct doorstep_user {
	const char *name;
	const char *root;	     /* of the Maildir */
	uint64_t bytes, messages;    /* quota used */
};

struct doorstep_mailbox {
	const char *name; /* INBOX, Lists.project */
	const char *path; /* of the Maildir folder */
	uint32_t uidvalidity, uidnext;
	uint64_t modseq; /* the highest given */
	uint64_t messages, bytes;
	uint64_t id; /* for the functions below; stable as long as its name */
};

struct doorstep_message {
	uint32_t uid;
	uint64_t modseq;
	const char *file;    /* base name in new/ or cur/, without flags */
	uint64_t size;	     /* of the file */
	uint64_t wire_size;  /* with CRLF line ends; 0 unknown */
	int64_t received;    /* internal date */
	const char *flags;   /* "\Seen $label", as last seen */
	/* Header fields, decoded; empty for messages that Doorstep has not
	 * delivered itself (action is "adopted"). */
	const char *message_id, *from, *to, *subject, *references;
	int64_t date;
	uint32_t header_size, parts;
	/* How it came here. */
	const char *sender, *address; /* the envelope */
	const char *script;	      /* that put it here; "" none */
	uint32_t line;
	const char *rule;
	const char *action;   /* keep, implicit keep, fileinto, adopted */
	const char *trace_id; /* as in the log */
};

/*
 * Calls fn for each, in the order of the index (messages: by uid).  What fn is
 * given lives until fn returns.  A value other than 0 from fn ends the walk
 * and is returned; else 0 at the end, or -1.  fn may use the same snapshot.
 */
typedef int doorstep_user_fn(const struct doorstep_user *user, void *arg);
typedef int doorstep_mailbox_fn(const struct doorstep_mailbox *mailbox, void *arg);
typedef int doorstep_message_fn(const struct doorstep_message *message, void *arg);

int doorstep_each_user(struct doorstep_snapshot *snapshot, doorstep_user_fn *fn, void *arg,
    struct doorstep_error *error);
/* No mailboxes for a user that is not known: no error. */
int doorstep_each_mailbox(struct doorstep_snapshot *snapshot, const char *user,
    doorstep_mailbox_fn *fn, void *arg, struct doorstep_error *error);
/* From one uid to another, both included; 1 to UINT32_MAX is all. */
int doorstep_each_message(struct doorstep_snapshot *snapshot, uint64_t mailbox_id, uint32_t from,
    uint32_t to, doorstep_message_fn *fn, void *arg, struct doorstep_error *error);

/*
 * One of them: 0 found, 1 not there, -1.  What is pointed to lives until
 * doorstep_end.
 */
int doorstep_find_user(struct doorstep_snapshot *snapshot, const char *user,
    struct doorstep_user *out, struct doorstep_error *error);
int doorstep_find_mailbox(struct doorstep_snapshot *snapshot, const char *user,
    const char *mailbox, struct doorstep_mailbox *out, struct doorstep_error *error);
int doorstep_find_message(struct doorstep_snapshot *snapshot, uint64_t mailbox_id, uint32_t uid,
    struct doorstep_message *out, struct doorstep_error *error);

/*
 * Opens the file of a message for reading: 0 with a descriptor that the caller
 * closes (its flags as they are now, Maildir letters in order, in `letters`,
 * which may be NULL), 1 when a reader has removed or moved it, -1.  root is the
 * user's, path the mailbox's, file the message's; no snapshot is needed.  What
 * is below root is not followed through symbolic links, and must belong to the
 * owner of the store.
 */
#define DOORSTEP_LETTERS_MAX 64
int doorstep_fetch(struct doorstep *store, const char *root, const char *path, const char *file,
    int *fd_out, char letters[DOORSTEP_LETTERS_MAX], struct doorstep_error *error);

#ifdef __cplusplus
}
#endif

#endif
