/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_LINKS_H
#define DOORSTEP_DELIVER_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"
#include "deliver/job.h"

/*
 * The links to session processes: jobs and questions come in, answers go out,
 * and what was answered is remembered until the session says that the client
 * has seen it (SESSION_SAW_ANSWER); then its unacknowledged marks go.
 */
struct links;

/* Answered jobs whose SESSION_SAW_ANSWER is awaited, for each link; beyond
 * that the oldest are no longer waited for: their marks stand until they
 * expire, which is safe. */
#define LINKS_UNSEEN_MAX 65536

struct links *links_new(struct deliver *d); /* owned */
void links_free(struct links **links);
/* Takes fd over; replaces an earlier link to the same session process. */
void links_add(struct links *links, uint32_t worker, int fd);
bool links_is_empty(const struct links *links);

/* Sends the outcomes of a job to its session, if that is still there. */
void links_answer(struct job *job);
void links_answer_room(struct session_link *link, uint64_t id, const struct fail *why);
/* The jobs of a link: job_begin adds itself, job_end takes itself out. */
void links_add_job(struct session_link *link, struct job *job);
void links_remove_job(struct job *job);

#endif
