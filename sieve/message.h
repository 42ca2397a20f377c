/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_MESSAGE_H
#define SIEVE_MESSAGE_H

#include "interp.h"

/*
 * The message as a script sees it now: what the host has, under the edits of
 * its header (RFC 5293) and the texts that took its place (RFC 5703).
 */

/* Fields of one name, in their order.  In scratch, until the end of the test. */
struct sieve_fields {
	const void *host; /* the host's list */
	const struct sieve_field_place *places; /* NULL: as the host has them */
	size_t n;
};

/* One of an edited header. */
struct sieve_field_place {
	bool is_added;
	size_t index; /* of the host's list; or */
	struct sieve_text value; /* added: decoded, as tests see it */
	size_t edit; /* added: by which edit; private */
};

struct sieve_fields sieve_message_fields(struct sieve_interp *in, uint32_t part,
    struct sieve_text name);
struct sieve_text sieve_message_field(struct sieve_interp *in, const struct sieve_fields *fields,
    size_t i); /* decoded */
struct sieve_text sieve_message_field_raw(struct sieve_interp *in,
    const struct sieve_fields *fields, size_t i);
const void *sieve_message_addresses(struct sieve_interp *in, const struct sieve_fields *fields,
    size_t i, size_t *count_out);

/* RFC 5260 6: the fields from `first` up to before `end` in the order that
 * :index and :last ask for; all without them. */
void sieve_message_select(const struct sieve_call *call, size_t count, size_t *first_out,
    size_t *end_out);

/*
 * Likewise for a test that names several: "all the named header fields are
 * counted in the order specified by the header-list".
 *
 *	selection = sieve_message_choose(in, call, part, names);
 *	for each name: fields = ..., sieve_message_chosen(&selection, fields.n, &i, &end);
 */
struct sieve_selection {
	bool is_all;
	uint64_t wanted; /* number among those that are still to come, from 1; 0: none */
};
struct sieve_selection sieve_message_choose(struct sieve_interp *in,
    const struct sieve_call *call, uint32_t part, struct sieve_list names);
void sieve_message_chosen(struct sieve_selection *selection, size_t count, size_t *first_out,
    size_t *end_out);

uint32_t sieve_message_part_count(struct sieve_interp *in);
struct sieve_part sieve_message_part(struct sieve_interp *in, uint32_t part);
/* Whether the part is, at any depth, below the other. */
bool sieve_message_is_below(struct sieve_interp *in, uint32_t part, uint32_t above);
struct sieve_text sieve_message_body(struct sieve_interp *in, uint32_t part,
    enum sieve_body kind);

/* Edits.  The value of an added field is decoded text; it is encoded and
 * folded here (RFC 5293 4). */
void sieve_message_add_field(struct sieve_interp *in, struct sieve_text name,
    struct sieve_text value, bool is_last);
/* Those of `fields`, which are of this name, that are marked. */
void sieve_message_delete_fields(struct sieve_interp *in, struct sieve_text name,
    const struct sieve_fields *fields, const bool *is_marked);
/* The text, which lasts as long as the result, takes the message's place; edits are gone. */
void sieve_message_adopt(struct sieve_interp *in, struct sieve_text text);
/* Likewise, but what is sent on from now on is the message as it was (RFC
 * 5703 6). */
void sieve_message_enclose(struct sieve_interp *in, struct sieve_text text);
/* RFC 5228 5.9; of what took its place, that of the text.  Fields that were
 * deleted from its header still count. */
uint64_t sieve_message_size(struct sieve_interp *in);
/* The message with its edited header as one text of that life: what
 * replace and enclose begin with. */
struct sieve_text sieve_message_text(struct sieve_interp *in);

/* The version as it is now: index of result->versions. */
unsigned sieve_message_version(struct sieve_interp *in);
unsigned sieve_message_sent_version(struct sieve_interp *in); /* for redirect */

/* For who runs scripts from within one (testsuite.h).  The host has another
 * message: its edits are gone, versions stay.  p NULL: it is now what the host
 * calls the original. */
void sieve_message_replace(struct sieve_interp *in, struct sieve_text text);
/* As it was at first, and no versions but the original. */
void sieve_message_forget(struct sieve_interp *in);
/* A version that is this text, which is not the message now; its index. */
unsigned sieve_message_add_text(struct sieve_interp *in, struct sieve_text text);

/* At the start of a run. */
void sieve_message_init(struct sieve_interp *in);

#endif
