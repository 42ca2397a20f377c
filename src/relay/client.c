/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * A connection until it is ready for mail, and its end: greeting, EHLO,
 * STARTTLS, AUTH, QUIT, and every time-out.  talk.c has what is between. */
#include "relay/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "relay/client_private.h"

static void try_address(struct client *c, const struct fail *last);

static void
say(struct client *c, const char *line)
{
	channel_write(&c->channel, str_of(line));
}

/* It cannot be used, and says so itself. */
static bool
end_refused(struct client *c)
{
	struct fail why = FAIL_EMPTY;

	response_judge(&c->response, &why);
	return client_end(c, CLIENT_NO_WAY, &why);
}

static bool
end_unusable(struct client *c, const char *what)
{
	struct fail why = FAIL_EMPTY;

	fail_set(&why, FAIL_TEMP, 7, 0, 0, "", "%s", what);
	return client_end(c, CLIENT_NO_WAY, &why);
}

/* ---- ready ---- */

bool
client_become_idle(struct client *c)
{
	bool is_worn = c->mails >= CLIENT_MAILS_MAX;

	c->is_ready = true;
	if (c->is_retiring || is_worn) {
		say(c, "QUIT\r\n");
		client_enter(c, CLIENT_QUIT);
		return true;
	}
	client_enter(c, CLIENT_IDLE);
	c->owner->ready(c, c->arg);
	return true;
}

static bool
begin_auth(struct client *c)
{
	const struct client_config *config = c->config;
	bool is_private = c->terms.is_encrypted || config->route.kind == ROUTE_UNIX;
	struct fail why = FAIL_EMPTY;

	if (config->user.n == 0)
		return client_become_idle(c);
	if (config->password.n == 0)
		return end_unusable(c, "relay_user is set, and relay_password_file was not read");
	if (auth_begin(&c->auth, c->terms.capabilities.mechanisms, is_private, config->user,
	    config->password, channel_output(&c->channel), &why) == -1)
		return client_end(c, CLIENT_NO_WAY, &why);
	channel_flush(&c->channel);
	client_enter(c, CLIENT_AUTH);
	return true;
}

static bool
take_auth(struct client *c)
{
	struct fail why = FAIL_EMPTY;

	if (c->response.code == 235)
		return auth_is_over(&c->auth) ? client_become_idle(c)
		    : end_unusable(c, "AUTH: it has not proved that it knows the password");
	if (c->response.code != 334)
		return end_refused(c);
	if (auth_continue(&c->auth, buf_str(&c->response.lines), channel_output(&c->channel),
	    &why) == -1)
		return client_end(c, CLIENT_NO_WAY, &why);
	channel_flush(&c->channel);
	client_enter(c, CLIENT_AUTH);
	return true;
}

/* ---- EHLO and TLS ---- */

static bool
say_hello(struct client *c)
{
	buf_addf(channel_output(&c->channel), "%s %s\r\n", c->config->route.is_lmtp ? "LHLO"
	    : "EHLO", c->config->hostname);
	channel_flush(&c->channel);
	client_enter(c, CLIENT_HELLO);
	return true;
}

static bool
take_greeting(struct client *c)
{
	return c->response.code / 100 == 2 ? say_hello(c) : end_refused(c);
}

static bool
must_have_tls(const struct client *c)
{
	return c->config->tls == CLIENT_TLS_REQUIRE || c->config->tls == CLIENT_TLS_VERIFY;
}

static bool
wants_tls(const struct client *c)
{
	/* A unix socket ends on this machine. */
	if (c->terms.is_encrypted || c->config->route.kind == ROUTE_UNIX)
		return false;
	if (c->config->tls == CLIENT_TLS_NO)
		return false;
	return must_have_tls(c) || (!c->is_tls_avoided && c->config->tls_context != NULL);
}

static bool
take_hello(struct client *c)
{
	if (c->response.code / 100 == 5 && !c->config->route.is_lmtp) {
		/* RFC 5321 3.2: an old server. */
		buf_addf(channel_output(&c->channel), "HELO %s\r\n", c->config->hostname);
		channel_flush(&c->channel);
		client_enter(c, CLIENT_HELO);
		return true;
	}
	if (c->response.code / 100 != 2)
		return end_refused(c);
	capability_parse(buf_str(&c->response.lines), &c->terms.capabilities);
	if (!wants_tls(c))
		return begin_auth(c);
	if ((c->terms.capabilities.can & CAN_STARTTLS) == 0)
		return must_have_tls(c) ? end_unusable(c, "it offers no STARTTLS, and relay_tls "
		    "requires it") : begin_auth(c);
	say(c, "STARTTLS\r\n");
	client_enter(c, CLIENT_STARTTLS);
	return true;
}

