/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_PROGRESS_H
#define DOORSTEP_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A bar on the terminal for work of more than a few seconds: drawn on standard
 * error when that is a terminal and one second has passed, and wiped at the
 * end.
 */
struct progress {
	const char *what; /* "users": borrowed */
	int64_t began, drawn;
	bool is_terminal, is_drawn;
};

void progress_init(struct progress *p, const char *what);
void progress_show(struct progress *p, size_t done, size_t total);
void progress_fini(struct progress *p);

#endif
