/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The answer of somebody who is away (RFC 5230), if the message may have one.
 * Does not know when the last one was sent: it asks. */

#include "filter/compose_private.h"

#include "mail/address.h"
#include "mail/encode.h"
#include "mail/path.h"
#include "mail/word.h"

#define ENTITY_FIELDS_MAX 64 /* of a :mime reason that are copied */
#define AUTHORS_MAX 16	     /* of one answer: a list of more is not used */

/* ---- whether ---- */

static const char *
why_not(const struct compose_env *env, const struct compose_owns *owns)
{
	const char *why;

	if (owns->n == 0)
		return "the user has no valid address";
	/* RFC 3834 2: nobody would get it. */
	if (env->sender.n == 0)
		return "the message is from <>";
	if (compose_is_own_path(env, owns, env->sender))
		return "the message is from the user";
	why = compose_why_system(env, env->sender);
	return why != NULL ? why : compose_why_automatic(env);
}

/* RFC 5230 4.2: one answer to a sender for each handle. */
static struct str
make_mark(const struct compose_env *env, const struct sieve_vacation *vacation)
{
	struct buf sender = BUF_EMPTY;
	struct str mark;

	for (size_t i = 0; i < env->sender.n; i++)
		buf_add_byte(&sender, (char)str_lower((unsigned char)env->sender.p[i]));
	mark = compose_mark(env, "vacation",
	    (const struct str[]){ compose_user(env), buf_str(&sender),
		compose_str(vacation->handle) }, 3);
	buf_fini(&sender);
	return mark;
}

/* ---- what ---- */

static void
add_template(struct buf *out, struct str template, struct str subject)
{
	static const struct str marks[] = { { "%{subject}", 10 }, { "%$", 2 } };

	while (template.n > 0) {
		size_t i = 0;

		while (i < 2 && !str_has_prefix(template, marks[i]))
			i++;
		if (i < 2) {
			buf_add_str(out, subject);
			template = str_from(template, marks[i].n);
			continue;
		}
		if (str_has_prefix(template, STR("%%")))
			template = str_from(template, 1);
		buf_add_byte(out, template.p[0]);
		template = str_from(template, 1);
	}
}

/* RFC 5230 5.3. */
static void
add_subject(const struct compose_env *env, struct compose_message *out,
    const struct sieve_vacation *vacation)
{
	const struct compose_settings *set = compose_settings_of(env);
	struct buf old = BUF_EMPTY, subject = BUF_EMPTY;

	if (vacation->subject.n > 0)
		buf_add_str(&subject, compose_str(vacation->subject));
	else if (compose_has_subject(env, &old))
		add_template(&subject, set->vacation_template.n > 0 ? set->vacation_template
		    : STR("Auto: %{subject}"), buf_str(&old));
	if (str_trim(buf_str(&subject)).n == 0)
		buf_add_str(&subject, set->vacation_subject.n > 0 ? set->vacation_subject
		    : STR("Automated reply"));
	build_text(&out->made, STR("Subject"), compose_cut_subject(buf_str(&subject)));
	buf_fini(&old);
	buf_fini(&subject);
}

/* RFC 5230 4.3: a mailbox-list.  0: one of it is no mailbox. */
static size_t
take_authors(const struct compose_env *env, struct str text, struct build_address *at)
{
	struct address_list list;
	struct address address;
	size_t n = 0;

	address_list_init(&list, text, env->arena);
	for (; address_has_next(&list, &address); n++)
		if (n == AUTHORS_MAX || address.kind != ADDRESS_MAILBOX || address.domain.n == 0 ||
		    !compose_can_take_mailbox(env, &address, &at[n]))
			return 0;
	return n;
}

/* RFC 5230 5.4. */
static void
add_from(const struct compose_env *env, struct compose_message *out,
    const struct sieve_vacation *vacation, struct str own)
{
	struct build_address from[AUTHORS_MAX], owner = { .path = own };
	size_t n = take_authors(env, compose_str(vacation->from), from);

	build_addresses(&out->made, STR("From"), n > 0 ? from : &owner, n > 0 ? n : 1);
	/* RFC 5322 3.6.2: several authors do not say which of them sent it. */
	if (n > 1)
		build_addresses(&out->made, STR("Sender"), &owner, 1);
}

/* The first address of a field that is the sender's; or just the first. */
static bool
has_sender_in(const struct compose_env *env, struct str value, const struct compose_owns *sender,
    struct build_address *out)
{
	bool is_any = compose_settings_of(env)->is_to_from_header;
	struct address_list list;
	struct address address;

	address_list_init(&list, value, env->arena);
	while (address_has_next(&list, &address)) {
		if (address.kind != ADDRESS_MAILBOX || address.domain.n == 0)
			continue;
		if (is_any || compose_has_own(sender, address.local, address.domain) != NULL)
			return compose_can_take_mailbox(env, &address, out);
	}
	return false;
}

