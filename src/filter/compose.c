/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What messages that we make have in common: whose they are, when, in answer
 * to what.  Does not decide whether one is to be made. */

#include "filter/compose_private.h"

#include <stdlib.h>

#include "base/hash.h"
#include "mail/address.h"
#include "mail/charset.h"
#include "mail/path.h"
#include "mail/word.h"

void
compose_fini(struct compose_message *message)
{
	buf_fini(&message->made);
	*message = COMPOSE_EMPTY;
}

const struct compose_settings *
compose_settings_of(const struct compose_env *env)
{
	static const struct compose_settings defaults = { .vacation_subject = { NULL, 0 } };

	return env->settings == NULL ? &defaults : env->settings;
}

enum compose_answer
compose_stay_silent(struct compose_message *out, const char *why)
{
	out->why = str_of(why);
	return COMPOSE_SILENT;
}

enum compose_answer
compose_fail(struct compose_message *out, const char *why)
{
	out->why = str_of(why);
	return COMPOSE_FAILED;
}

static bool
is_ascii_header(struct str text)
{
	return path_is_ascii(str_sub(text, 0, header_size(text)));
}

/* An address that is none was left out by build_addresses. */
static bool
has_both_ends(struct str text)
{
	struct header_cursor cursor;
	struct header_field field;
	size_t n = 0;

	header_cursor_init(&cursor, text);
	while (header_has_field(&cursor, &field))
		n += str_is_equal(field.name, STR("From")) || str_is_equal(field.name, STR("To"));
	return n == 2;
}

enum compose_answer
compose_end(struct compose_message *out, bool is_ours)
{
	if (!buf_is_ok(&out->made))
		return compose_fail(out, "the message is too large to be made");
	if (out->to == NULL || out->to_count == 0)
		return compose_fail(out, "there is no memory for the message");
	for (size_t i = 0; i < out->to_count; i++) {
		if (!address_is_valid(out->to[i]))
			return compose_fail(out, "an address to send to is not valid");
		out->is_utf8 |= !path_is_ascii(out->to[i]);
	}
	if (out->from.n > 0 && !address_is_valid(out->from))
		return compose_fail(out, "the address to send from is not valid");
	out->is_utf8 |= !path_is_ascii(out->from);
	if (is_ours && !has_both_ends(buf_str(&out->made)))
		return compose_fail(out, "an address of the message is not valid");
	if (is_ours)
		out->is_utf8 |= !is_ascii_header(buf_str(&out->made));
	out->is_8bit = !path_is_ascii(buf_str(&out->made)) || !path_is_ascii(out->rest);
	return COMPOSE_DONE;
}

/* ---- addresses ---- */

struct str
compose_path(const struct compose_env *env, struct str local, struct str domain)
{
	struct buf path = BUF_EMPTY;
	struct str copy;

	address_add(&path, local, domain);
	copy = arena_str(env->arena, buf_str(&path));
	buf_fini(&path);
	return copy;
}

struct str
compose_complete(const struct compose_env *env, struct str path)
{
	struct path parts;

	if (!path_is_mailbox(path, true, env->arena, &parts) || parts.domain.n > 0)
		return path;
	return compose_path(env, parts.local, env->hostname);
}

struct str
compose_user(const struct compose_env *env)
{
	return compose_complete(env, env->user_email.n > 0 ? env->user_email : env->recipient);
}

struct str
compose_postmaster(const struct compose_env *env)
{
	return compose_complete(env,
	    env->postmaster.n > 0 ? env->postmaster : STR("postmaster"));
}

struct str
compose_source(const struct compose_env *env, enum compose_source source, struct str address)
{
	/* RFC 5321 4.5.5, RFC 5436 2.7: what came from <> goes on from <>. */
	if (env->sender.n == 0)
		return STR_EMPTY;
	switch (source) {
	case COMPOSE_FROM_RECIPIENT:
		return compose_complete(env, env->recipient);
	case COMPOSE_FROM_ORIGINAL_RECIPIENT:
		return compose_complete(env, env->original_recipient.n > 0
		    ? env->original_recipient : env->recipient);
	case COMPOSE_FROM_USER:
		return compose_user(env);
	case COMPOSE_FROM_POSTMASTER:
		return compose_postmaster(env);
	case COMPOSE_FROM_ADDRESS:
		return compose_complete(env, address);
	default:
		return compose_complete(env, env->sender);
	}
}

bool
compose_can_parse_source(struct str value, enum compose_source *source, struct str *address)
{
	static const struct {
		struct str name;
		enum compose_source source;
	} names[] = {
		{ { "sender", 6 }, COMPOSE_FROM_SENDER },
		{ { "recipient", 9 }, COMPOSE_FROM_RECIPIENT },
		{ { "orig_recipient", 14 }, COMPOSE_FROM_ORIGINAL_RECIPIENT },
		{ { "user_email", 10 }, COMPOSE_FROM_USER },
		{ { "postmaster", 10 }, COMPOSE_FROM_POSTMASTER },
	};

	value = str_trim(value);
	*address = STR_EMPTY;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_is_equal_nocase(value, names[i].name)) {
			*source = names[i].source;
			return true;
		}
	}
	if (value.n < 3 || value.p[0] != '<' || value.p[value.n - 1] != '>')
		return false;
	*source = COMPOSE_FROM_ADDRESS;
	*address = str_sub(value, 1, value.n - 2);
	return address_is_valid(*address);
}

