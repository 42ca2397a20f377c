/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep deliver, the LDA: a message on standard input to the daemon's lda
 * listener.  Opens no mailbox: everything is the daemon's to decide. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "cli/command.h"
#include "cli/stuff.h"
#include "mail/address.h"
#include "mail/path.h"
#include "mail/xtext.h"

/* RFC 5321 4.5.3.2.6: the longest that a client waits for a reply. */
#define PATIENCE 600
#define CHUNK ((size_t)64 * 1024)
/* Of one reply; ours are a few lines. */
#define ANSWER_MAX ((size_t)64 * 1024)
/* What the session takes (mail/command.h, whose names are not ours). */
#define ORCPT_MAX 500
#define MAILBOX_MAX 1000

/* "" where nothing was said; path is NULL for standard input. */
struct request {
	const char *user, *sender, *original, *mailbox, *path;
};

struct talk {
	const char *user; /* for messages */
	int fd;
	struct buf in;	  /* received, not yet used */
	struct buf reply; /* the last line of the last reply */
	int code;
};

static int
complain(const struct talk *t, const char *what, const char *text)
{
	fprintf(stderr, "doorstep: message for %s %s: %s\n", t->user, what, text);
	return EX_TEMPFAIL;
}

static int
lost(const struct talk *t)
{
	return complain(t, "is not delivered", "the connection to doorstepd broke");
}

/* ---- replies ---- */

static int
read_line(struct talk *t, struct str *line_out)
{
	ptrdiff_t end;
	ssize_t got;
	char *room;

	while ((end = str_find(buf_str(&t->in), STR("\r\n"))) == -1) {
		room = buf_reserve(&t->in, 512);
		if (room == NULL)
			return -1;
		got = read(t->fd, room, 512);
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		buf_grew(&t->in, (size_t)got);
	}
	*line_out = str_sub(buf_str(&t->in), 0, (size_t)end);
	return 0;
}

static bool
is_reply_line(struct str line, uint64_t *code)
{
	return line.n >= 3 && str_is_number(str_sub(line, 0, 3), 599, code) && *code >= 200 &&
	    (line.n == 3 || line.p[3] == ' ' || line.p[3] == '-');
}

/* The next reply into t->code and t->reply; -1: there is none. */
static int
hear(struct talk *t)
{
	struct str line;
	uint64_t code;
	bool is_last;

	do {
		if (read_line(t, &line) == -1 || !is_reply_line(line, &code))
			return -1;
		is_last = line.n == 3 || line.p[3] == ' ';
		buf_clear(&t->reply);
		buf_add_str(&t->reply, line);
		buf_cut_front(&t->in, line.n + 2);
	} while (!is_last);
	t->code = (int)code;
	return 0;
}

/* The enhanced code (RFC 2034) of the last reply begins so. */
static bool
is_enhanced(const struct talk *t, const char *prefix)
{
	return str_has_prefix(str_from(buf_str(&t->reply), 4), str_of(prefix));
}

/* What a refusal means to an MTA.  Trouble with the protocol (x.5.z, RFC 3463
 * 3.6) is ours, not the message's: it may be tried again. */
static int
judge(struct talk *t)
{
	int status = EX_NOPERM;

	if (t->code / 100 == 2)
		return EX_OK;
	if (t->code / 100 != 5 || is_enhanced(t, "5.5.") || !is_enhanced(t, "5."))
		status = EX_TEMPFAIL;
	else if (is_enhanced(t, "5.1.1 "))
		status = EX_NOUSER;
	complain(t, status == EX_TEMPFAIL ? "is not delivered" : "is refused", buf_cstr(&t->reply));
	return status;
}

static int
say(struct talk *t, struct str text)
{
	return file_write_all(t->fd, text, "the connection", NULL);
}

/* A command and its reply: 0 when it is `wanted`, else an exit status. */
static int
ask(struct talk *t, struct buf *line, int wanted)
{
	int status;

	buf_add_cstr(line, "\r\n");
	if (!buf_is_ok(line) || say(t, buf_str(line)) == -1 || hear(t) == -1)
		return lost(t);
	if (t->code == wanted)
		return 0;
	status = judge(t);
	return status == EX_OK ? lost(t) : status;
}

/* ---- the envelope ---- */

static bool
is_ascii(const char *text)
{
	return text == NULL || path_is_ascii(str_of(text));
}

static int
greet(struct talk *t)
{
	struct buf line = BUF_EMPTY;
	int status;

	/* Nothing has been said yet: a refusal is not about the message. */
	if (hear(t) == -1)
		return lost(t);
	if (t->code != 220)
		return complain(t, "is not delivered", buf_cstr(&t->reply));
	buf_add_cstr(&line, "LHLO localhost");
	status = ask(t, &line, 250);
	buf_fini(&line);
	return status == 0 ? 0 : EX_TEMPFAIL;
}

