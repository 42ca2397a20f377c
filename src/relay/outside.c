/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The half of relay that stays outside: names, unix sockets, sendmail.  It does
 * what the settings say and takes no other orders. */
#include "relay/outside.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "base/xalloc.h"
#include "conf/route.h"
#include "ipc/drop.h"
#include "relay/sendmail.h"

struct outdoors {
	struct loop *loop;
	struct wire *wire;
	const struct conf *conf;
	struct sendmail *sendmail; /* NULL: not in the settings */
};

void
outside_describe(const struct conf *conf, struct buf *out)
{
	struct buf reason = BUF_EMPTY;
	struct route route;
	bool has_name = false;
	size_t i;

	for (i = 0; i < conf->relay_host.n; i++) {
		if (route_parse(str_of(conf->relay_host.at[i]), &route, &reason) == -1)
			continue;
		has_name = has_name || route.kind == ROUTE_NAME;
		if (route.kind == ROUTE_UNIX)
			buf_addf(out, "socket %.*s\n", STR_ARG(route.host));
	}
	/* Names may change: any will be looked up. */
	if (has_name)
		buf_add_cstr(out, "names\n");
	if (conf->relay_sendmail[0] != '\0')
		buf_addf(out, "program %lld %s\n", (long long)conf->relay_end_timeout,
		    conf->relay_sendmail);
	buf_fini(&reason);
}

/* ---- answers ---- */

static void
answer(struct outdoors *o, struct msg_OUTSIDE_ANSWERS *message)
{
	wire_send(o->wire, MSG_OUTSIDE_ANSWERS, message);
}

static void
answer_failed(struct outdoors *o, uint64_t id, const struct fail *why)
{
	struct msg_OUTSIDE_ANSWERS message = { .id = id, .class = (uint8_t)why->class,
		.subject = (uint8_t)why->subject, .detail = (uint8_t)why->detail,
		.text = str_of(why->log), .fd = -1 };

	answer(o, &message);
}

static size_t
take_addresses(const struct addrinfo *found, struct rec_socket_address *out)
{
	size_t n = 0;

	for (; found != NULL && n < OUTSIDE_ADDRESSES_MAX; found = found->ai_next) {
		if (found->ai_family != AF_INET && found->ai_family != AF_INET6)
			continue;
		out[n++].bytes = (struct str){ (const char *)found->ai_addr, found->ai_addrlen };
	}
	return n;
}

/* Blocks, and nobody else waits here but for another name. */
static void
resolve(struct outdoors *o, const struct msg_RELAY_ASKS_OUTSIDE *question)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC };
	struct addrinfo *found = NULL;
	struct rec_socket_address addresses[OUTSIDE_ADDRESSES_MAX];
	struct msg_OUTSIDE_ANSWERS message = { .id = question->id, .fd = -1 };
	struct fail why = FAIL_EMPTY;
	char *name = xstrndup(question->name);
	int error = getaddrinfo(name, NULL, &hints, &found);

	message.addresses.at = addresses;
	message.addresses.n = error == 0 ? take_addresses(found, addresses) : 0;
	if (message.addresses.n > 0) {
		answer(o, &message);
	} else {
		/* A name in the settings that does not exist may do so tomorrow. */
		fail_set(&why, FAIL_TEMP, 4, 4, 0, "", "look up %s: %s", name, error == EAI_SYSTEM
		    ? strerror(errno) : error != 0 ? gai_strerror(error) : "it has no address");
		answer_failed(o, question->id, &why);
	}
	if (found != NULL)
		freeaddrinfo(found);
	free(name);
}

static bool
is_in_settings(const struct conf *conf, struct str path, struct route *out)
{
	struct buf reason = BUF_EMPTY;
	bool is = false;
	size_t i;

	for (i = 0; i < conf->relay_host.n && !is; i++)
		is = route_parse(str_of(conf->relay_host.at[i]), out, &reason) == 0
		    && out->kind == ROUTE_UNIX && str_is_equal(out->host, path);
	buf_fini(&reason);
	return is;
}

static void
connect_socket(struct outdoors *o, const struct msg_RELAY_ASKS_OUTSIDE *question)
{
	struct msg_OUTSIDE_ANSWERS message = { .id = question->id, .fd = -1 };
	struct fail why = FAIL_EMPTY;
	struct route route;
	int fd = -1;

	if (!is_in_settings(o->conf, question->name, &route)) {
		fail_set(&why, FAIL_OURS, 3, 0, 0, "", "a socket that relay_host does not name");
		goto out;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || connect(fd, (const struct sockaddr *)&route.address.addr,
	    route.address.len) == -1) {
		fail_set(&why, FAIL_TEMP, 4, 1, errno, "", "connect");
		goto out;
	}
	message.fd = fd;
	answer(o, &message);
out:
	if (why.class != FAIL_NONE)
		answer_failed(o, question->id, &why);
	file_close(&fd);
}

