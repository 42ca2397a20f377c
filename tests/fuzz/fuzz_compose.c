/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Any message, any strings of a script: what is composed has the fields that
 * we write, each once, and nothing else. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bug.h"
#include "filter/compose.h"
#include "mail/address.h"
#include "mail/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const ours[] = { "Message-ID", "Date", "Subject", "From", "To", "Cc", "Sender",
	"In-Reply-To", "References", "Auto-Submitted", "Precedence", "X-Auto-Response-Suppress",
	"X-Priority", "Importance", "MIME-Version", "Content-Type", "Content-Transfer-Encoding" };
#define COUNT (sizeof ours / sizeof *ours)

struct input {
	unsigned flags;
	struct str reason, subject, from, extra, sender, recipient, message;
};

static struct sieve_text
text_of(struct str s)
{
	return (struct sieve_text){ s.p, s.n };
}

static void
take_input(const uint8_t *data, size_t size, struct input *in)
{
	struct str rest = { (const char *)data, size };

	memset(in, 0, sizeof *in);
	if (size > 0)
		in->flags = data[0];
	rest = str_from(rest, 1);
	(void)str_can_split(&rest, '\0', &in->reason);
	(void)str_can_split(&rest, '\0', &in->subject);
	(void)str_can_split(&rest, '\0', &in->from);
	(void)str_can_split(&rest, '\0', &in->extra);
	(void)str_can_split(&rest, '\0', &in->sender);
	(void)str_can_split(&rest, '\0', &in->recipient);
	in->message = rest;
}

static void
check_lines(struct str text)
{
	struct str line;

	BUG_ON(str_find_byte(text, '\r') != -1 || str_find_byte(text, '\0') != -1);
	while (str_can_split(&text, '\n', &line))
		BUG_ON(line.n > 998 && str_find_byte(line, ' ') == -1);
}

/* What no script may write. */
static const char *const never[] = { "Bcc", "Received", "Sender", "Return-Path", "Resent-To",
	"Resent-From", "List-Id", "Delivered-To", "X-Sieve-Redirected-From", "Content-Length" };

static bool
is_never(struct str name)
{
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (str_is_equal_nocase(name, str_of(never[i])))
			return true;
	return false;
}

/* Which fields beside ours may be there. */
enum others { NO_OTHERS, OF_CONTENT, OF_URI };

static void
check_ours(const struct compose_message *out, enum others others)
{
	struct header_cursor cursor;
	struct header_field field;
	unsigned seen[COUNT] = { 0 };
	size_t i;

	header_cursor_init(&cursor, buf_str(&out->made));
	while (header_has_field(&cursor, &field)) {
		for (i = 0; i < COUNT && !str_is_equal_nocase(field.name, str_of(ours[i])); i++)
			;
		if (others == OF_CONTENT && str_has_prefix_nocase(field.name, STR("Content-")))
			continue;
		BUG_ON(i == COUNT && others != OF_URI);
		BUG_ON(others == OF_URI && is_never(field.name));
		BUG_ON(i < COUNT && seen[i]++ > 0);
	}
	BUG_ON(!cursor.is_ended || out->rest.n > 0);
	/* Message-ID, Date, From and To are always there. */
	BUG_ON(seen[0] == 0 || seen[1] == 0 || seen[3] == 0 || seen[4] == 0);
	/* The body of an entity is the script's. */
	check_lines(str_sub(buf_str(&out->made), 0,
	    others == OF_CONTENT ? header_size(buf_str(&out->made)) : out->made.n));
}

static void
check_envelope(const struct compose_message *out)
{
	BUG_ON(out->to_count == 0);
	for (size_t i = 0; i < out->to_count; i++)
		BUG_ON(!address_is_valid(out->to[i]));
	BUG_ON(out->from.n > 0 && !address_is_valid(out->from));
}

static void
run_vacation(const struct compose_env *env, const struct input *in)
{
	const struct sieve_text extra = text_of(in->extra);
	const struct sieve_vacation vacation = { .subject = text_of(in->subject),
		.from = text_of(in->from), .addresses = &extra, .address_count = 1,
		.is_mime = (in->flags & 1) != 0 };
	const struct sieve_action action = { .kind = SIEVE_VACATION,
		.target = text_of(in->reason), .vacation = &vacation };
	struct compose_message out = COMPOSE_EMPTY;

	if (compose_vacation(env, &action, &out) == COMPOSE_DONE) {
		check_ours(&out, vacation.is_mime ? OF_CONTENT : NO_OTHERS);
		check_envelope(&out);
	} else {
		BUG_ON(out.why.n == 0);
	}
	compose_fini(&out);
}