static bool
take_helo(struct client *c)
{
	if (c->response.code / 100 != 2)
		return end_refused(c);
	if (wants_tls(c) && must_have_tls(c))
		return end_unusable(c, "it knows no EHLO and so no STARTTLS, and relay_tls requires "
		    "it");
	return begin_auth(c);
}

static bool
shake(struct client *c)
{
	struct fail why = FAIL_EMPTY;

	if (c->config->tls_context == NULL)
		return end_unusable(c, "TLS cannot be used here");
	client_enter(c, CLIENT_SHAKING);
	if (channel_start_tls(&c->channel, c->config->tls_context, &c->config->route, &why) == 0)
		return true;
	/* What came in the clear behind STARTTLS is an attack, or might be: no
	 * second try in the clear. */
	return client_end(c, CLIENT_NO_WAY, &why);
}

static bool
take_starttls(struct client *c)
{
	if (c->response.code == 220)
		return shake(c);
	return must_have_tls(c) ? end_refused(c) : begin_auth(c);
}

/* RFC 3207 4.2: all that was said in the clear is forgotten. */
static bool
take_secure(struct client *c)
{
	struct buf text = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;

	c->terms = (struct terms){ .is_encrypted = true,
		.is_verified = tls_is_verified(c->channel.tls) };
	tls_describe(c->channel.tls, &text);
	log_debug("%s: %s", buf_cstr(&c->name), buf_cstr(&text));
	if (c->config->tls == CLIENT_TLS_VERIFY && !c->terms.is_verified) {
		fail_set(&why, FAIL_TEMP, 7, 5, 0, "", "its certificate is not what relay_tls = "
		    "verify asks for (%s)", buf_cstr(&text));
		buf_fini(&text);
		return client_end(c, CLIENT_NO_WAY, &why);
	}
	buf_fini(&text);
	if (!c->config->route.is_tls)
		return say_hello(c);
	client_enter(c, CLIENT_GREETING);
	return true;
}

static bool
take_quit(struct client *c)
{
	struct fail why = FAIL_EMPTY;

	return client_end(c, CLIENT_IS_OVER, &why);
}

/* ---- states ---- */

/* What a reply means in each; where none may come there is a hole.  limit: at
 * most so long, 0: as the setting says. */
static const struct {
	bool (*take)(struct client *c);
	const char *waits_for;
	size_t setting; /* offset in struct client_config */
	int64_t limit;
} states[CLIENT_STATES] = {
#define SETTING(name) offsetof(struct client_config, name)
	[CLIENT_CONNECTING] = { NULL, "the connection", SETTING(connect_timeout), 0 },
	[CLIENT_SHAKING] = { NULL, "the TLS handshake", SETTING(connect_timeout), 0 },
	[CLIENT_GREETING] = { take_greeting, "its greeting", SETTING(timeout), 0 },
	[CLIENT_HELLO] = { take_hello, "the reply to EHLO", SETTING(timeout), 0 },
	[CLIENT_HELO] = { take_helo, "the reply to HELO", SETTING(timeout), 0 },
	[CLIENT_STARTTLS] = { take_starttls, "the reply to STARTTLS", SETTING(timeout), 0 },
	[CLIENT_AUTH] = { take_auth, "the reply to AUTH", SETTING(timeout), 0 },
	[CLIENT_IDLE] = { NULL, "mail", SETTING(idle_timeout), 0 },
	[CLIENT_MAIL] = { talk_take_mail, "the reply to MAIL", SETTING(timeout), 0 },
	[CLIENT_RCPT] = { talk_take_rcpt, "the reply to RCPT", SETTING(timeout), 0 },
	[CLIENT_DATA] = { talk_take_data, "the reply to DATA", SETTING(timeout),
		CLIENT_DATA_TIMEOUT },
	[CLIENT_BODY] = { talk_take_early, "it to read on", SETTING(timeout),
		CLIENT_BLOCK_TIMEOUT },
	[CLIENT_FINAL] = { talk_take_final, "the reply to the message", SETTING(end_timeout), 0 },
	[CLIENT_EMPTY] = { talk_take_empty, "the reply to a lone dot", SETTING(timeout), 0 },
	[CLIENT_RESET] = { talk_take_reset, "the reply to RSET", SETTING(timeout), 0 },
	[CLIENT_QUIT] = { take_quit, "the reply to QUIT", SETTING(timeout), CLIENT_QUIT_TIMEOUT },
#undef SETTING
};