/* From a field that says who sent it: there is a name in it. */
static bool
has_named_sender(const struct compose_env *env, struct build_address *out)
{
	static const struct str names[] = { { "Sender", 6 }, { "Resent-From", 11 }, { "From", 4 } };
	struct compose_own own;
	struct compose_owns sender = { &own, 0 };

	sender.n = compose_can_take_own(env, env->sender, &own);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct header_field *field = header_first(env->header, names[i]);

		if (field != NULL && has_sender_in(env, field->value, &sender, out))
			return true;
	}
	return false;
}

static void
add_to(const struct compose_env *env, struct compose_message *out)
{
	struct build_address to;

	if (!has_named_sender(env, &to))
		to = (struct build_address){ .path = compose_complete(env, env->sender) };
	build_addresses(&out->made, STR("To"), &to, 1);
}

/* ---- :mime ---- */

static bool
is_entity_field(const struct header_field *field)
{
	return str_has_prefix_nocase(field->name, STR("Content-"));
}

/*
 * RFC 5230 4.4 has the reason be an entity with its header; only what describes
 * content is taken from it, for a script must not write other fields.  A
 * text without such fields is taken for what its writer meant: a text.
 */
static enum compose_answer
add_entity(struct compose_message *out, struct str entity)
{
	struct str head = str_sub(entity, 0, header_size(entity));
	struct header_cursor cursor;
	struct header_field field;
	size_t count = 0;

	/* RFC 5230 5: no 8-bit header material. */
	header_cursor_init(&cursor, entity);
	while (header_has_field(&cursor, &field) && count < ENTITY_FIELDS_MAX)
		count += is_entity_field(&field);
	if (count == 0) {
		compose_add_text_body(out, head.n > 0 && (entity.p[0] == '\n' ||
		    entity.p[0] == '\r') ? str_from(entity, head.n) : entity);
		return COMPOSE_DONE;
	}
	if (!path_is_ascii(head) || str_find_byte(entity, '\0') != -1)
		return compose_fail(out, "the header of the :mime reason is not ASCII (RFC 5230 5)");
	build_value(&out->made, STR("MIME-Version"), STR("1.0"));
	header_cursor_init(&cursor, entity);
	for (count = 0; header_has_field(&cursor, &field) && count < ENTITY_FIELDS_MAX;) {
		if (!is_entity_field(&field))
			continue;
		build_value(&out->made, field.name, field.value);
		count++;
	}
	build_end(&out->made);
	encode_add_lines(&out->made, str_from(entity, head.n));
	return COMPOSE_DONE;
}

/* ---- all of it ---- */

static enum compose_answer
make(const struct compose_env *env, const struct sieve_action *action, struct str own,
    struct compose_message *out)
{
	struct str reason = compose_str(action->target);
	struct str *to = arena_array(env->arena, 1, sizeof *to);

	if (to == NULL)
		return compose_end(out, true);
	/* The envelope's sender, and nobody else (RFC 3834 4). */
	to[0] = compose_complete(env, env->sender);
	out->to = to;
	out->to_count = 1;
	if (compose_settings_of(env)->is_vacation_from_recipient)
		out->from = own;
	out->notify = STR("NEVER");
	compose_add_date_and_id(env, out, "vacation", action);
	add_subject(env, out, action->vacation);
	add_from(env, out, action->vacation, own);
	add_to(env, out);
	compose_add_references(env, out, true);
	build_value(&out->made, STR("Auto-Submitted"), STR("auto-replied (vacation)"));
	/* RFC 3834 3.1.8, and for Exchange: programs that know no Auto-Submitted. */
	build_value(&out->made, STR("Precedence"), STR("bulk"));
	build_value(&out->made, STR("X-Auto-Response-Suppress"), STR("All"));
	if (!action->vacation->is_mime)
		compose_add_text_body(out, reason);
	else if (add_entity(out, reason) != COMPOSE_DONE)
		return COMPOSE_FAILED;
	return compose_end(out, true);
}

enum compose_answer
compose_vacation(const struct compose_env *env, const struct sieve_action *action,
    struct compose_message *out)
{
	const struct sieve_vacation *vacation = action->vacation;
	struct compose_owns owns = compose_find_own(env, vacation->addresses,
	    vacation->address_count);
	const char *why = why_not(env, &owns);
	const struct compose_own *own;

	if (why != NULL)
		return compose_stay_silent(out, why);
	own = compose_find_named(env, &owns, env->recipient);
	if (own == NULL && !compose_settings_of(env)->is_recipient_unchecked)
		return compose_stay_silent(out,
		    "no field of the message names the user (RFC 5230 4.5)");
	out->mark = make_mark(env, vacation);
	out->mark_seconds = vacation->seconds;
	/* RFC 6131 3.1: of 0 seconds, every message is answered. */
	if (vacation->seconds > 0 && env->is_marked != NULL && env->is_marked(env->arg, out->mark))
		return compose_stay_silent(out, "the sender has had an answer already");
	return make(env, action, own != NULL ? own->path : compose_user(env), out);
}
