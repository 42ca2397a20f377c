/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_TESTS_BENCH_USAGE_H
#define DOORSTEP_TESTS_BENCH_USAGE_H

#include <stdint.h>

/* What a process and all its descendants have used (proc(5)): CPU time with
 * that of ended children, resident memory now. */
struct usage {
	int64_t cpu_us;
	int64_t rss_kb; /* PSS would be fairer to shared pages; peers are quoted in RSS */
};

/* pid 0: *out stays zero. */
void usage_read(long pid, struct usage *out);

#endif
