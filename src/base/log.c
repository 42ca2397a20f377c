/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Lines for the operator, which nothing from outside can forge or break.
 * Does not know what they mean, nor where standard error leads. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM_MAX 32
#define SYSLOG_MAIL (2 << 3) /* RFC 3164 4.1.1: facility 2 */

static const struct {
	const char *name;
	int severity; /* RFC 3164 4.1.1 */
} levels[] = {
	[LOG_L_ERROR] = { "ERROR", 3 },
	[LOG_L_WARN] = { "WARN", 4 },
	[LOG_L_INFO] = { "INFO", 6 },
	[LOG_L_DEBUG] = { "DEBUG", 7 },
};

/* One a process: the deepest function must be able to log without being handed
 * the log, and a bug's last words must find it. */
static struct {
	char program[PROGRAM_MAX];
	int fd, syslog_fd;
	enum log_level least;
} sink = { "doorstep", STDERR_FILENO, -1, LOG_L_INFO };

void
log_init(const char *program, int fd, enum log_level least)
{
	snprintf(sink.program, sizeof sink.program, "%s", program);
	sink.fd = fd;
	sink.least = least;
}

void
log_set_level(enum log_level least)
{
	sink.least = least;
}

void
log_use_syslog(int socket_fd)
{
	sink.syslog_fd = socket_fd;
}

/* A line on its way out: on the stack, because the log must work without memory. */
struct line {
	size_t n;
	bool full;
	char text[LOG_LINE_MAX];
};

/* What ends a line that did not fit; with the newline it always has room. */
static const char cut_mark[] = "...\n";
#define LINE_ROOM (LOG_LINE_MAX - (sizeof cut_mark - 1))

/* All of it or nothing: never half a character or half an escape. */
static void
put(struct line *line, const char *bytes, size_t n)
{
	if (line->full || n > LINE_ROOM - line->n) {
		line->full = true;
		return;
	}
	memcpy(line->text + line->n, bytes, n);
	line->n += n;
}

/* Length of the well-formed UTF-8 sequence at the front (RFC 3629 4), or 0. */
static size_t
measure_utf8(struct str s, uint32_t *point_out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)s.p[0];
	size_t n = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t point = n < 2 ? first : first & (0x7fU >> n);
	size_t i;

	if (n == 0 || n > s.n || first >= 0xf8)
		return 0;
	for (i = 1; i < n; i++) {
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | ((unsigned char)s.p[i] & 0x3f);
	}
	if (point < least[n] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*point_out = point;
	return n;
}

/* Controls, line separators, and what turns the direction of a terminal's
 * text: all of them can make a line look like what it is not. */
static bool
is_harmless(uint32_t point)
{
	static const struct {
		uint32_t from, to;
	} harmful[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0x061c, 0x061c }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb },
		{ 0xe0000, 0x10ffff },
	};
	size_t i;

	for (i = 0; i < sizeof harmful / sizeof harmful[0]; i++) {
		if (point >= harmful[i].from && point <= harmful[i].to)
			return false;
	}
	return true;
}

/* How many bytes at the front may stand in a line as they are; 0: escape one. */
static size_t
measure_plain(struct str s)
{
	uint32_t point;
	size_t n;

	if (s.p[0] >= ' ' && s.p[0] <= '~')
		return 1;
	n = measure_utf8(s, &point);
	return n > 0 && is_harmless(point) ? n : 0;
}

static void
write_escape(char out[5], char byte)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'x';
	out[2] = digits[(unsigned char)byte >> 4];
	out[3] = digits[(unsigned char)byte & 15];
	out[4] = '\0';
}

static void
put_text(struct line *line, struct str s)
{
	char escape[5];
	size_t n;

	while (s.n > 0 && !line->full) {
		n = measure_plain(s);
		if (n > 0) {
			put(line, s.p, n);
		} else {
			write_escape(escape, s.p[0]);
			put(line, escape, 4);
			n = 1;
		}
		s = str_from(s, n);
	}
}

