/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_TESTS_RELAY_WORLD_H
#define DOORSTEP_TESTS_RELAY_WORLD_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "relay/client.h"

/*
 * One client with its remote at the other end of a socket pair, for tests that
 * are the remote.  Mails that wait are sent whenever the client is ready.
 */
struct world {
	struct loop *loop;
	struct watch timer;
	struct client_config config;
	struct client *client; /* NULL: gone */
	int fd;		       /* the remote's end */
	struct mails waiting;
	unsigned ready, done, given_back, gone;
	enum client_end how;
	struct fail why;	/* of the end */
	struct fail fail;	/* of the last mail */
	bool is_dsn_passed;
	struct buf said; /* all that the client has said, and the test not yet taken */
};

static struct world world;

static inline void
world_feed(void)
{
	struct mail *mail;

	while (client_is_idle(world.client) && (mail = TAILQ_FIRST(&world.waiting)) != NULL) {
		TAILQ_REMOVE(&world.waiting, mail, entry);
		client_send(world.client, mail);
	}
}

static inline void
world_ready(struct client *client, void *arg)
{
	(void)client;
	(void)arg;
	world.ready++;
	world_feed();
}

static inline void
world_done(struct client *client, struct mail *mail, const struct outcome *outcome, void *arg)
{
	(void)client;
	(void)arg;
	world.done++;
	world.fail = outcome->fail;
	world.is_dsn_passed = outcome->is_dsn_passed;
	mail_free(&mail);
}

static inline void
world_given_back(struct client *client, struct mail *mail, void *arg)
{
	(void)client;
	(void)arg;
	world.given_back++;
	mail_free(&mail);
}

static inline void
world_gone(struct client *client, enum client_end how, const struct fail *why, void *arg)
{
	(void)arg;
	world.gone++;
	world.how = how;
	world.why = *why;
	client_free(&client);
	world.client = NULL;
}

static inline void
world_stop(void *arg)
{
	loop_stop(arg);
}

/* Until nothing more happens by itself. */
static inline void
world_settle(void)
{
	char bytes[65536];
	ssize_t n;
	int quiet = 0;

	while (quiet < 3) {
		loop_soon(world.loop, &world.timer, world_stop, world.loop);
		loop_run(world.loop);
		n = world.fd == -1 ? -1 : recv(world.fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n > 0)
			buf_add(&world.said, bytes, (size_t)n);
		quiet = n > 0 ? 0 : quiet + 1;
	}
}

static inline void
world_begin(bool is_lmtp)
{
	static const struct client_owner owner = { world_ready, world_done, world_given_back,
		world_gone };
	struct buf reason = BUF_EMPTY;
	int fds[2];

	memset(&world, 0, sizeof world);
	log_init("test", STDERR_FILENO, LOG_L_ERROR);
	world.loop = loop_new();
	TAILQ_INIT(&world.waiting);
	world.config = (struct client_config){ .hostname = "door.example.org",
		.connect_timeout = 60 * CLOCK_SECOND, .timeout = 60 * CLOCK_SECOND,
		.end_timeout = 60 * CLOCK_SECOND, .idle_timeout = 60 * CLOCK_SECOND };
	if (route_parse(is_lmtp ? STR("lmtp:unix:/x") : STR("smtp:unix:/x"), &world.config.route,
	    &reason) == -1 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == -1)
		abort();
	world.fd = fds[1];
	world.client = client_new(world.loop, &world.config, &owner, NULL);
	client_take_socket(world.client, fds[0]);
}

static inline void
world_end(void)
{
	struct mail *mail;

	if (world.client != NULL)
		mail_free(&world.client->mail);
	client_free(&world.client);
	while ((mail = TAILQ_FIRST(&world.waiting)) != NULL) {
		TAILQ_REMOVE(&world.waiting, mail, entry);
		mail_free(&mail);
	}
	loop_unwatch(&world.timer);
	file_close(&world.fd);
	buf_fini(&world.said);
	loop_free(&world.loop);
}

static inline void
world_hang_up(void)
{
	file_close(&world.fd);
	world_settle();
}

/* What the remote says. */
static inline void
world_reply(struct str bytes)
{
	while (bytes.n > 0 && world.fd != -1) {
		ssize_t n = send(world.fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			bytes = str_from(bytes, (size_t)n);
		world_settle();
		if (n == -1 && errno != EAGAIN)
			return;
	}
	world_settle();
}

static inline void
world_give(const char *recipient, struct str text, uint32_t notify)
{
	union msg_any any;
	struct mail *mail;

	memset(&any, 0, sizeof any);
	any.DELIVER_GIVES_MAIL = (struct msg_DELIVER_GIVES_MAIL){ .sender = STR("a@example.org"),
		.recipient = str_of(recipient), .text = text, .size = text.n, .notify = notify,
		.fd = -1 };
	mail = mail_new(&any, NULL);
	TAILQ_INSERT_TAIL(&world.waiting, mail, entry);
	if (world.client != NULL)
		world_feed();
	world_settle();
}

#endif