static void
add_path(struct buf *line, const char *address)
{
	struct str whole = str_of(address);
	ptrdiff_t at = str_find_last_byte(whole, '@');

	buf_add_byte(line, '<');
	if (at == -1)
		address_add_local(line, whole);
	else
		address_add(line, str_sub(whole, 0, (size_t)at), str_from(whole, (size_t)at + 1));
	buf_add_byte(line, '>');
}

static int
say_sender(struct talk *t, const struct request *r)
{
	struct buf line = BUF_EMPTY;
	int status;

	/* It has been looked at: it is in the form of an envelope. */
	buf_addf(&line, "MAIL FROM:<%s> BODY=8BITMIME", r->sender);
	if (!is_ascii(r->sender) || !is_ascii(r->user))
		buf_add_cstr(&line, " SMTPUTF8");
	status = ask(t, &line, 250);
	buf_fini(&line);
	return status;
}

/* RFC 3461 4.2; RFC 6533 3 for UTF-8.  It tells, nothing depends on it: one
 * that is too long is left out. */
static void
add_original(struct buf *line, const char *address)
{
	struct buf text = BUF_EMPTY;

	buf_add_cstr(&text, is_ascii(address) ? "rfc822;" : "utf-8;");
	xtext_add(&text, str_of(address));
	if (text.n <= ORCPT_MAX) {
		buf_add_cstr(line, " ORCPT=");
		buf_add_str(line, buf_str(&text));
	}
	buf_fini(&text);
}

static int
say_recipient(struct talk *t, const struct request *r)
{
	struct buf line = BUF_EMPTY;
	int status;

	buf_add_cstr(&line, "RCPT TO:");
	add_path(&line, r->user);
	buf_add_cstr(&line, " XUSERONLY");
	if (r->original[0] != '\0')
		add_original(&line, r->original);
	if (r->mailbox[0] != '\0') {
		buf_add_cstr(&line, " XMAILBOX=");
		xtext_add(&line, str_of(r->mailbox));
	}
	status = ask(t, &line, 250);
	/* A name that is no address is no user's (RFC 3463 3.2). */
	if (status == EX_NOPERM && is_enhanced(t, "5.1."))
		status = EX_NOUSER;
	buf_fini(&line);
	return status;
}

/* ---- the message ---- */

/* Reads the message to its end and passes it on; without the end of DATA when
 * something failed, so that the daemon throws the part away. */
static int
send_message(struct talk *t, int from)
{
	struct stuff stuff = STUFF_EMPTY;
	struct buf out = BUF_EMPTY;
	char chunk[CHUNK];
	int status = EX_TEMPFAIL;
	ssize_t got;

	while ((got = read(from, chunk, sizeof chunk)) != 0) {
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1) {
			complain(t, "cannot be read", strerror(errno));
			goto out;
		}
		stuff_take(&stuff, (struct str){ chunk, (size_t)got }, &out);
		if (!buf_is_ok(&out) || say(t, buf_str(&out)) == -1) {
			lost(t);
			goto out;
		}
		buf_clear(&out);
	}
	stuff_end(&stuff, &out);
	if (!buf_is_ok(&out) || say(t, buf_str(&out)) == -1 || hear(t) == -1) {
		lost(t);
		goto out;
	}
	status = judge(t);
out:
	buf_fini(&out);
	return status;
}

static int
transfer(struct talk *t, const struct request *r, int from)
{
	struct buf line = BUF_EMPTY;
	int status;

	if ((status = greet(t)) != 0 || (status = say_sender(t, r)) != 0 ||
	    (status = say_recipient(t, r)) != 0)
		return status;
	buf_add_cstr(&line, "DATA");
	status = ask(t, &line, 354);
	buf_fini(&line);
	if (status != 0)
		return status;
	status = send_message(t, from);
	/* Tells the daemon that its answer was read (DESIGN 4, never doubled);
	 * whatever comes back changes nothing. */
	if (status == EX_OK && say(t, STR("QUIT\r\n")) == 0)
		(void)hear(t);
	return status;
}

/* ---- the connection ---- */

static const struct conf_listener *
find_listener(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->listener_count; i++)
		if (strcmp(conf->listeners[i].protocol, "lda") == 0)
			return &conf->listeners[i];
	return NULL;
}

