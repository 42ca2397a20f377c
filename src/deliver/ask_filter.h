/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_ASK_FILTER_H
#define DOORSTEP_DELIVER_ASK_FILTER_H

#include <stdint.h>

#include "base/loop.h"
#include "deliver/job.h"

/*
 * The filter processes of this deliver, and the line of jobs before them.  A
 * filter that dies, overruns its time or breaks the grammar costs the one job
 * that it was working on its filtering (job_filtered with a reason: asked again
 * for each recipient alone, or implicit keep); jobs behind that one go to another
 * filter.
 */
struct filters;

/* Questions that may wait in a filter's socket, so that it need not idle. */
#define FILTERS_DEPTH 4
/* How long a job waits for any filter to be there before it is refused TEMP. */
#define FILTERS_PATIENCE (30 * INT64_C(1000000))

/* Bytes of files for changed messages that one filter gets in its life. */
#define FILTERS_SPACE_MAX (UINT64_C(256) << 20)

struct filters *filters_new(struct deliver *d); /* owned */
void filters_free(struct filters **filters);

/* A link to filter number `worker`; replaces an earlier one. Takes fd over. */
void filters_set_link(struct filters *filters, uint32_t worker, int fd);

void filters_ask(struct filters *filters, struct job *job);
/* The script version will not be named again. */
void filters_drop_script(struct filters *filters, uint64_t id);

#endif
