/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The progress bar.  Knows nothing of the work. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define WIDTH 40
#define PATIENCE CLOCK_SECOND
#define INTERVAL (CLOCK_SECOND / 10)

void
progress_init(struct progress *p, const char *what)
{
	*p = (struct progress){ .what = what, .began = clock_monotonic(),
		.is_terminal = isatty(STDERR_FILENO) == 1 };
}

/* Seconds that are left when it goes on as it went. */
static int64_t
left(const struct progress *p, int64_t now, size_t done, size_t total)
{
	return done == 0 ? 0 :
			   (int64_t)((double)(now - p->began) / (double)done *
				     (double)(total - done)) /
				   CLOCK_SECOND;
}

void
progress_show(struct progress *p, size_t done, size_t total)
{
	static const char full[] = "########################################";
	int64_t now = clock_monotonic();
	int filled = total == 0 ? WIDTH : (int)(done * WIDTH / total);

	if (!p->is_terminal || now - p->began < PATIENCE || now - p->drawn < INTERVAL)
		return;
	p->drawn = now;
	p->is_drawn = true;
	fprintf(stderr, "\r[%.*s%*s] %zu/%zu %s, %" PRId64 " s left\033[K", filled, full,
	    WIDTH - filled, "", done, total, p->what, left(p, now, done, total));
	fflush(stderr);
}

void
progress_fini(struct progress *p)
{
	if (p->is_drawn)
		fputs("\r\033[K", stderr);
	p->is_drawn = false;
}
