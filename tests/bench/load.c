/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* An LMTP load generator: persistent connections, pipelined envelopes, one
 * thread over epoll.  Prints deliveries/s, latencies, and what the server's
 * processes used.  Knows no server in particular. */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/net.h"
#include "base/xalloc.h"
#include "tests/bench/usage.h"

#define REPLY_MAX 65536
#define CONNECTIONS_MAX 10000

enum step { STEP_GREETING, STEP_LHLO, STEP_ENVELOPE, STEP_DATA, STEP_IDLE };

struct connection {
	int fd;
	enum step step;
	unsigned expected; /* replies still to come in this step */
	unsigned accepted; /* recipients */
	struct buf in, out;
	size_t sent; /* of out */
	int64_t begun;
};

struct options {
	struct net_address to;
	const char *pattern;
	long connections, messages, users, size, recipients, pid;
	bool is_json, is_quiet;
};

struct run {
	const struct options *options;
	struct connection *connections;
	int epoll_fd;
	long started, finished, delivered, refused;
	int64_t *latencies; /* microseconds, one a message */
	struct buf filler;  /* the body that every message has */
	int64_t begun, shown;
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
make_filler(struct buf *filler, long size)
{
	static const char line[] =
	    "The quick brown fox jumps over the lazy dog and runs home for its mail.\r\n";

	while ((long)filler->n < size)
		buf_add(filler, line, sizeof line - 1);
}

static void
want(struct run *run, struct connection *c, bool wants_write)
{
	struct epoll_event event = {
		.events = EPOLLIN | (wants_write ? (unsigned)EPOLLOUT : 0U),
		.data.ptr = c,
	};

	if (epoll_ctl(run->epoll_fd, EPOLL_CTL_MOD, c->fd, &event) == -1)
		die("epoll_ctl");
}

static void
flush(struct run *run, struct connection *c)
{
	ssize_t n;

	while (c->sent < c->out.n) {
		n = send(c->fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n == -1 && errno == EAGAIN) {
			want(run, c, true);
			return;
		}
		if (n == -1)
			die("send");
		c->sent += (size_t)n;
	}
	buf_clear(&c->out);
	c->sent = 0;
	want(run, c, false);
}

static void
send_envelope(struct run *run, struct connection *c)
{
	const struct options *o = run->options;
	long i, number = run->started++;

	c->begun = clock_monotonic();
	c->step = STEP_ENVELOPE;
	c->expected = (unsigned)o->recipients + 2;
	c->accepted = 0;
	buf_add_cstr(&c->out, "MAIL FROM:<sender@example.net>\r\n");
	for (i = 0; i < o->recipients; i++) {
		buf_add_cstr(&c->out, "RCPT TO:<");
		/* Neighbouring messages go to different users. */
		buf_addf(&c->out, o->pattern, (number * o->recipients * 7919 + i) % o->users);
		buf_add_cstr(&c->out, ">\r\n");
	}
	buf_add_cstr(&c->out, "DATA\r\n");
	flush(run, c);
}

static void
send_message(struct run *run, struct connection *c)
{
	const struct options *o = run->options;
	size_t before = c->out.n, head;

	c->step = STEP_DATA;
	c->expected = c->accepted;
	buf_addf(&c->out,
	    "From: Sender <sender@example.net>\r\n"
	    "To: someone@example.com\r\n"
	    "Subject: load test message %ld\r\n"
	    "Date: Tue, 24 Nov 2026 21:10:55 +0000\r\n"
	    "Message-ID: <%ld.%lld.%d@load.example.net>\r\n"
	    "X-Spam-Flag: NO\r\n"
	    "List-Id: <load.example.net>\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\n",
	    run->started, run->started, (long long)c->begun, (int)getpid());
	head = c->out.n - before;
	if ((long)head < o->size)
		buf_add(&c->out, run->filler.p, (size_t)o->size - head);
	buf_add_cstr(&c->out, "\r\n.\r\n");
	flush(run, c);
}

static void
show_progress(struct run *run)
{
	int64_t now = clock_monotonic();

	if (run->options->is_quiet || now - run->shown < CLOCK_SECOND)
		return;
	run->shown = now;
	fprintf(stderr, "\r%ld of %ld, %.0f/s ", run->finished, run->options->messages,
	    (double)run->finished * 1e6 / (double)(now - run->begun));
}

static void
end_message(struct run *run, struct connection *c)
{
	run->latencies[run->finished++] = clock_monotonic() - c->begun;
	show_progress(run);
	c->step = STEP_IDLE;
	if (run->started < run->options->messages)
		send_envelope(run, c);
}

static void
end_step(struct run *run, struct connection *c)
{
	switch (c->step) {
	case STEP_GREETING:
		c->step = STEP_LHLO;
		c->expected = 1;
		buf_add_cstr(&c->out, "LHLO load.example.net\r\n");
		flush(run, c);
		break;
	case STEP_LHLO:
		if (run->started < run->options->messages)
			send_envelope(run, c);
		break;
	case STEP_ENVELOPE:
		if (c->accepted == 0)
			end_message(run, c);
		else
			send_message(run, c);
		break;
	case STEP_DATA:
		end_message(run, c);
		break;
	case STEP_IDLE:
		break;
	}
}

static void
take_reply(struct run *run, struct connection *c, const char *line)
{
	bool is_good = line[0] == '2' || line[0] == '3';

	if (c->expected == 0) {
		fprintf(stderr, "load: a reply too many: %.80s\n", line);
		exit(1);
	}
	c->expected--;
	if (!is_good && run->refused++ == 0)
		fprintf(stderr, "load: first refusal: %.120s\n", line);
	/* The first reply is MAIL's, the last DATA's. */
	if (c->step == STEP_ENVELOPE && is_good && c->expected > 0 &&
	    c->expected <= (unsigned)run->options->recipients)
		c->accepted++;
	if (c->step == STEP_DATA && is_good)
		run->delivered++;
	if (c->expected == 0)
		end_step(run, c);
}

static void
take_lines(struct run *run, struct connection *c)
{
	char *end, *at = c->in.p;
	size_t left = c->in.n;

	while (left > 0 && (end = memchr(at, '\n', left)) != NULL) {
		size_t length = (size_t)(end + 1 - at);

		*end = '\0';
		/* `250-` goes on, `250 ` ends a reply. */
		if (length > 4 && at[3] != '-')
			take_reply(run, c, at);
		at = end + 1;
		left -= length;
	}
	buf_cut_front(&c->in, c->in.n - left);
}

static void
take_input(struct run *run, struct connection *c)
{
	char *room = buf_reserve(&c->in, REPLY_MAX);
	ssize_t n = recv(c->fd, room, REPLY_MAX, MSG_DONTWAIT);

	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) {
		if (n == 0)
			errno = ECONNRESET;
		die("connection");
	}
	buf_grew(&c->in, (size_t)n);
	take_lines(run, c);
}

