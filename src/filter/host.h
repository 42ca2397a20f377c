/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_HOST_H
#define DOORSTEP_FILTER_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mail/charset.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/mime.h"

/*
 * What tests may ask of a message and its envelope.  A message is parsed once
 * however many recipients it has; what was decoded is kept with it, for each
 * part and each field once.  All of it borrows from the message's text.
 *
 * Nothing fails: what is malformed, and what lies beyond a limit, is answered
 * as if it were not there.
 */

/* Ceiling of the arena that one message is worked on in, and of the one for
 * the text that has taken its place. */
#define HOST_MEMORY_MAX ((size_t)96 << 20)
/* Bytes of one part's body that are decoded: what is behind is not seen by
 * tests on decoded bodies.  Raw ones are not copied, and have no limit. */
#define HOST_PART_MAX ((size_t)16 << 20)
/* All decoded bodies of a message together, when copies were needed: beyond
 * it, parts are cut, then empty. */
#define HOST_BODIES_MAX ((size_t)48 << 20)

/* All texts that were made for one run, host_is_joined and host_is_rendered:
 * three of the largest message that is taken by default, of which one is what
 * the script before has left. */
#define HOST_TEXTS_MAX ((size_t)160 << 20)

struct host_values {
	const struct str *at;
	size_t n;
};

struct host_address {
	struct str local, domain; /* without quotes; domain may be empty */
	struct str all;		  /* as one string */
	bool is_valid;		  /* false: only `all` matches, RFC 5228 2.7.4 */
};

struct host_addresses {
	const struct host_address *at;
	size_t n;
};

/* Fields of one name in one part's header, in order; decoded when asked. */
struct host_fields {
	struct host_fields *next; /* private */
	uint32_t part;
	struct str name;
	size_t n;
	struct host_field *at; /* private */
	struct host_values values; /* private */
	struct host_addresses addresses; /* private */
	bool has_values, has_addresses; /* private */
};

struct host_known; /* what is known of a part beyond its place; private */

/* A message, parsed. */
struct host_message {
	struct str text;
	struct header header; /* of part 0 */
	struct mime mime;
	struct arena *arena;	     /* for what is kept of it */
	struct host_fields **chains; /* private */
	struct host_known *parts;     /* private */
	size_t kept;		     /* bytes of decoded bodies */
};

struct host {
	struct charset_set *charsets;
	struct buf *scratch;
	struct str sender;
	uint64_t wire_size; /* RFC 5228 5.9: as it came, with CRLF */
	int64_t now;		/* seconds since the epoch */
	const char *delimiters; /* of RFC 5233, or "" */
	struct arena *arena;
	struct host_message original, adopted;
	struct str base; /* the message as the script that runs has found it */
	struct host_message *message; /* one of these two: what is answered about */
	unsigned version;	      /* 0: the original; each adopted text has its own */
	struct arena adopted_arena;
	struct host_text *texts; /* private */
	size_t texts_size;
	struct arena text_arena; /* of host_text_addresses */
	struct buf value;	 /* of host_mime_value and host_convert */
};

/* The arena and what is borrowed must outlive the host.  What it has beside is
 * given back by host_fini. */
void host_init(struct host *host, struct str text, struct arena *a, struct charset_set *charsets,
    struct buf *scratch);
void host_fini(struct host *host);

/*
 * The text is the message from now on (RFC 5703 5, 6): parsed anew, borrowed
 * until the next one or host_restore, both of which end the life of all that
 * was answered about it.  What was answered about the original stays.  False:
 * no memory; then the message is as it was at first.
 */
bool host_is_adopted(struct host *host, struct str text);
/* What the scripts before have made of the message, for the one that is to
 * run.  As host_is_adopted, but it is not what the script has changed. */
bool host_is_based(struct host *host, struct str text);
/* The message is what came, again: for the next recipient, after an error.
 * Texts that were made are gone. */
void host_restore(struct host *host);

/* What was done to a header (RFC 5293): fields go, others are put in front or
 * behind. */
enum host_edit_kind { HOST_EDIT_DELETE, HOST_EDIT_ADD_FIRST, HOST_EDIT_ADD_LAST };
struct host_edit {
	enum host_edit_kind kind;
	struct str name, value; /* value: to be written as it is; lines end in LF */
	size_t index;		/* of a deleted one: among those of its name in text, from 0 */
};

/* Texts that live until host_restore: pieces in a row, and a message with its
 * edits made, in their order, and otherwise byte for byte.  False: no room. */
bool host_is_joined(struct host *host, const struct str *pieces, size_t n, struct str *out);
bool host_is_rendered(struct host *host, struct str text, const struct host_edit *edits,
    size_t n, struct str *out);
/* The same, not put together: the pieces live until take returns, whose result
 * is the result. */
typedef bool (*host_take_fn)(struct host *host, const struct str *pieces, size_t n, void *arg);
bool host_can_render(struct host *host, struct str text, const struct host_edit *edits, size_t n,
    host_take_fn take, void *arg);

