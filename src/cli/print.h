/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_PRINT_H
#define DOORSTEP_CLI_PRINT_H

#include <stdint.h>
#include <stdio.h>

/* Text that came with a message, on its way to a terminal: control characters
 * become `?`, so that a subject cannot give the terminal orders. */
void print_text(FILE *to, const char *text);
/* As a JSON string, with its quotes (RFC 8259 7). */
void print_json(FILE *to, const char *text);
/* Microseconds since the epoch as `2026-01-31 12:00:00`, local time. */
void print_time(FILE *to, int64_t microseconds);

#endif
