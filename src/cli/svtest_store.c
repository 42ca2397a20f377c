/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Mailboxes in memory, and where sent messages end.  Decides nothing about
 * what is stored. */

#include "cli/svtest.h"

static bool
is_inbox(struct str name)
{
	return str_is_equal_nocase(name, STR("INBOX"));
}

struct svtest_mailbox *
svtest_find_mailbox(struct svtest *test, struct str name)
{
	struct svtest_mailbox *mailbox = test->mailboxes;

	if (is_inbox(name))
		name = STR("INBOX");
	while (mailbox != NULL && !str_is_equal(mailbox->name, name))
		mailbox = mailbox->next;
	/* That one is always there. */
	return mailbox == NULL && is_inbox(name) ? svtest_make_mailbox(test, name) : mailbox;
}

static bool
is_name(struct str name)
{
	return name.n > 0 && name.n <= SIEVE_MAILBOX_MAX && !str_has_control(name) &&
	    name.p[0] != '.' && name.p[name.n - 1] != '.' && str_find(name, STR("..")) == -1 &&
	    str_find(name, STR("//")) == -1;
}

struct svtest_mailbox *
svtest_make_mailbox(struct svtest *test, struct str name)
{
	struct svtest_mailbox *mailbox, **end = &test->mailboxes;
	unsigned n = 0;

	if (is_inbox(name))
		name = STR("INBOX");
	for (; *end != NULL; end = &(*end)->next, n++)
		if (str_is_equal((*end)->name, name))
			return *end;
	if (!is_name(name) || n == SVTEST_MAILBOXES_MAX)
		return NULL;
	mailbox = arena_zalloc(&test->arena, sizeof *mailbox);
	mailbox->name = arena_str(&test->arena, name);
	*end = mailbox;
	return mailbox;
}

bool
svtest_is_stored(struct svtest *test, struct svtest_mailbox *mailbox, struct str text,
    struct str flags)
{
	struct svtest_stored *stored, **end = &mailbox->first;

	if (test->stored_count++ == SVTEST_MESSAGES_MAX)
		return false;
	while (*end != NULL)
		end = &(*end)->next;
	stored = arena_zalloc(&test->arena, sizeof *stored);
	stored->text = arena_str(&test->arena, text);
	stored->flags = arena_str(&test->arena, flags);
	*end = stored;
	return true;
}

/* ---- metadata, RFC 5464 ---- */

static struct svtest_pair *
find_metadata(const struct svtest *test, struct str mailbox, struct str name)
{
	struct svtest_pair *pair = test->metadata;

	while (pair != NULL && (!str_is_equal(pair->mailbox, mailbox) ||
		!str_is_equal_nocase(pair->name, name)))
		pair = pair->next;
	return pair;
}

bool
svtest_has_metadata(const struct svtest *test, struct str mailbox, struct str name,
    struct str *out)
{
	const struct svtest_pair *pair;

	if (is_inbox(mailbox))
		mailbox = STR("INBOX");
	pair = find_metadata(test, mailbox, name);
	if (pair != NULL)
		*out = pair->value;
	return pair != NULL;
}

bool
svtest_set_metadata(struct svtest *test, struct str mailbox, struct str name, struct str value)
{
	const struct svtest_mailbox *found;
	struct svtest_pair *pair;

	if (mailbox.n > 0) {
		found = svtest_find_mailbox(test, mailbox);
		if (found == NULL)
			return false;
		mailbox = found->name;
	}
	pair = find_metadata(test, mailbox, name);
	if (pair == NULL) {
		pair = arena_zalloc(&test->arena, sizeof *pair);
		pair->mailbox = arena_str(&test->arena, mailbox);
		pair->name = arena_str(&test->arena, name);
		pair->next = test->metadata;
		test->metadata = pair;
	}
	pair->value = arena_str(&test->arena, value);
	return true;
}

/* RFC 8457: attributes, one blank between. */
bool
svtest_has_use(const struct svtest *test, const struct svtest_mailbox *mailbox, struct str use)
{
	struct str uses, one;

	if (!svtest_has_metadata(test, mailbox->name, STR("/private/specialuse"), &uses))
		return false;
	while (str_can_split(&uses, ' ', &one))
		if (str_is_equal_nocase(one, use))
			return true;
	return false;
}

struct svtest_mailbox *
svtest_find_use(struct svtest *test, struct str use, struct str name)
{
	struct svtest_mailbox *mailbox = name.n == 0 ? NULL : svtest_find_mailbox(test, name);

	if (mailbox != NULL && svtest_has_use(test, mailbox, use))
		return mailbox;
	mailbox = test->mailboxes;
	while (mailbox != NULL && !svtest_has_use(test, mailbox, use))
		mailbox = mailbox->next;
	return mailbox;
}

/* ---- sent messages ---- */

bool
svtest_is_sent(struct svtest *test, struct str text, struct str sender, struct str recipient)
{
	struct svtest_sent *sent, **end = &test->sent;

	if (test->stored_count++ == SVTEST_MESSAGES_MAX)
		return false;
	while (*end != NULL)
		end = &(*end)->next;
	sent = arena_zalloc(&test->arena, sizeof *sent);
	sent->text = arena_str(&test->arena, text);
	sent->sender = arena_str(&test->arena, sender);
	sent->recipient = arena_str(&test->arena, recipient);
	*end = sent;
	return true;
}

/* ---- one of them as the message ---- */

static bool
is_sent_loaded(struct svtest *test, uint64_t number)
{
	const struct svtest_sent *sent = test->sent;

	for (; sent != NULL && number > 0; number--)
		sent = sent->next;
	if (sent == NULL)
		return false;
	svtest_set_message(test, sent->text, STR_EMPTY);
	svtest_set_envelope(test, SIEVE_TESTSUITE_FROM, sent->sender);
	svtest_set_envelope(test, SIEVE_TESTSUITE_TO, sent->recipient);
	return true;
}

bool
svtest_is_loaded(struct svtest *test, bool is_sent, struct str mailbox, uint64_t number)
{
	const struct svtest_mailbox *found;
	const struct svtest_stored *stored;

	if (is_sent)
		return is_sent_loaded(test, number);
	found = svtest_find_mailbox(test, mailbox);
	for (stored = found == NULL ? NULL : found->first; stored != NULL && number > 0; number--)
		stored = stored->next;
	if (stored == NULL)
		return false;
	svtest_set_message(test, stored->text, stored->flags);
	svtest_derive_envelope(test);
	return true;
}