static void
connect_all(struct run *run)
{
	const struct options *o = run->options;
	struct fail why;
	long i;

	run->connections = xcalloc((size_t)o->connections, sizeof *run->connections);
	for (i = 0; i < o->connections; i++) {
		struct connection *c = &run->connections[i];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

		if (net_connect(&o->to, &c->fd, &why) == -1) {
			fprintf(stderr, "load: %s\n", why.log);
			exit(1);
		}
		c->expected = 1;
		if (epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) == -1)
			die("epoll_ctl");
	}
}

static void
work(struct run *run)
{
	struct epoll_event events[256];
	int i, n;

	run->begun = run->shown = clock_monotonic();
	while (run->finished < run->options->messages) {
		n = epoll_wait(run->epoll_fd, events, 256, 60000);
		if (n == 0)
			errno = ETIMEDOUT;
		if (n <= 0 && errno != EINTR)
			die("no answer for a minute");
		for (i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (events[i].events & EPOLLOUT)
				flush(run, c);
			if (events[i].events & ~(unsigned)EPOLLOUT)
				take_input(run, c);
		}
	}
}

static int
by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
print_result(struct run *run, const struct usage *before, const struct usage *after, int64_t took)
{
	const struct options *o = run->options;
	double rate = (double)run->delivered * 1e6 / (double)took;
	double cpu = run->delivered == 0
	    ? 0
	    : (double)(after->cpu_us - before->cpu_us) / (double)run->delivered;
	int64_t p50, p99;

	qsort(run->latencies, (size_t)run->finished, sizeof *run->latencies, by_value);
	p50 = run->latencies[run->finished / 2];
	p99 = run->latencies[run->finished * 99 / 100];
	if (!o->is_quiet)
		fprintf(stderr, "\r%40s\r", "");
	if (o->is_json)
		printf("{\"delivered\": %ld, \"refused\": %ld, \"per_second\": %.1f, "
		       "\"p50_us\": %lld, \"p99_us\": %lld, \"cpu_us\": %.1f, \"rss_kb\": %lld}\n",
		    run->delivered, run->refused, rate, (long long)p50, (long long)p99, cpu,
		    (long long)after->rss_kb);
	else
		printf("%ld delivered, %ld refused in %.2f s: %.0f/s, p50 %.2f ms, p99 %.2f ms, "
		       "server %.0f us CPU each, %.1f MB RSS\n",
		    run->delivered, run->refused, (double)took / 1e6, rate, (double)p50 / 1e3,
		    (double)p99 / 1e3, cpu, (double)after->rss_kb / 1024);
}