bool
compose_can_take_mailbox(const struct compose_env *env, const struct address *address,
    struct build_address *out)
{
	struct buf display = BUF_EMPTY;

	word_add_phrase(&display, str_sub(address->display, 0, 4 * BUILD_DISPLAY_MAX),
	    env->charsets);
	out->display = arena_str(env->arena, buf_str(&display));
	out->path = compose_path(env, address->local, address->domain);
	buf_fini(&display);
	return address_is_valid(out->path);
}

bool
compose_is_mailbox(const struct compose_env *env, struct str text, struct build_address *out)
{
	struct address_list list;
	struct address address, more;

	address_list_init(&list, text, env->arena);
	return address_has_next(&list, &address) && address.kind == ADDRESS_MAILBOX &&
	    address.domain.n > 0 && !address_has_next(&list, &more) &&
	    compose_can_take_mailbox(env, &address, out);
}

/* ---- own addresses ---- */

static int
compare_nocase(struct str a, struct str b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		unsigned char left = str_lower((unsigned char)a.p[i]);
		unsigned char right = str_lower((unsigned char)b.p[i]);

		if (left != right)
			return left < right ? -1 : 1;
	}
	return (a.n > b.n) - (a.n < b.n);
}

static int
compare_own(const void *left, const void *right)
{
	const struct compose_own *a = left, *b = right;
	int order = compare_nocase(a->local, b->local);

	return order != 0 ? order : compare_nocase(a->domain, b->domain);
}

bool
compose_can_take_own(const struct compose_env *env, struct str text, struct compose_own *out)
{
	struct str path = compose_complete(env, text);
	struct path parts;

	if (!path_is_mailbox(path, true, env->arena, &parts) || parts.domain.n == 0)
		return false;
	*out = (struct compose_own){ parts.local, parts.domain, path };
	return true;
}

struct compose_owns
compose_find_own(const struct compose_env *env, const struct sieve_text *extra,
    size_t extra_count)
{
	const struct str known[] = { env->recipient, env->user_email,
		compose_settings_of(env)->is_original_recipient_foreign
		    ? STR_EMPTY : env->original_recipient };
	const size_t known_count = sizeof known / sizeof *known;
	size_t count = known_count + env->alias_count + extra_count;
	struct compose_owns owns = { NULL, 0 };
	struct build_address address;

	if (count > COMPOSE_ADDRESSES_MAX)
		count = COMPOSE_ADDRESSES_MAX;
	owns.at = arena_array(env->arena, count, sizeof *owns.at);
	if (owns.at == NULL)
		return owns;
	for (size_t i = 0; i < count; i++) {
		struct str text = STR_EMPTY;

		if (i < known_count)
			text = known[i];
		else if (i - known_count < env->alias_count)
			text = env->aliases[i - known_count];
		else if (compose_is_mailbox(env,
		    compose_str(extra[i - known_count - env->alias_count]), &address))
			text = address.path;
		owns.n += compose_can_take_own(env, text, &owns.at[owns.n]);
	}
	qsort(owns.at, owns.n, sizeof *owns.at, compare_own);
	return owns;
}

const struct compose_own *
compose_has_own(const struct compose_owns *owns, struct str local, struct str domain)
{
	const struct compose_own key = { .local = local, .domain = domain };

	if (owns->n == 0)
		return NULL;
	return bsearch(&key, owns->at, owns->n, sizeof *owns->at, compare_own);
}

bool
compose_is_own_path(const struct compose_env *env, const struct compose_owns *owns,
    struct str path)
{
	struct compose_own own;

	return compose_can_take_own(env, path, &own) &&
	    compose_has_own(owns, own.local, own.domain) != NULL;
}

/* ---- ids ---- */

/* Of short things: each with its length in front, so that no two lists of
 * them hash alike. */
static void
hash_parts(const struct str *parts, size_t n, unsigned char out[HASH_SHA256_SIZE])
{
	unsigned char state[2 * HASH_SHA256_SIZE + 8] = { 0 };
	unsigned char *inner = state, *outer = state + HASH_SHA256_SIZE;
	struct str pair[2];

	for (size_t i = 0; i < n; i++) {
		hash_short_sha256(&parts[i], 1, outer);
		pair[0] = (struct str){ (const char *)inner, HASH_SHA256_SIZE };
		pair[1] = (struct str){ (const char *)outer, HASH_SHA256_SIZE };
		hash_short_sha256(pair, 2, out);
		for (size_t k = 0; k < HASH_SHA256_SIZE; k++)
			inner[k] = out[k];
	}
}

