/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * A remote: its addresses, its connections, and its rest after a failure.  It
 * sees no mail. */
#include "relay/remote.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "conf/conf.h"

/* A connected socket that the half outside was asked for. */
struct opening {
	TAILQ_ENTRY(opening) entry;
	struct remote *remote;
	uint64_t question;
	struct watch timer;
};

static enum client_tls
tls_of(const char *word)
{
	static const char *const words[] = { [CLIENT_TLS_MAY] = "may", [CLIENT_TLS_NO] = "no",
		[CLIENT_TLS_REQUIRE] = "require", [CLIENT_TLS_VERIFY] = "verify" };
	int i;

	for (i = CLIENT_TLS_MAY; i < CLIENT_TLS_VERIFY; i++)
		if (strcmp(words[i], word) == 0)
			break;
	return (enum client_tls)i;
}

struct remote *
remote_new(struct loop *loop, struct outside *outside, const struct conf *conf, const char *text,
    struct str password, tls_context *tls)
{
	struct remote *r = xcalloc(1, sizeof *r);
	struct buf reason = BUF_EMPTY;

	r->loop = loop;
	r->outside = outside;
	r->text = xstrdup(text);
	r->hostname = xstrdup(conf->hostname);
	r->user = xstrdup(conf->relay_user);
	r->password = xstrndup(password);
	r->rest = conf->relay_rest;
	r->concurrency = conf->relay_concurrency;
	r->config = (struct client_config){ .hostname = r->hostname, .user = str_of(r->user),
		.password = { r->password, password.n }, .tls_context = tls,
		.tls = tls_of(conf->relay_tls), .connect_timeout = conf->relay_connect_timeout,
		.timeout = conf->relay_timeout, .end_timeout = conf->relay_end_timeout,
		.idle_timeout = conf->relay_idle_timeout };
	BUG_ON(route_parse(str_of(r->text), &r->config.route, &reason) == -1);
	TAILQ_INIT(&r->clients);
	TAILQ_INIT(&r->openings);
	if (r->config.route.kind == ROUTE_NUMERIC) {
		r->addresses[0] = r->config.route.address;
		r->address_count = 1;
	}
	return r;
}

static void
end_opening(struct opening *opening)
{
	struct remote *r = opening->remote;

	TAILQ_REMOVE(&r->openings, opening, entry);
	r->client_count--;
	loop_unwatch(&opening->timer);
	if (opening->question != 0)
		outside_forget(r->outside, opening->question);
	free(opening);
}

static void
end_client(struct remote *r, struct client *client)
{
	TAILQ_REMOVE(&r->clients, client, entry);
	r->client_count--;
	client_free(&client);
}

void
remote_free(struct remote **remote)
{
	struct remote *r = *remote;

	if (r == NULL)
		return;
	while (!TAILQ_EMPTY(&r->clients))
		end_client(r, TAILQ_FIRST(&r->clients));
	while (!TAILQ_EMPTY(&r->openings))
		end_opening(TAILQ_FIRST(&r->openings));
	if (r->lookup != 0)
		outside_forget(r->outside, r->lookup);
	loop_unwatch(&r->lookup_timer);
	free(r->text);
	free(r->hostname);
	free(r->user);
	explicit_bzero(r->password, r->config.password.n);
	free(r->password);
	free(r);
	*remote = NULL;
}

/* ---- up and down ---- */

bool
remote_is_resting(const struct remote *r)
{
	return clock_monotonic() < r->rests_until;
}

/* One line a minute, however much mail waits for it. */
static void
rest(struct remote *r, const char *name, const struct fail *why)
{
	int64_t now = clock_monotonic();

	r->is_proven = false;
	r->address_count = r->config.route.kind == ROUTE_NUMERIC ? 1 : 0;
	r->rests_until = now + r->rest;
	snprintf(r->reason, sizeof r->reason, "%s: %.400s", *name == '\0' ? r->text : name,
	    why->log);
	if (now >= r->logs_again) {
		r->logs_again = now + REMOTE_LOG_PAUSE;
		r->is_down_logged = true;
		log_warn("no mail can go to %s for now", r->reason);
	}
}

void
remote_found_ready(struct remote *r)
{
	r->is_proven = true;
	r->rests_until = 0;
	if (r->is_down_logged)
		log_info("mail goes to %s again", r->text);
	r->is_down_logged = false;
}

void
remote_lost(struct remote *r, struct client *client, enum client_end how, const struct fail *why)
{
	const char *name = buf_cstr(&client->name);

	if (how == CLIENT_TLS_FAILED) {
		r->tls_again = clock_monotonic() + REMOTE_TLS_PAUSE;
		log_warn("%s: TLS does not go (%s): mail goes there without it for ten minutes",
		    name, why->log);
	} else if (how == CLIENT_NO_WAY) {
		rest(r, name, why);
	} else if (how == CLIENT_LOST) {
		log_debug("%s: the connection was lost: %s", name, why->log);
	}
	end_client(r, client);
}

/* ---- connections ---- */

unsigned
remote_room(const struct remote *r)
{
	int64_t most = r->is_proven ? r->concurrency : 1;

	return r->client_count < most ? (unsigned)(most - r->client_count) : 0;
}

unsigned
remote_coming(const struct remote *r)
{
	const struct client *client;
	const struct opening *opening;
	unsigned n = r->lookup != 0 ? 1 : 0;

	TAILQ_FOREACH(client, &r->clients, entry)
		n += !client->is_ready;
	TAILQ_FOREACH(opening, &r->openings, entry)
		n++;
	return n;
}