static int64_t
time_of(const struct client *c, enum client_state state)
{
	const char *config = (const char *)c->config;
	int64_t time = *(const int64_t *)(const void *)(config + states[state].setting);

	return states[state].limit > 0 && states[state].limit < time ? states[state].limit : time;
}

static void
on_timeout(void *arg)
{
	struct client *c = arg;
	struct fail why = FAIL_EMPTY;

	if (c->state == CLIENT_IDLE) {
		c->is_retiring = true;
		(void)client_become_idle(c);
		return;
	}
	if (c->state == CLIENT_QUIT) {
		(void)take_quit(c);
		return;
	}
	fail_set(&why, FAIL_TEMP, 4, c->state == CLIENT_CONNECTING ? 1 : 2, 0, "",
	    "waited %lld s in vain for %s", (long long)(time_of(c, c->state) / CLOCK_SECOND),
	    states[c->state].waits_for);
	if (c->state == CLIENT_CONNECTING)
		try_address(c, &why);
	else
		(void)client_end(c, CLIENT_LOST, &why);
}

/* One timer a state: what comes in pieces must be whole within it. */
void
client_enter(struct client *c, enum client_state state)
{
	c->state = state;
	loop_timer(c->loop, &c->timer, time_of(c, state), on_timeout, c);
}

bool
client_end(struct client *c, enum client_end how, const struct fail *why)
{
	BUG_ON(c->is_ended);
	/* Opportunistic TLS that fails is worth one more try without. */
	if (c->state == CLIENT_SHAKING && how == CLIENT_LOST && c->config->tls == CLIENT_TLS_MAY
	    && !c->config->route.is_tls)
		how = CLIENT_TLS_FAILED;
	else if (how == CLIENT_LOST && !c->is_ready)
		how = CLIENT_NO_WAY;
	c->is_ended = true;
	loop_unwatch(&c->timer);
	channel_fini(&c->channel);
	talk_end(c, why);
	c->owner->gone(c, how, why, c->arg);
	return false;
}

bool
client_end_confused(struct client *c)
{
	struct fail why = FAIL_EMPTY;
	struct buf text = BUF_EMPTY;

	response_add_text(&c->response, &text);
	fail_set(&why, FAIL_TEMP, 5, 0, 0, "", "its reply `%s` has no place where %s was expected",
	    buf_cstr(&text), states[c->state].waits_for);
	buf_fini(&text);
	return client_end(c, CLIENT_LOST, &why);
}

/* ---- what the channel says ---- */

static bool
take_response(struct client *c)
{
	struct fail why = FAIL_EMPTY;

	if (states[c->state].take == NULL) {
		/* 421 to an idle connection is a farewell. */
		fail_set(&why, FAIL_TEMP, 5, 0, 0, "", "it spoke without being asked");
		return client_end(c, c->state == CLIENT_IDLE ? CLIENT_IS_OVER : CLIENT_LOST, &why);
	}
	/* RFC 5321 3.8: it closes the connection, whatever was asked. */
	if (c->response.code == 421 && c->state != CLIENT_QUIT) {
		response_judge(&c->response, &why);
		if (c->state == CLIENT_FINAL)
			talk_refuse(c);
		return client_end(c, CLIENT_LOST, &why);
	}
	return states[c->state].take(c);
}

static void
take_input(struct client *c)
{
	struct fail why = FAIL_EMPTY;
	struct buf *in = channel_input(&c->channel);
	enum response_result result;
	size_t used;

	while (in->n > 0) {
		result = response_take(&c->response, buf_str(in), &used);
		buf_cut_front(in, used);
		if (result == RESPONSE_MORE)
			return;
		if (result == RESPONSE_BROKEN) {
			fail_set(&why, FAIL_TEMP, 5, 0, 0, "", "what it says where %s was "
			    "expected is no reply, or too long", states[c->state].waits_for);
			(void)client_end(c, CLIENT_LOST, &why);
			return;
		}
		if (!take_response(c))
			return;
		response_clear(&c->response);
		/* The rest, if there is one, would be the handshake's. */
		if (c->state == CLIENT_SHAKING)
			return;
	}
}

static void
take_open(struct client *c)
{
	client_enter(c, CLIENT_GREETING);
	if (c->config->route.is_tls)
		(void)shake(c);
}

