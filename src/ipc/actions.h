/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_IPC_ACTIONS_H
#define DOORSTEP_IPC_ACTIONS_H

/* What a filter may ask deliver to do, in the `kind` of an action. */
enum filter_action {
	FILTER_KEEP,	  /* store in the inbox because the script said so */
	FILTER_IMPLICIT_KEEP, /* store in the inbox because nothing cancelled it */
	FILTER_FILEINTO,  /* store in `target` */
	FILTER_DISCARD,	  /* nothing: deliver logs who and why */
	FILTER_REDIRECT,  /* send `mail`, which takes the place of a keep */
	FILTER_REJECT,	  /* refuse with `target` as the reason (RFC 5429), or send `mail` */
	FILTER_SEND,	  /* send `mail` beside: an answer, a notification, a copy */
	FILTER_PIPE,	  /* give it to the program `target` */
	FILTER_ACTION_COUNT
};

/* Why mail is sent: the `cause` of a mail. */
enum filter_cause {
	FILTER_CAUSE_REDIRECT,
	FILTER_CAUSE_VACATION,
	FILTER_CAUSE_NOTIFY,
	FILTER_CAUSE_REJECT,
	FILTER_CAUSE_COUNT
};

/* What a filter may ask while it works. */
enum filter_question {
	FILTER_ASKS_SCRIPT,	 /* subject: a name; object: `personal` or `global` */
	FILTER_ASKS_MAILBOX,	 /* subject: a folder; can it be stored in? */
	FILTER_ASKS_SPECIAL_USE, /* subject: a folder, or empty: any; object: the use */
	FILTER_ASKS_METADATA,	 /* subject: a folder, or empty: the server; object: annotation */
	FILTER_ASKS_MARK,	 /* subject: id of a mark; was it remembered? */
	FILTER_ASKS_LIST,	 /* subject: name of a list; object: a value, or empty: is it there? */
	FILTER_ASKS_MEMBERS,	 /* subject: name of a list; text: what is on it, LF behind each */
	FILTER_ASKS_MAILBOX_ID,	 /* subject: an id (RFC 9042); text: the folder that has it */
	FILTER_ASKS_SPACE,	 /* size: bytes for changed messages; told with a memfd, to be written */
	FILTER_QUESTION_COUNT
};

/* Of a program: it failed, it succeeded, it could not be run, it still runs. */
enum filter_answer { FILTER_NO, FILTER_YES, FILTER_IN_DOUBT, FILTER_LATER };

#define RELAY_MAILS_MAX 32 /* of one deliver, with relay at one time */

#define FILTER_QUESTIONS_MAX 400 /* that one question of deliver may cause */
#define FILTER_SUBJECT_MAX ((size_t)8192) /* bytes of subject and object */
#define FILTER_MADE_MAX ((size_t)64 << 20) /* bytes made for all changed messages of an answer */
#define FILTER_PIECES_MAX 256 /* of one changed message */
#define FILTER_INPUT_MAX ((size_t)32 * 1024) /* of a text for a program, and its arguments */
#define FILTER_MARKS_MAX 32
#define FILTER_MARK_MAX ((size_t)4096) /* bytes of the id of one */
#define FILTER_MAILS_MAX 33 /* that one recipient's scripts may ask for */
#define FILTER_MAIL_RCPTS_MAX 32 /* of one mail */
#define FILTER_MEMBERS_MAX 32 /* of a list that a message is redirected to (RFC 6134 2.3) */
#define FILTER_NOTES_MAX ((size_t)4096)
#define FILTER_TRACE_MAX ((size_t)64 * 1024)
#define FILTER_PROGRAM_MAX ((size_t)100 * 1024) /* of a program shown */
#define FILTER_REASON_MAX ((size_t)4096) /* of a reject */

/* Whose a script is, in the `place` of a script reference. */
enum filter_place {
	FILTER_BEFORE,	 /* the site's, before the user's */
	FILTER_PERSONAL, /* the user's */
	FILTER_AFTER,	 /* the site's, after it */
	FILTER_DEFAULT,	 /* the site's, for a user who has none */
};

/* Limits on what one recipient's run may ask for (SIEVE.md section 4). */
#define FILTER_ACTIONS_DEFAULT 32
#define FILTER_ACTIONS_MAX 256 /* sieve_max_actions */
#define FILTER_TARGET_MAX 1024
#define FILTER_FLAGS_MAX 1024

#endif
