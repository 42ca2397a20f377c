/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_CLIENT_PRIVATE_H
#define DOORSTEP_RELAY_CLIENT_PRIVATE_H

#include "relay/client.h"

/*
 * Between client.c (the connection) and talk.c (a mail on it).  Functions that
 * return bool give false when the client has ended: it may be freed already
 * and is not to be touched.
 */
void client_enter(struct client *c, enum client_state state); /* sets its timer */
bool client_end(struct client *c, enum client_end how, const struct fail *why); /* false */
/* The reply has no place here. */
bool client_end_confused(struct client *c);
bool client_become_idle(struct client *c);

/* The reply to what the state waits for is in c->response. */
bool talk_take_mail(struct client *c);
bool talk_take_rcpt(struct client *c);
bool talk_take_data(struct client *c);
bool talk_take_early(struct client *c);
bool talk_take_final(struct client *c);
bool talk_take_empty(struct client *c);
bool talk_take_reset(struct client *c);

void talk_refuse(struct client *c); /* what the mail's outcome is by that reply */
bool talk_say_more(struct client *c); /* all that was given to the channel is written */
/* The connection ends: the outcome of the mail on it, if there is one. */
void talk_end(struct client *c, const struct fail *why);

#endif