static const char help[] =
    "usage: load [-c connections] [-n messages] [-u users] [-p pattern] [-s size]\n"
    "            [-r recipients] [-P server_pid] [-jq] ADDRESS\n"
    "ADDRESS is unix:/path or inet:127.0.0.1:24; the pattern has one %ld.\n";

static long
number(const char *text, long max)
{
	uint64_t value;

	if (!str_is_number(str_of(text), (uint64_t)max, &value) || value == 0) {
		fprintf(stderr, "load: \"%s\": a number from 1 to %ld is needed\n%s", text, max, help);
		exit(2);
	}
	return (long)value;
}

static void
parse(int argc, char **argv, struct options *o)
{
	struct fail why;
	int c;

	while ((c = getopt(argc, argv, "c:n:u:p:s:r:P:jq")) != -1) {
		if (c == 'c')
			o->connections = number(optarg, CONNECTIONS_MAX);
		else if (c == 'n')
			o->messages = number(optarg, 100000000);
		else if (c == 'u')
			o->users = number(optarg, 10000000);
		else if (c == 'p')
			o->pattern = optarg;
		else if (c == 's')
			o->size = number(optarg, 100000000);
		else if (c == 'r')
			o->recipients = number(optarg, 1000);
		else if (c == 'P')
			o->pid = number(optarg, 1L << 30);
		else if (c == 'j')
			o->is_json = true;
		else if (c == 'q')
			o->is_quiet = true;
		else {
			fputs(help, stderr);
			exit(2);
		}
	}
	if (optind + 1 != argc) {
		fputs(help, stderr);
		exit(2);
	}
	if (net_parse(str_of(argv[optind]), &o->to, &why) == -1) {
		fprintf(stderr, "load: %s\n", why.log);
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	struct options options = {
		.pattern = "user%ld@example.com",
		.connections = 20,
		.messages = 10000,
		.users = 1000,
		.size = 4096,
		.recipients = 1,
	};
	struct run run = { .options = &options };
	struct usage before = { 0 }, after = { 0 };
	int64_t took;

	parse(argc, argv, &options);
	make_filler(&run.filler, options.size);
	run.latencies = xcalloc((size_t)options.messages, sizeof *run.latencies);
	run.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (run.epoll_fd == -1)
		die("epoll_create1");
	connect_all(&run);
	usage_read(options.pid, &before);
	work(&run);
	took = clock_monotonic() - run.begun;
	usage_read(options.pid, &after);
	print_result(&run, &before, &after, took);
	return run.refused > 0;
}