static int
open_talk(struct talk *t, const struct conf *conf)
{
	const struct conf_listener *listener = find_listener(conf);
	const struct timeval patience = { .tv_sec = PATIENCE };
	struct net_address address;
	struct fail why = FAIL_EMPTY;

	if (listener == NULL)
		return complain(t, "is not delivered", "no listener has protocol = lda");
	if (net_parse(str_of(listener->address), &address, &why) == -1 ||
	    net_connect(&address, &t->fd, &why) == -1)
		return complain(t, "is not delivered", why.log);
	if (setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == -1 ||
	    setsockopt(t->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == -1)
		return complain(t, "is not delivered", strerror(errno));
	return 0;
}

static int
deliver(const struct request *r, const struct command_options *options)
{
	struct talk t = { .user = r->user, .fd = -1, .in = BUF_LIMIT(ANSWER_MAX) };
	struct fail why = FAIL_EMPTY;
	struct conf *conf = command_read_conf(options);
	int from = STDIN_FILENO, status = EX_TEMPFAIL;

	/* Not EX_CONFIG: an MTA would send the message back. */
	if (conf == NULL)
		goto out;
	if (r->path != NULL && file_open(&from, AT_FDCWD, r->path, O_RDONLY, 0, &why) == -1) {
		complain(&t, "cannot be read", why.log);
		goto out;
	}
	status = open_talk(&t, conf);
	if (status == EX_OK)
		status = transfer(&t, r, from);
out:
	if (from != STDIN_FILENO)
		file_close(&from);
	file_close(&t.fd);
	buf_fini(&t.in);
	buf_fini(&t.reply);
	conf_free(&conf);
	return status;
}

/* ---- the command line ---- */

static bool
is_mailbox(const char *text)
{
	return !str_has_control(str_of(text)) && strlen(text) <= MAILBOX_MAX && path_is_utf8(str_of(text));
}

static bool
is_sender(const char *text)
{
	struct arena a;
	struct path path;
	bool is_good;

	arena_init(&a);
	is_good = *text == '\0' || path_is_mailbox(str_of(text), true, &a, &path);
	arena_fini(&a);
	return is_good;
}

/* One -X VALUE into r; -1: there is no such option. */
static int
take_option(int option, char *value, struct request *r, struct command_options *options)
{
	switch (option) {
	case 'd':
		r->user = value;
		return 0;
	case 'f':
		/* <> is how some write the null sender. */
		r->sender = strcmp(value, "<>") == 0 ? "" : value;
		return 0;
	case 'a':
		r->original = value;
		return 0;
	case 'r':
		if (r->original[0] == '\0')
			r->original = value;
		return 0;
	case 'm':
		r->mailbox = value;
		return 0;
	case 'p':
		r->path = value;
		return 0;
	case 'c':
		options->conf_path = value;
		return 0;
	case 'e': /* the reason is on standard error in any case */
	case 'k': /* no program is run, so the environment matters to nobody */
		return 0;
	default:
		return -1;
	}
}

static int
refuse_value(const char *what, const char *value)
{
	struct buf shown = BUF_EMPTY;

	log_pair(&shown, what, str_of(value));
	fprintf(stderr, "doorstep: deliver: not usable: %s\n", buf_cstr(&shown));
	buf_fini(&shown);
	return EX_USAGE;
}

static int
check(const struct request *r)
{
	if (r->user[0] == '\0' || str_has_control(str_of(r->user)))
		return refuse_value("user", r->user);
	if (str_has_control(str_of(r->sender)) || !is_sender(r->sender))
		return refuse_value("sender", r->sender);
	if (str_has_control(str_of(r->original)))
		return refuse_value("recipient", r->original);
	if (!is_mailbox(r->mailbox))
		return refuse_value("mailbox", r->mailbox);
	return EX_OK;
}

static int
run(const struct command_options *global, int argc, char **argv)
{
	struct request request = { .sender = "", .original = "", .mailbox = "" };
	struct command_options options = *global;
	const struct passwd *self;
	int option, status;

	while ((option = getopt(argc, argv, "a:c:d:ef:km:p:r:")) != -1)
		if (take_option(option, optarg, &request, &options) == -1)
			return command_misused(&command_deliver);
	if (optind != argc)
		return command_misused(&command_deliver);
	if (request.user == NULL) {
		self = getpwuid(getuid());
		if (self == NULL) {
			fprintf(stderr, "doorstep: uid %lu has no name: use -d\n",
			    (unsigned long)getuid());
			return EX_TEMPFAIL;
		}
		request.user = self->pw_name;
	}
	status = check(&request);
	if (status != EX_OK)
		return status;
	/* A broken connection is seen where it is written to. */
	signal(SIGPIPE, SIG_IGN);
	return deliver(&request, &options);
}

const struct command command_deliver = {
	"deliver",
	"[-ek] [-a ADDRESS] [-c FILE] [-d USER] [-f SENDER] [-m MAILBOX] [-p FILE] [-r ADDRESS]",
	"deliver the message on standard input",
	run,
};