static void
sendmail_done(uint64_t id, const struct fail *outcome, struct str text, void *arg)
{
	struct msg_OUTSIDE_ANSWERS message = { .id = id, .class = (uint8_t)outcome->class,
		.subject = (uint8_t)outcome->subject, .detail = (uint8_t)outcome->detail,
		.text = text, .fd = -1 };

	answer(arg, &message);
}

static void
run_sendmail(struct outdoors *o, const struct msg_RELAY_ASKS_OUTSIDE *question)
{
	struct fail why = FAIL_EMPTY;

	if (o->sendmail == NULL) {
		fail_set(&why, FAIL_OURS, 3, 0, 0, "", "relay_sendmail is not set");
		answer_failed(o, question->id, &why);
		return;
	}
	sendmail_run(o->sendmail, question->id, question->sender, question->recipient,
	    question->fd);
}

static void
take_question(struct wire *w, const union msg_any *any, void *arg)
{
	static void (*const takers[OUTSIDE_QUESTIONS])(struct outdoors *,
	    const struct msg_RELAY_ASKS_OUTSIDE *) = {
		[OUTSIDE_RESOLVE] = resolve,
		[OUTSIDE_CONNECT] = connect_socket,
		[OUTSIDE_SENDMAIL] = run_sendmail,
	};
	struct outdoors *o = arg;

	(void)w;
	if (any->RELAY_ASKS_OUTSIDE.kind < OUTSIDE_QUESTIONS)
		takers[any->RELAY_ASKS_OUTSIDE.kind](o, &any->RELAY_ASKS_OUTSIDE);
	else
		loop_stop(o->loop);
}

static const wire_handler handlers[MSG_COUNT] = {
	[MSG_RELAY_ASKS_OUTSIDE] = take_question,
};

/* ---- the process ---- */

static void
relay_gone(struct wire *w, void *arg)
{
	struct outdoors *o = arg;

	(void)w;
	loop_stop(o->loop);
}

static int
give_up_rights(const struct conf *conf, uid_t uid, gid_t gid, struct fail *why)
{
	static const struct rlimit none = { 0, 0 };

	/* Identity before the first name is looked up; the root directory stays,
	 * for that is what this half is for. */
	if (drop_identity(ROLE_RELAY, uid, gid, NULL, why) == -1)
		return -1;
	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return fail_errno(why, errno, "setrlimit", "RLIMIT_CORE");
	/* Postfix's sendmail hands mail to a set-gid program: with that route it
	 * must be possible to gain a group. */
	if (conf->relay_sendmail[0] == '\0' && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return fail_errno(why, errno, "prctl", "PR_SET_NO_NEW_PRIVS");
	return 0;
}

_Noreturn static void
run(const struct conf *conf, uid_t uid, gid_t gid, int fd)
{
	struct outdoors o = { .conf = conf };
	struct fail why = FAIL_EMPTY;

	(void)prctl(PR_SET_NAME, "relay-outside", 0, 0, 0);
	/* Links that are relay's: while we held them nobody would see it end. */
	if (close_range(ROLE_MASTER_FD, ROLE_MASTER_FD, 0) == -1
	    || (fd > ROLE_SYSLOG_FD + 1 && close_range(ROLE_SYSLOG_FD + 1, (unsigned)fd - 1, 0) == -1)
	    || close_range((unsigned)fd + 1, ~0U, 0) == -1)
		_exit(1);
	if (give_up_rights(conf, uid, gid, &why) == -1) {
		log_error("relay, outside: %s", why.log);
		_exit(1);
	}
	o.loop = loop_new();
	o.wire = wire_new(o.loop, fd, handlers, relay_gone, &o);
	if (conf->relay_sendmail[0] != '\0')
		o.sendmail = sendmail_new(o.loop, conf->relay_sendmail, conf->relay_end_timeout,
		    sendmail_done, &o);
	loop_run(o.loop);
	_exit(0);
}

int
outside_start(const struct conf *conf, uid_t uid, gid_t gid, int *fd_out, struct fail *why)
{
	int fds[2] = { -1, -1 };
	pid_t pid;

	if (net_pair(fds, why) == -1)
		return -1;
	pid = fork();
	if (pid == 0)
		run(conf, uid, gid, fds[1]);
	file_close(&fds[1]);
	if (pid == -1) {
		file_close(&fds[0]);
		return fail_errno(why, errno, "start", "the half of relay outside");
	}
	*fd_out = fds[0];
	return 0;
}