static void
run_notify(const struct compose_env *env, const struct input *in)
{
	const struct sieve_notify notify = { .from = text_of(in->from),
		.message = text_of(in->subject), .importance = in->flags % 4 };
	const struct sieve_action actions[] = {
		{ .kind = SIEVE_NOTIFY, .target = text_of(in->extra), .notify = &notify },
		{ .kind = SIEVE_NOTIFY, .target = text_of(in->reason), .notify = &notify },
	};
	struct compose_message out = COMPOSE_EMPTY;

	if (compose_notify(env, actions, 1, &out) == COMPOSE_DONE) {
		check_ours(&out, OF_URI);
		check_envelope(&out);
	}
	compose_fini(&out);
}

static void
run_reject(const struct compose_env *env, const struct input *in)
{
	const struct sieve_action action = { .kind = in->flags & 1 ? SIEVE_REJECT : SIEVE_EREJECT,
		.target = text_of(in->reason) };
	struct compose_message out = COMPOSE_EMPTY;

	if (compose_reject(env, &action, &out) == COMPOSE_DONE) {
		struct arena a = ARENA_EMPTY;
		struct mime mime;
		uint32_t parts = 0;

		check_ours(&out, NO_OTHERS);
		check_envelope(&out);
		mime_parse(buf_str(&out.made), &a, &mime);
		for (uint32_t i = 0; i < mime.count; i++)
			parts += mime.parts[i].parent == 0;
		BUG_ON(parts != 3);
		arena_fini(&a);
	}
	compose_fini(&out);
}

/* The fields of the message, in their order, but for Return-Path. */
static void
run_redirect(const struct compose_env *env, const struct input *in)
{
	const struct sieve_action action = { .kind = SIEVE_REDIRECT, .target = text_of(in->extra) };
	struct compose_message out = COMPOSE_EMPTY;
	struct header_cursor old, new;
	struct header_field a, b;
	bool has_old;

	if (compose_redirect(env, &action, in->message, &out) == COMPOSE_DONE) {
		check_envelope(&out);
		header_cursor_init(&old, in->message);
		header_cursor_init(&new, buf_str(&out.made));
		BUG_ON(!header_has_field(&new, &b) ||
		    !str_is_equal(b.name, STR("X-Sieve-Redirected-From")));
		while (header_has_field(&new, &b)) {
			do
				has_old = header_has_field(&old, &a);
			while (has_old && str_is_equal_nocase(a.name, STR("Return-Path")));
			BUG_ON(!has_old || !str_is_equal(a.name, b.name) ||
			    !str_is_equal(a.value, b.value));
		}
		while (header_has_field(&old, &a))
			BUG_ON(!str_is_equal_nocase(a.name, STR("Return-Path")));
		BUG_ON(!str_has_suffix(in->message, out.rest));
	}
	compose_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_EMPTY, scarce = ARENA_EMPTY;
	struct compose_settings settings = { .redirect_from = COMPOSE_FROM_RECIPIENT };
	struct input in;
	struct header header;
	struct compose_env env = { .hostname = STR("mx.example"), .seed = STR("s"),
		.settings = &settings, .arena = &scarce, .now = 1 };

	take_input(data, size, &in);
	arena_init_limit(&a, (size_t)8 << 20);
	/* Memory may end anywhere. */
	arena_init_limit(&scarce, in.flags < 16 ? (size_t)8 << 20 : in.flags * 16);
	header_parse(in.message, &a, &header);
	env.text = in.message;
	env.header = &header;
	env.sender = in.sender;
	env.recipient = in.recipient;
	env.original_recipient = in.extra;
	env.envelope_id = in.subject;
	env.is_full_returned = (in.flags & 2) != 0;
	settings.is_recipient_unchecked = (in.flags & 4) != 0;
	settings.is_to_from_header = (in.flags & 8) != 0;
	settings.vacation_template = in.from;
	run_vacation(&env, &in);
	run_notify(&env, &in);
	run_reject(&env, &in);
	run_redirect(&env, &in);
	arena_fini(&scarce);
	arena_fini(&a);
	return 0;
}