struct str
compose_mark(const struct compose_env *env, const char *kind, const struct str *parts, size_t n)
{
	unsigned char digest[HASH_SHA256_SIZE] = { 0 };
	struct buf mark = BUF_EMPTY;
	struct str copy;

	hash_parts(parts, n, digest);
	buf_add_cstr(&mark, kind);
	buf_add_byte(&mark, ':');
	buf_add_hex(&mark, digest, sizeof digest);
	copy = arena_str(env->arena, buf_str(&mark));
	buf_fini(&mark);
	return copy;
}

/* Stable (DESIGN 3): a second try of the same delivery has the same id, so that
 * whoever gets both can tell. */
static void
add_id(const struct compose_env *env, struct buf *out, const char *kind,
    const struct sieve_action *action)
{
	unsigned char digest[HASH_SHA256_SIZE] = { 0 };
	struct buf line = BUF_EMPTY, id = BUF_EMPTY;
	struct str text;

	buf_add_number(&line, action->line);
	hash_parts((const struct str[]){ env->seed, str_of(kind), buf_str(&line),
	    compose_str(action->target), env->recipient }, 5, digest);
	buf_add_byte(&id, '<');
	buf_add_hex(&id, digest, 16);
	buf_add_byte(&id, '@');
	if (path_is_domain(env->hostname, false))
		buf_add_str(&id, env->hostname);
	else
		buf_add_cstr(&id, "localhost");
	buf_add_byte(&id, '>');
	text = buf_str(&id);
	build_ids(out, STR("Message-ID"), &text, 1);
	buf_fini(&id);
	buf_fini(&line);
}

void
compose_add_date_and_id(const struct compose_env *env, struct compose_message *out,
    const char *kind, const struct sieve_action *action)
{
	add_id(env, &out->made, kind, action);
	build_date(&out->made, STR("Date"), env->now, env->zone);
}

static bool
has_first_id(const struct compose_env *env, struct str name, struct str *id)
{
	const struct header_field *field = header_first(env->header, name);
	struct str rest = field == NULL ? STR_EMPTY : field->value;

	return build_can_take_id(&rest, id);
}

/* Adds the ids of a value: when there are more than fit, the first one stays
 * (it names the thread), and of the others the last ones. */
static size_t
take_ids(struct str value, struct str ids[COMPOSE_REFERENCES_MAX])
{
	const size_t ring = COMPOSE_REFERENCES_MAX - 1;
	struct str last[COMPOSE_REFERENCES_MAX - 1], id;
	size_t count = 0, kept, n;

	for (; build_can_take_id(&value, &id); count++) {
		if (count == 0)
			ids[0] = id;
		else
			last[(count - 1) % ring] = id;
	}
	if (count <= 1)
		return count;
	kept = count - 1 < ring ? count - 1 : ring;
	for (n = 0; n < kept; n++)
		ids[n + 1] = last[(count - 1 - kept + n) % ring];
	return kept + 1;
}

void
compose_add_references(const struct compose_env *env, struct compose_message *out, bool is_reply)
{
	struct str ids[COMPOSE_REFERENCES_MAX + 1], id;
	const struct header_field *field = header_first(env->header, STR("References"));
	size_t n;

	if (!has_first_id(env, STR("Message-ID"), &id))
		return;
	if (is_reply)
		build_ids(&out->made, STR("In-Reply-To"), &id, 1);
	if (field == NULL)
		field = header_first(env->header, STR("In-Reply-To"));
	n = field == NULL ? 0 : take_ids(field->value, ids);
	/* RFC 5322 3.6.4: an In-Reply-To serves only if it names one message. */
	if (field != NULL && n > 1 && str_is_equal_nocase(field->name, STR("In-Reply-To")))
		n = 0;
	ids[n++] = id;
	build_ids(&out->made, STR("References"), ids, n);
}

/* ---- text ---- */

struct str
compose_cut_subject(struct str subject)
{
	size_t at = 0, count;
	unsigned long code;

	for (count = 0; count < COMPOSE_SUBJECT_MAX && at < subject.n; count++) {
		size_t n = charset_take_utf8(str_from(subject, at), &code);

		at += n == 0 ? 1 : n;
	}
	return str_sub(subject, 0, at);
}

bool
compose_has_subject(const struct compose_env *env, struct buf *out)
{
	const struct header_field *field = header_first(env->header, STR("Subject"));
	struct buf decoded = BUF_EMPTY;
	struct str subject;

	if (field == NULL)
		return false;
	/* Encoded, a code point takes 12 bytes or so at most. */
	word_add_decoded(&decoded, str_sub(field->value, 0, 64 * COMPOSE_SUBJECT_MAX),
	    env->charsets);
	subject = str_trim(compose_cut_subject(str_trim(buf_str(&decoded))));
	buf_add_str(out, subject);
	buf_fini(&decoded);
	return subject.n > 0;
}

void
compose_add_text_body(struct compose_message *out, struct str text)
{
	build_value(&out->made, STR("MIME-Version"), STR("1.0"));
	build_text_part(&out->made, text);
}