/* The newline comes with the line, so that lines of several processes on one
 * pipe do not mix (LOG_LINE_MAX is PIPE_BUF).  A log that is full or gone is
 * no reason to stop delivering mail. */
static void
write_line(const struct line *line)
{
	ssize_t done;

	do
		done = write(sink.fd, line->text, line->n);
	while (done == -1 && errno == EINTR);
}

static void
send_syslog(enum log_level level, const struct line *line, size_t skip)
{
	char datagram[LOG_LINE_MAX + 8];
	int n;

	if (sink.syslog_fd == -1)
		return;
	n = snprintf(datagram, sizeof datagram, "<%d>%.*s", SYSLOG_MAIL | levels[level].severity,
	    (int)(line->n - skip - 1), line->text + skip);
	(void)send(sink.syslog_fd, datagram, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
emit(enum log_level level, struct str text, bool cut)
{
	struct line line = { .n = 0, .full = false };
	const char *name = levels[level].name;
	char prefix[PROGRAM_MAX + 32];
	int saved = errno;
	int n;

	n = snprintf(prefix, sizeof prefix, "%s %s[%d]: ", name, sink.program, (int)getpid());
	put_text(&line, (struct str){ prefix, (size_t)n });
	put_text(&line, text);
	if (cut || line.full) {
		memcpy(line.text + line.n, cut_mark, sizeof cut_mark - 1);
		line.n += sizeof cut_mark - 1;
	} else {
		line.text[line.n++] = '\n';
	}
	write_line(&line);
	/* syslog has a severity of its own, so the level's name stays behind. */
	send_syslog(level, &line, strlen(name) + 1);
	errno = saved;
}

static void
emit_format(enum log_level level, const char *format, va_list ap)
{
	char text[LOG_LINE_MAX];
	int need;

	if (level > sink.least)
		return;
	need = vsnprintf(text, sizeof text, format, ap);
	if (need < 0)
		return;
	emit(level, str_of(text), (size_t)need >= sizeof text);
}

void
log_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	emit_format(LOG_L_ERROR, format, ap);
	va_end(ap);
}

void
log_warn(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	emit_format(LOG_L_WARN, format, ap);
	va_end(ap);
}

void
log_info(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	emit_format(LOG_L_INFO, format, ap);
	va_end(ap);
}

void
log_debug(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	emit_format(LOG_L_DEBUG, format, ap);
	va_end(ap);
}

static bool
is_quote_needed(struct str value)
{
	size_t i;

	for (i = 0; i < value.n; i++) {
		if (value.p[i] <= ' ' || value.p[i] > '~' || strchr("\"\\=", value.p[i]) != NULL)
			return true;
	}
	return value.n == 0;
}

static void
add_quoted(struct buf *line, struct str value)
{
	char escape[5];
	size_t n;

	buf_add_byte(line, '"');
	while (value.n > 0) {
		n = measure_plain(value);
		if (n == 0) {
			write_escape(escape, value.p[0]);
			buf_add(line, escape, 4);
			n = 1;
		} else {
			if (value.p[0] == '"' || value.p[0] == '\\')
				buf_add_byte(line, '\\');
			buf_add(line, value.p, n);
		}
		value = str_from(value, n);
	}
	buf_add_byte(line, '"');
}

static void
add_key(struct buf *line, const char *key)
{
	if (line->n > 0)
		buf_add_byte(line, ' ');
	buf_add_cstr(line, key);
	buf_add_byte(line, '=');
}

void
log_pair(struct buf *line, const char *key, struct str value)
{
	add_key(line, key);
	if (is_quote_needed(value))
		add_quoted(line, value);
	else
		buf_add_str(line, value);
}

void
log_pair_number(struct buf *line, const char *key, int64_t value)
{
	add_key(line, key);
	if (value < 0)
		buf_add_byte(line, '-');
	buf_add_number(line, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void
log_line(enum log_level level, struct str line)
{
	if (level <= sink.least)
		emit(level, line, false);
}
