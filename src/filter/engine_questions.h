/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_ENGINE_QUESTIONS_H
#define DOORSTEP_FILTER_ENGINE_QUESTIONS_H

#include "filter/engine.h"
#include "sieve/sieve.h"

/*
 * Fills in what sieve/ may ask beside the message: envelope, environment, and
 * what deliver knows.  out->arg must be the run.
 */
void engine_questions_fill(struct sieve_host *out, const struct run *run);

/* What is on a list, LF behind each. */
enum filter_answer engine_questions_members(struct run *run, struct sieve_text list,
    struct str *members_out);

/* Is that mark of this user standing? */
bool engine_questions_is_marked(const struct run *run, struct str mark);

/* Items of RFC 5183 4.1 that are the same in a delivery and in a test.  False:
 * none of them. */
bool engine_questions_has_item(const char *hostname, struct str user, struct sieve_text item,
    struct sieve_text *out);

/* The folder with this id (RFC 9042 4), in the run's arena. */
bool engine_questions_find_id(struct run *run, struct sieve_text id, struct str *name_out);

/* For a profile, whose arg must be a world: scripts that scripts include. */
/* Arguments of a program, each with LF behind it. */
struct str engine_questions_join(const struct run *run, const struct sieve_text *arguments,
    size_t n);

enum sieve_found engine_questions_include(void *world, enum sieve_location location,
    struct sieve_text name, struct sieve_text *script_out);

#endif
