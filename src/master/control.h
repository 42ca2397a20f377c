/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MASTER_CONTROL_H
#define DOORSTEP_MASTER_CONTROL_H

#include "base/fail.h"
#include "master/children.h"

/* The control socket, RUNTIME_DIR/control: how `doorstep` asks. */

int control_open(struct master *m, struct fail *why);
void control_close(struct master *m); /* removes the socket's file too */

/* Answers of children to what a client asked. */
void control_user_explained(struct master *m, const struct msg_DIRECTORY_EXPLAINS_USER *answer);
void control_sync_done(struct master *m, const struct msg_DELIVER_DID_SYNC *answer);
/* A child has ended: who waits for its answer is told so. */
void control_child_ended(const struct child *c);

#endif
