/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_FIELDS_H
#define DOORSTEP_FILTER_FIELDS_H

#include "filter/host.h"
#include "ipc/wire.h"

/*
 * What is kept of a message in the index, cut to what an index needs: the
 * store holds these for every message.  Text is UTF-8 without line ends.
 */
#define FIELDS_ID_MAX ((size_t)500)
#define FIELDS_FROM_MAX ((size_t)500)
#define FIELDS_TO_MAX ((size_t)1000)
#define FIELDS_SUBJECT_MAX ((size_t)1000)
#define FIELDS_REFERENCES_MAX ((size_t)4000)
/* All of them, for the loop check: beyond it a message has looped anyway. */
#define FIELDS_DELIVERED_TO_MAX ((size_t)16 * 1024)

/* Fills all but id and outcomes.  Lives in the host's arena. */
void fields_fill(struct host *host, struct msg_FILTER_ANSWERS *out);

#endif
