/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_REMOTE_H
#define DOORSTEP_RELAY_REMOTE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "relay/client.h"
#include "relay/outside.h"

/*
 * One item of relay_host and the connections to it: how many there may be, and
 * whether it is worth trying now.  Which mail goes there is the queue's matter.
 */
#define REMOTE_ADDRESS_LIFE (60 * CLOCK_SECOND) /* of what a name was looked up to */
#define REMOTE_LOG_PAUSE (60 * CLOCK_SECOND)	/* between two lines that it is down */
#define REMOTE_TLS_PAUSE (600 * CLOCK_SECOND)	/* without TLS, after it failed */

struct opening;

struct remote {
	TAILQ_ENTRY(remote) entry; /* the queue's */
	char *text;		   /* as relay_host has it; config.route points into it */
	char *hostname, *user, *password;
	struct client_config config;
	const struct client_owner *owner;
	void *arg; /* of the owner */
	struct loop *loop;
	struct outside *outside;
	int64_t rest, concurrency;
	TAILQ_HEAD(, client) clients;
	TAILQ_HEAD(, opening) openings; /* sockets that are asked for */
	unsigned client_count;		/* openings with them */
	struct net_address addresses[CLIENT_ADDRESSES_MAX];
	size_t address_count;
	int64_t addresses_since;
	uint64_t lookup; /* number of the question, 0: none */
	struct watch lookup_timer;
	void (*changed)(struct remote *remote, void *arg); /* the queue should look again */
	int64_t rests_until, logs_again, tls_again;
	bool is_proven; /* the last connection became ready */
	bool is_down_logged;
	char reason[FAIL_LOG_MAX]; /* why it rests */
};

TAILQ_HEAD(remotes, remote);

/* From settings that were checked; all is copied.  tls is borrowed. */
struct conf;
struct remote *remote_new(struct loop *loop, struct outside *outside, const struct conf *conf,
    const char *text, struct str password, tls_context *tls);
void remote_free(struct remote **remote); /* closes all connections */

bool remote_is_resting(const struct remote *remote);
/* Connections that may be opened now, and those that will be ready soon. */
unsigned remote_room(const struct remote *remote);
unsigned remote_coming(const struct remote *remote);
struct client *remote_idle_client(const struct remote *remote); /* NULL: none */

/* Opens one more: it becomes ready, or the remote rests. */
void remote_open(struct remote *remote);
/* What its client says when it is gone: frees it and draws the conclusions. */
void remote_lost(struct remote *remote, struct client *client, enum client_end how,
    const struct fail *why);
void remote_found_ready(struct remote *remote);
/* All connections end after their mail. */
void remote_retire(struct remote *remote);

#endif
