/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_SCRAM_H
#define DOORSTEP_RELAY_SCRAM_H

#include "relay/auth.h"

/*
 * SCRAM (RFC 5802) without channel binding, for auth.c: the password never
 * goes over the line, and the remote must show that it knows it too.
 * Challenges are decoded already; answers are appended in base64.
 */
#define SCRAM_STEPS 2 /* challenges: server-first and server-final */

int scram_begin(struct auth *auth, struct buf *line, struct fail *why);
int scram_continue(struct auth *auth, struct str challenge, struct buf *line, struct fail *why);

#endif
