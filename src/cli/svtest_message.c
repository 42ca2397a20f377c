/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The message and envelope that blocks of a svtest set.  Knows no block. */

#include "cli/svtest.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "mail/path.h"

#include <stdlib.h>

/* Lines end in LF, as on the way from deliver to filter. */
static struct str
normalise(struct svtest *test, struct str text)
{
	char *copy = arena_alloc(&test->arena, text.n + 1);
	size_t from, to = 0;

	for (from = 0; from < text.n; from++)
		if (text.p[from] != '\r' || from + 1 == text.n || text.p[from + 1] != '\n')
			copy[to++] = text.p[from];
	copy[to] = '\0';
	return (struct str){ copy, to };
}

static struct svtest_message *
add_message(struct svtest *test, struct str text)
{
	struct svtest_message *message = xcalloc(1, sizeof *message);

	message->text = normalise(test, text);
	arena_init_limit(&message->arena, HOST_MEMORY_MAX);
	host_init(&message->host, message->text, &message->arena, test->charsets, &test->scratch);
	message->host.now = clock_wall() / CLOCK_SECOND;
	message->host.wire_size = message->text.n + str_count_byte(message->text, '\n');
	message->next = test->messages;
	test->messages = message;
	return message;
}

void
svtest_use(struct svtest *test, struct svtest_message *message)
{
	test->now = message;
	test->run.host = &message->host;
	message->host.sender = test->sender;
	message->host.delimiters = test->delimiters;
	test->host.size = message->host.wire_size;
	test->host.now = message->host.now;
	test->host.delimiters = test->delimiters;
}

void
svtest_use_base(struct svtest *test)
{
	host_restore(&test->base->host);
	svtest_use(test, test->base);
}

void
svtest_use_text(struct svtest *test, struct str text)
{
	svtest_use(test, add_message(test, text));
}

void
svtest_set_message(struct svtest *test, struct str text, struct str flags)
{
	test->base = add_message(test, text);
	test->base->flags = arena_str(&test->arena, flags);
	svtest_use(test, test->base);
}

void
svtest_free_messages(struct svtest *test)
{
	struct svtest_message *next;

	for (; test->messages != NULL; test->messages = next) {
		next = test->messages->next;
		host_fini(&test->messages->host);
		arena_fini(&test->messages->arena);
		free(test->messages);
	}
}

/* ---- the envelope ---- */

void
svtest_set_envelope(struct svtest *test, enum sieve_testsuite_object what, struct str value)
{
	struct str address = str_trim(value), rest = address;
	struct path path;

	/* As a session has it: RFC 5228 5.4, "MUST drop source routes". */
	if (path_can_take(&rest, true, &test->arena, &path) && rest.n == 0)
		address = path.text;
	else if (address.n >= 2 && address.p[0] == '<' && address.p[address.n - 1] == '>')
		address = str_sub(address, 1, address.n - 2);
	address = arena_str(&test->arena, address);
	if (what == SIEVE_TESTSUITE_FROM)
		test->sender = address;
	if (what == SIEVE_TESTSUITE_TO)
		test->recipient = address;
	if (what == SIEVE_TESTSUITE_TO || what == SIEVE_TESTSUITE_ORIGINAL_TO)
		test->original = address;
	if (what == SIEVE_TESTSUITE_AUTH)
		test->auth = address;
	test->now->host.sender = test->base->host.sender = test->sender;
}

/* The first address of the first of these fields that has one. */
static struct str
find_address(struct svtest *test, const char *const *names, const char *otherwise)
{
	struct host_addresses found;
	size_t i;

	for (; *names != NULL; names++) {
		found = host_header_addresses(&test->base->host, str_of(*names));
		for (i = 0; i < found.n; i++)
			if (found.at[i].is_valid)
				return found.at[i].all;
	}
	return str_of(otherwise);
}

void
svtest_derive_envelope(struct svtest *test)
{
	static const char *const to[] = { "Envelope-To", "To", NULL };
	static const char *const from[] = { "Return-Path", "Sender", "From", NULL };

	svtest_set_envelope(test, SIEVE_TESTSUITE_TO,
	    find_address(test, to, "recipient@example.com"));
	svtest_set_envelope(test, SIEVE_TESTSUITE_FROM,
	    find_address(test, from, "sender@example.com"));
	svtest_set_envelope(test, SIEVE_TESTSUITE_AUTH, STR("testsuite-mail-user@example.org"));
}
