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
	FILTER_REDIRECT,  /* recorded; refused until outgoing mail exists */
	FILTER_ACTION_COUNT
};

/* Whose a script is, in the `place` of a script reference. */
enum filter_place {
	FILTER_BEFORE,	 /* the site's, before the user's */
	FILTER_PERSONAL, /* the user's */
	FILTER_AFTER,	 /* the site's, after it */
	FILTER_DEFAULT,	 /* the site's, for a user who has none */
};

/* Limits on what one recipient's run may ask for (SIEVE.md section 4). */
#define FILTER_ACTIONS_MAX 32
#define FILTER_TARGET_MAX 1024
#define FILTER_FLAGS_MAX 1024

#endif
