/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_SESSION_SESSION_H
#define DOORSTEP_SESSION_SESSION_H

#include <sys/socket.h>

#include "mail/command.h"
#include "session/server.h"

/*
 * One connection: its socket, its timer, and the sign that its client has read
 * what was written (DESIGN 4).  The conversation is dialog.h.
 */
struct session;

/* Input that waits for an answer; more is not read meanwhile. */
#define SESSION_INPUT_MAX ((size_t)64 * 1024)
/* How long we wait for the client's FIN after our last reply: short, unless it
 * is a sign for a delivery. */
#define SESSION_LINGER_SHORT (2 * CLOCK_SECOND)
#define SESSION_LINGER_LONG (10 * CLOCK_SECOND)

/* Takes fd over and greets. */
void session_open(struct server *server, int fd, const struct sockaddr_storage *from,
    enum command_protocol protocol);
void session_close(struct session *s);

void session_stop_all(struct server *server); /* each as soon as it may */
void session_end_all(struct server *server);  /* 421 to those that can hear it, and closed */

#endif
