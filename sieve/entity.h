/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_ENTITY_H
#define SIEVE_ENTITY_H

#include "interp.h"

/*
 * MIME entities (RFC 2045 2.4) that a script puts into a message (RFC 5703,
 * 6558): written in scratch, with the line ends of the message that they are
 * for, and put in place of a part.
 */
struct sieve_entity {
	struct sieve_interp *in;
	const char *line_end;
	char *p;
	size_t n, cap;
	bool is_out; /* no memory: the run has failed */
};

/* Pieces of the new message. */
struct sieve_entity_piece {
	uint32_t part; /* in whose place it goes */
	struct sieve_text text;
};

void sieve_entity_begin(struct sieve_entity *e, struct sieve_interp *in);
void sieve_entity_add(struct sieve_entity *e, struct sieve_text text); /* as it is */
void sieve_entity_add_words(struct sieve_entity *e, const char *text);
/* Any line ends become those of the message. */
void sieve_entity_add_lines(struct sieve_entity *e, struct sieve_text text);
/* `name: value`; the value is ready to be written (header.h). */
void sieve_entity_add_field(struct sieve_entity *e, const char *name, struct sieve_text value);
/* The fields of a text/TYPE in UTF-8, an empty line, and the text: as it is or
 * quoted-printable, so that none of its lines can be a delimiter. */
void sieve_entity_add_text(struct sieve_entity *e, const char *type, struct sieve_text text);
struct sieve_text sieve_entity_text(const struct sieve_entity *e);

/* Text of a message as scripts have theirs: their lines end in CRLF (RFC 5228
 * 2.4.2).  In scratch. */
struct sieve_text sieve_entity_crlf(struct sieve_interp *in, struct sieve_text text);

/* One field of a header as it came, its line end with it; false: no more. */
bool sieve_entity_has_field(struct sieve_text *header, struct sieve_text *name,
    struct sieve_text *field);
/* One of the message, as it came. */
void sieve_entity_copy_field(struct sieve_entity *e, struct sieve_text field);
/* What says what a body is: it goes with the body. */
bool sieve_entity_is_content(struct sieve_text name);

/* A part with its header, or the message (0), as it is now. */
struct sieve_text sieve_entity_part(struct sieve_interp *in, uint32_t part);
/* Whether the part is the message, or one in it. */
bool sieve_entity_is_message(struct sieve_interp *in, uint32_t part);

/* To be called first: edits of the header (RFC 5293) become text.  False: the
 * host has no way to change a message, or the run failed. */
bool sieve_entity_can_begin(struct sieve_interp *in);

/*
 * The message with other entities in the place of parts, none of which lies
 * in another, in their order.  The part that tests look at keeps its number.
 * False: there is no room for it, or the run failed before.
 */
bool sieve_entity_put(struct sieve_interp *in, const struct sieve_entity_piece *pieces, size_t n);

#endif
