/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_SESSION_SERVER_H
#define DOORSTEP_SESSION_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "conf/conf.h"
#include "session/ask.h"
#include "session/body.h"

/*
 * What all sessions of a process share: listeners, settings, limits.  It
 * outlives them.
 */
struct listener;
struct session;

/* Settings are replaced by a reload, and kept by the sessions that began under
 * them. */
struct server_conf {
	struct conf *conf;
	size_t users;
};

/* One read takes at most this; it is the only input buffer of a session that
 * sends whole lines. */
#define SERVER_SCRATCH ((size_t)64 * 1024)
/* How long a stopping process waits for its transactions. */
#define SERVER_STOP_LIMIT (25 * CLOCK_SECOND)

struct server {
	struct loop *loop;
	struct ask *ask;
	struct server_conf *conf; /* for new sessions */
	char *host;		  /* our own name, when the settings name none */
	struct listener *listeners;
	struct session *sessions;
	size_t session_count;
	struct body_budget budget;
	char *scratch;
	uint64_t accepted;
	bool is_stopping;
	struct watch stop_timer, accept_timer;
};

void server_init(struct server *server, struct loop *loop, struct ask *ask);
void server_fini(struct server *server); /* ends every session at once */

/* Takes conf over, and closes all listeners: their new set follows. */
void server_set_conf(struct server *server, struct conf *conf);
/* Takes fd over.  A title that the settings do not have is closed again. */
void server_add_listener(struct server *server, struct str title, int fd);

/* Accepts no more; stops the loop when the last session has ended. */
void server_stop(struct server *server);

/* ---- for session.c ---- */

struct server_conf *server_hold_conf(struct server *server);
void server_drop_conf(struct server_conf *held);
const char *server_hostname(const struct server *server, const struct conf *conf);
void server_session_ended(struct server *server);

#endif