/*
 * Pieces by where their bytes come from: those that were taken from the
 * original, however many texts ago, lie in it (host_is_original), neighbours
 * are one.  host_leaves_fini gives the list back.  False: no memory.
 */
struct host_leaves {
	struct str *at;
	size_t n, cap;
};
bool host_has_leaves(const struct host *host, const struct str *pieces, size_t n,
    struct host_leaves *out);
void host_leaves_fini(struct host_leaves *leaves);
bool host_is_original(const struct host *host, struct str piece);
/* One of these is not needed any more; others are passed over. */
void host_drop_text(struct host *host, struct str text);

/* ---- fields; part 0 is the message itself, as in struct mime ---- */

/* NULL: there is no such field, or no such part. */
struct host_fields *host_fields(struct host *host, uint32_t part, struct str name);
/* Unfolded, trimmed, encoded words decoded to UTF-8 (RFC 5228 2.7.2). */
struct str host_field(struct host *host, struct host_fields *fields, size_t i);
struct str host_field_raw(const struct host_fields *fields, size_t i); /* as written */
/* All addresses of it, groups opened. */
struct host_addresses host_field_addresses(struct host *host, struct host_fields *fields,
    size_t i);
/* Of any text, as if a field held it; until the next call. */
struct host_addresses host_text_addresses(struct host *host, struct str text);

/* Every field of a part in order; lives with the message.  Limits: header.h. */
const struct header *host_part_header(struct host *host, uint32_t part);
/* Where a field of text lies in it, the line end behind it included. */
void host_field_extent(struct str text, const struct header_field *field, size_t *from_out,
    size_t *size_out);

/* Of the message: values and addresses of all fields of a name. */
struct host_values host_header(struct host *host, struct str name);
struct host_addresses host_header_addresses(struct host *host, struct str name);
/* Of an envelope: `empty` for the null sender. */
struct host_address host_envelope_address(struct host *host, struct str path);

enum host_part { HOST_ALL, HOST_LOCAL, HOST_DOMAIN, HOST_USER, HOST_DETAIL };

/* False: this address has no such part, and matches nothing. */
bool host_has_part(const struct host *host, const struct host_address *address,
    enum host_part part, struct str *out);

/* ---- parts ---- */

uint32_t host_part_count(const struct host *host);
/* NULL: no such part. */
const struct mime_part *host_mime_part(const struct host *host, uint32_t part);

enum host_body {
	/* As it came.  p NULL: of a message whose header has no empty line
	 * behind it (RFC 5173 4). */
	HOST_BODY_RAW,
	/* Of a leaf: the transfer encoding undone, text/... in UTF-8; what has
	 * an unknown encoding stays, of an unknown charset: charset.h,
	 * charset_add_unlabelled.  Else raw. */
	HOST_BODY_DECODED,
	/* Of a leaf that is text/...: as decoded, HTML as html.h says.  Else empty. */
	HOST_BODY_TEXT,
	/* As HOST_BODY_TEXT; empty too when encoding or charset are unknown
	 * (RFC 5703 7). */
	HOST_BODY_EXTRACT,
	/* Of a multipart: in front of the first delimiter, behind the last
	 * one; RFC 5173 5.2.  p NULL: it is none, or was never closed. */
	HOST_BODY_PROLOGUE,
	HOST_BODY_EPILOGUE,
	HOST_BODY_HEADER, /* as it came, the empty line with it */
	HOST_BODY_ALL,	  /* header and body */
};

/* Line ends are those of the message.  Lives with the message. */
struct str host_body(struct host *host, uint32_t part, enum host_body kind);

/* ---- values of fields ---- */

enum host_mime {
	HOST_MIME_TYPE, /* or the disposition */
	HOST_MIME_SUBTYPE,
	HOST_MIME_CONTENT_TYPE, /* type/subtype; the type alone where there is no more */
	HOST_MIME_PARAM,
};

/*
 * Of a Content-Type or Content-Disposition (RFC 5703 4.2); a parameter decoded
 * (RFC 2231, and RFC 2047 as is common).  False: there is no such thing.
 * Linear in raw; until the next call or host_convert.
 */
bool host_has_mime_value(struct host *host, struct str raw, enum host_mime what, struct str param,
    struct str *out);

/* HTML to text, or text to HTML (RFC 6558); both UTF-8.  At most HOST_PART_MAX
 * is read.  Until the next call or host_has_mime_value. */
struct str host_convert(struct host *host, struct str text, bool is_to_html);

/* RFC 5322 3.3 and its obsolete forms; false: no date. */
bool host_has_date(struct str raw, struct date *out);
/* Minutes east of UTC at that time, where this machine is.  The zone was to be
 * loaded before the sandbox closed (tzset). */
int host_local_zone(int64_t seconds);

#endif
