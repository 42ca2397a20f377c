/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_LOG_H
#define DOORSTEP_BASE_LOG_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * One line an event, to standard error (master's children inherit it) and, when
 * asked, to syslog's mail facility through /dev/log opened before the chroot.
 *
 * A line is `LEVEL program[pid]: text`; the text may be logfmt built with
 * log_pair.  What does not fit into LOG_LINE_MAX ends in `...`.  Bytes
 * outside printable ASCII and UTF-8 letters, and control characters, are
 * escaped as \xNN: nothing from outside can forge a line.
 */
enum log_level { LOG_L_ERROR, LOG_L_WARN, LOG_L_INFO, LOG_L_DEBUG };

#define LOG_LINE_MAX 4096

/* fd: where lines go (2 until told otherwise); a line is one write(2). */
void log_init(const char *program, int fd, enum log_level least);
void log_set_level(enum log_level least);
void log_use_syslog(int socket_fd); /* a connected /dev/log datagram socket, or -1 */

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* logfmt: key=value, the value quoted and escaped when it needs to be. */
void log_pair(struct buf *line, const char *key, struct str value);
void log_pair_number(struct buf *line, const char *key, int64_t value);
void log_line(enum log_level level, struct str line);

#endif