static void
on_event(enum channel_event event, void *arg)
{
	struct client *c = arg;
	struct fail why = c->channel.why;

	switch (event) {
	case CHANNEL_OPEN:
		take_open(c);
		break;
	case CHANNEL_SECURE:
		(void)take_secure(c);
		break;
	case CHANNEL_INPUT:
		take_input(c);
		break;
	case CHANNEL_SENT:
		(void)talk_say_more(c);
		break;
	case CHANNEL_ENDED:
		fail_set(&why, FAIL_TEMP, 4, 2, 0, "", "it closed the connection");
		(void)client_end(c, c->state == CLIENT_IDLE || c->state == CLIENT_QUIT
		    ? CLIENT_IS_OVER : CLIENT_LOST, &why);
		break;
	case CHANNEL_FAILED:
		if (c->state == CLIENT_CONNECTING)
			try_address(c, &why);
		else
			(void)client_end(c, CLIENT_LOST, &why);
		break;
	}
}

/* ---- connect ---- */

static void
set_name(struct client *c, const struct net_address *address)
{
	const struct route *route = &c->config->route;
	char text[INET6_ADDRSTRLEN] = "";
	const void *bytes = &((const struct sockaddr_in *)&address->addr)->sin_addr;

	buf_clear(&c->name);
	if (route->kind == ROUTE_UNIX) {
		buf_addf(&c->name, "unix:%.*s", STR_ARG(route->host));
		return;
	}
	if (address->addr.ss_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)&address->addr)->sin6_addr;
	(void)inet_ntop(address->addr.ss_family, bytes, text, sizeof text);
	if (route->kind == ROUTE_NAME)
		buf_addf(&c->name, "%.*s", STR_ARG(route->host));
	buf_addf(&c->name, "[%s]:%u", text, (unsigned)route->port);
}

/* The next address, or the end when there is none; `last`: why the one before
 * did not do. */
static void
try_address(struct client *c, const struct fail *last)
{
	struct fail why = *last;
	int fd = -1;

	channel_fini(&c->channel);
	while (c->address_next < c->address_count) {
		const struct net_address *address = &c->addresses[c->address_next++];

		set_name(c, address);
		fd = socket(address->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd != -1 && (connect(fd, (const struct sockaddr *)&address->addr,
		    address->len) == 0 || errno == EINPROGRESS)) {
			client_enter(c, CLIENT_CONNECTING);
			channel_init(&c->channel, c->loop, fd, on_event, c);
			return;
		}
		fail_set(&why, FAIL_TEMP, 4, 1, errno, "", "connect");
		file_close(&fd);
	}
	(void)client_end(c, CLIENT_NO_WAY, &why);
}

struct client *
client_new(struct loop *loop, const struct client_config *config,
    const struct client_owner *owner, void *arg)
{
	struct client *c = xcalloc(1, sizeof *c);

	c->loop = loop;
	c->config = config;
	c->owner = owner;
	c->arg = arg;
	c->channel = CHANNEL_EMPTY;
	c->response = RESPONSE_EMPTY;
	return c;
}

void
client_free(struct client **client)
{
	struct client *c = *client;

	if (c == NULL)
		return;
	loop_unwatch(&c->timer);
	channel_fini(&c->channel);
	response_fini(&c->response);
	auth_fini(&c->auth);
	buf_fini(&c->name);
	free(c);
	*client = NULL;
}

void
client_connect(struct client *c, const struct net_address *addresses, size_t n)
{
	struct fail none = FAIL_EMPTY;

	fail_set(&none, FAIL_TEMP, 4, 4, 0, "", "it has no address");
	c->address_count = n < CLIENT_ADDRESSES_MAX ? n : CLIENT_ADDRESSES_MAX;
	for (size_t i = 0; i < c->address_count; i++)
		c->addresses[i] = addresses[i];
	try_address(c, &none);
}

void
client_take_socket(struct client *c, int fd)
{
	set_name(c, &c->config->route.address);
	client_enter(c, CLIENT_CONNECTING);
	channel_init(&c->channel, c->loop, fd, on_event, c);
}

bool
client_is_idle(const struct client *c)
{
	return c->state == CLIENT_IDLE && !c->is_ended;
}

void
client_retire(struct client *c)
{
	c->is_retiring = true;
	if (client_is_idle(c))
		(void)client_become_idle(c);
}

void
client_drop_mail(struct client *c)
{
	struct fail why = FAIL_EMPTY;

	if (c->mail == NULL || c->state == CLIENT_FINAL)
		return;
	fail_set(&why, FAIL_TEMP, 3, 0, 0, "", "whoever gave the mail is gone");
	c->is_heard = true;
	(void)client_end(c, CLIENT_LOST, &why);
}
