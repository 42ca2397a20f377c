/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_COMPOSE_PRIVATE_H
#define DOORSTEP_FILTER_COMPOSE_PRIVATE_H

#include "filter/compose.h"
#include "mail/address.h"
#include "mail/build.h"

/* What several of the composers need; compose.c. */

const struct compose_settings *compose_settings_of(const struct compose_env *env);
enum compose_answer compose_stay_silent(struct compose_message *out, const char *why);
enum compose_answer compose_fail(struct compose_message *out, const char *why);
/* DONE, unless there was no room for the message, or its envelope is not one.
 * is_ours: its header decides whether it needs SMTPUTF8. */
enum compose_answer compose_end(struct compose_message *out, bool is_ours);

static inline struct str
compose_str(struct sieve_text text)
{
	return (struct str){ text.p, text.n };
}

/* path with a domain: as it is, or with that of the host.  In the arena. */
struct str compose_complete(const struct compose_env *env, struct str path);
struct str compose_user(const struct compose_env *env); /* user_email, or the recipient */
struct str compose_postmaster(const struct compose_env *env);
/* By setting; never for a cause that came from <>. */
struct str compose_source(const struct compose_env *env, enum compose_source source,
    struct str address);

/* The one mailbox that a text names as a header would; false: it is not one,
 * or has no domain.  In the arena. */
bool compose_is_mailbox(const struct compose_env *env, struct str text,
    struct build_address *out);
bool compose_can_take_mailbox(const struct compose_env *env, const struct address *address,
    struct build_address *out);
/* path of local and domain, in the arena. */
struct str compose_path(const struct compose_env *env, struct str local, struct str domain);

/* ---- whose address ---- */

struct compose_own {
	struct str local, domain; /* unquoted */
	struct str path;	  /* as it is to be written */
};

/* Sorted; without what is no address. */
struct compose_owns {
	struct compose_own *at;
	size_t n;
};

/* The user's addresses, and extra ones; n 0 when there is no memory. */
struct compose_owns compose_find_own(const struct compose_env *env,
    const struct sieve_text *extra, size_t extra_count);
/* NULL: it is not among them.  ASCII case is passed over in both parts. */
const struct compose_own *compose_has_own(const struct compose_owns *owns, struct str local,
    struct str domain);
bool compose_is_own_path(const struct compose_env *env, const struct compose_owns *owns,
    struct str path);
/* False: it is no address. */
bool compose_can_take_own(const struct compose_env *env, struct str path,
    struct compose_own *out);

/* ---- fields ---- */

void compose_add_date_and_id(const struct compose_env *env, struct compose_message *out,
    const char *kind, const struct sieve_action *action);
/* In-Reply-To and References (RFC 5322 3.6.4), when the message has an id. */
void compose_add_references(const struct compose_env *env, struct compose_message *out,
    bool is_reply);
/* Of the message: decoded, one line, cut; false: it has none, or an empty one. */
bool compose_has_subject(const struct compose_env *env, struct buf *out);
struct str compose_cut_subject(struct str subject);
/* MIME-Version, Content-Type and what goes with it, the end of the header,
 * and text as UTF-8. */
void compose_add_text_body(struct compose_message *out, struct str text);

/* `kind` and the hash of what else: 64 hexadecimal digits. */
struct str compose_mark(const struct compose_env *env, const char *kind, const struct str *parts,
    size_t n);

/* ---- what may be answered, compose_rules.c ---- */

/* NULL: it may; else why a message must not be answered by a program. */
const char *compose_why_automatic(const struct compose_env *env);
/* Likewise for the address that would get the answer. */
const char *compose_why_system(const struct compose_env *env, struct str sender);
/* Auto-Submitted with another value than no (RFC 3834 5). */
bool compose_is_auto_submitted(const struct compose_env *env);
/* Which own address the message was sent to openly (RFC 5230 4.5); first: is
 * looked for before all others.  NULL: none. */
const struct compose_own *compose_find_named(const struct compose_env *env,
    const struct compose_owns *owns, struct str first);

#endif