struct client *
remote_idle_client(const struct remote *r)
{
	struct client *client;

	TAILQ_FOREACH(client, &r->clients, entry)
		if (client_is_idle(client))
			return client;
	return NULL;
}

static struct client *
add_client(struct remote *r)
{
	struct client *client = client_new(r->loop, &r->config, r->owner, r);

	client->is_tls_avoided = clock_monotonic() < r->tls_again;
	TAILQ_INSERT_TAIL(&r->clients, client, entry);
	r->client_count++;
	return client;
}

static void
take_socket(const struct msg_OUTSIDE_ANSWERS *answer, int fd, void *arg)
{
	struct opening *opening = arg;
	struct remote *r = opening->remote;
	struct fail why = FAIL_EMPTY;

	opening->question = 0;
	end_opening(opening);
	if (fd != -1) {
		client_take_socket(add_client(r), fd);
		return;
	}
	fail_set(&why, FAIL_TEMP, 4, 1, 0, "", "%.*s", STR_ARG(answer->text));
	rest(r, "", &why);
	r->changed(r, r->arg);
}

static void
opening_late(void *arg)
{
	struct opening *opening = arg;
	struct remote *r = opening->remote;
	struct fail why = FAIL_EMPTY;

	end_opening(opening);
	fail_set(&why, FAIL_TEMP, 4, 1, 0, "", "no connection in time");
	rest(r, "", &why);
	r->changed(r, r->arg);
}

static void
ask_socket(struct remote *r)
{
	struct opening *opening = xcalloc(1, sizeof *opening);
	struct msg_RELAY_ASKS_OUTSIDE question = { .kind = OUTSIDE_CONNECT,
		.name = r->config.route.host, .fd = -1 };

	opening->remote = r;
	TAILQ_INSERT_TAIL(&r->openings, opening, entry);
	r->client_count++;
	loop_timer(r->loop, &opening->timer, r->config.connect_timeout, opening_late, opening);
	opening->question = outside_ask(r->outside, &question, take_socket, opening);
}

/* The port is ours; bytes of another form are passed over. */
static bool
is_address(struct str bytes, uint16_t port, struct net_address *out)
{
	memset(out, 0, sizeof *out);
	if (bytes.n > sizeof out->addr || bytes.n < sizeof out->addr.ss_family)
		return false;
	memcpy(&out->addr, bytes.p, bytes.n);
	out->len = (socklen_t)bytes.n;
	if (out->addr.ss_family == AF_INET && bytes.n == sizeof(struct sockaddr_in))
		((struct sockaddr_in *)&out->addr)->sin_port = htons(port);
	else if (out->addr.ss_family == AF_INET6 && bytes.n == sizeof(struct sockaddr_in6))
		((struct sockaddr_in6 *)&out->addr)->sin6_port = htons(port);
	else
		return false;
	return true;
}

static void
end_lookup(struct remote *r, const char *failed)
{
	struct fail why = FAIL_EMPTY;

	r->lookup = 0;
	loop_unwatch(&r->lookup_timer);
	if (failed != NULL) {
		fail_set(&why, FAIL_TEMP, 4, 4, 0, "", "%s", failed);
		rest(r, "", &why);
	}
	r->changed(r, r->arg);
}

static void
take_addresses(const struct msg_OUTSIDE_ANSWERS *answer, int fd, void *arg)
{
	struct remote *r = arg;
	char text[FAIL_LOG_MAX];
	size_t i;

	file_close(&fd);
	r->address_count = 0;
	for (i = 0; i < answer->addresses.n && r->address_count < CLIENT_ADDRESSES_MAX; i++)
		if (is_address(answer->addresses.at[i].bytes, r->config.route.port,
		    &r->addresses[r->address_count]))
			r->address_count++;
	r->addresses_since = clock_monotonic();
	snprintf(text, sizeof text, "%.*s", (int)(answer->text.n < 400 ? answer->text.n : 400),
	    answer->text.p == NULL ? "" : answer->text.p);
	end_lookup(r, r->address_count > 0 ? NULL : text);
}

static void
lookup_late(void *arg)
{
	struct remote *r = arg;

	outside_forget(r->outside, r->lookup);
	end_lookup(r, "its name was not looked up in time");
}

static void
look_up(struct remote *r)
{
	struct msg_RELAY_ASKS_OUTSIDE question = { .kind = OUTSIDE_RESOLVE,
		.name = r->config.route.host, .fd = -1 };

	if (r->lookup != 0)
		return;
	loop_timer(r->loop, &r->lookup_timer, r->config.connect_timeout, lookup_late, r);
	r->lookup = outside_ask(r->outside, &question, take_addresses, r);
}

static bool
has_addresses(const struct remote *r)
{
	if (r->address_count == 0)
		return false;
	return r->config.route.kind == ROUTE_NUMERIC
	    || clock_monotonic() - r->addresses_since < REMOTE_ADDRESS_LIFE;
}

void
remote_open(struct remote *r)
{
	if (r->config.route.kind == ROUTE_UNIX)
		ask_socket(r);
	else if (!has_addresses(r))
		look_up(r);
	else
		client_connect(add_client(r), r->addresses, r->address_count);
}

void
remote_retire(struct remote *r)
{
	struct client *client, *next;

	while (!TAILQ_EMPTY(&r->openings))
		end_opening(TAILQ_FIRST(&r->openings));
	/* QUIT may not end a client at once, so none is freed here. */
	for (client = TAILQ_FIRST(&r->clients); client != NULL; client = next) {
		next = TAILQ_NEXT(client, entry);
		client_retire(client);
	}
}
