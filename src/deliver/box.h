/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_BOX_H
#define DOORSTEP_DELIVER_BOX_H

#include <stdbool.h>

#include "base/fail.h"
#include "base/str.h"
#include "store/maildir.h"

/*
 * Mailbox folders that are open, so that a delivery to one costs no directory
 * walk.  A bounded cache: what is in use (boxes_hold) stays, the longest
 * unused go first.
 */
struct box {
	unsigned long device; /* st_dev */
	struct str name; /* canonical: INBOX, Lists.project */
	struct str path, root;
	struct maildir *maildir;
	bool was_made; /* by this opening */
	struct box_private *private;
};

struct boxes;

struct boxes *boxes_new(size_t max); /* owned */
void boxes_free(struct boxes **boxes);

/*
 * The folder of this name below root: opened, and made (and subscribed) when
 * asked.  The path is looked at again each time, so a folder that a reader
 * removed or renamed is noticed.  Held: give it back with boxes_give.
 * -1: FAIL_PERM for a name that cannot be, FAIL_TEMP for the rest.
 */
int boxes_take(struct boxes *boxes, struct str root, struct str name, bool create, bool subscribe,
    struct box **out, struct fail *why);
void boxes_hold(struct box *box); /* one more holder */
void boxes_give(struct boxes *boxes, struct box **box); /* legal on NULL */

/* Everything made with this opening is on disk: maildir_forget_made, when the last
 * holder has given it back. */
void boxes_forget_made(struct box *box);

#endif
