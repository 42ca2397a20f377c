/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Addresses of headers: RFC 5322 and what is sent in its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/address.h"
#include "mail/limits.h"

static void
assert_str(struct str got, const char *want)
{
	if (!str_is_equal(got, str_of(want)))
		fail_msg("got \"%.*s\", not \"%s\"", STR_ARG(got), want);
}

/* `count` times `text`: what costs quadratic time does not end here. */
static void
add_times(struct buf *out, const char *text, size_t count)
{
	while (count-- > 0)
		buf_add_cstr(out, text);
}


static void
add_part(struct buf *out, char tag, struct str part)
{
	if (part.n == 0 && tag != 'l')
		return;
	buf_add_byte(out, ' ');
	buf_add_byte(out, tag);
	buf_add_byte(out, '=');
	buf_add_str(out, part);
}

/* `M n=name c=comment l=local d=domain|...` */
static void
describe(struct str value, struct buf *out)
{
	static const char kinds[] = { [ADDRESS_MAILBOX] = 'M', [ADDRESS_GROUP_START] = 'G',
		[ADDRESS_GROUP_END] = 'E', [ADDRESS_INVALID] = 'X' };
	struct arena a = ARENA_EMPTY;
	struct address_list list;
	struct address address;

	address_list_init(&list, value, &a);
	while (address_has_next(&list, &address)) {
		if (out->n > 0)
			buf_add_byte(out, '|');
		buf_add_byte(out, kinds[address.kind]);
		if (address.kind == ADDRESS_INVALID)
			add_part(out, 'r', address.raw);
		add_part(out, 'n', address.display);
		add_part(out, 'c', address.comment);
		if (address.kind == ADDRESS_MAILBOX)
			add_part(out, 'l', address.local);
		add_part(out, 'd', address.domain);
	}
	arena_fini(&a);
}

struct listing {
	const char *value, *want;
};

static void
check(const struct listing *cases, size_t n)
{
	struct buf out = BUF_EMPTY;

	for (size_t i = 0; i < n; i++) {
		buf_clear(&out);
		describe(str_of(cases[i].value), &out);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
}

static void
lists_of_rfc_5322_are_understood(void **state)
{
	static const struct listing cases[] = {
		{ "", "" },
		{ "joe@example.org", "M l=joe d=example.org" },
		{ "Joe Q. Public <john.q@example.com>", "M n=Joe Q. Public l=john.q d=example.com" },
		{ "\"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
		    "M n=\"Giant; \\\"Big\\\" Box\" l=sysservices d=example.net" },
		{ "Mary <m@x.test>,\n <boss@nil.test> , c@d",
		    "M n=Mary l=m d=x.test|M l=boss d=nil.test|M l=c d=d" },
		{ "A Group:Ed <joe@w.test>,j@w.test;, x@y",
		    "G n=A Group|M n=Ed l=joe d=w.test|M l=j d=w.test|E|M l=x d=y" },
		{ "Undisclosed recipients:;", "G n=Undisclosed recipients|E" },
		{ "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
		    "G n=Hidden recipients|E" },
		{ "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
		    "M n=Pete c=his host l=pete d=silly.test" },
		{ "joe@x (Joe (the) Man)", "M c=Joe (the) Man l=joe d=x" },
		{ "\"a\\\"b c\"@[192.0.2.1]", "M l=a\"b c d=[192.0.2.1]" },
		{ "\"a\r\n b\" . c (x) @ d . e", "M c=x l=a b.c d=d.e" },
		{ "<@a.test,@b.test:joe@c.test>", "M l=joe d=c.test" },
		{ "\303\244@\303\266.test", "M l=\303\244 d=\303\266.test" },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

static void
common_errors_are_forgiven(void **state)
{
	static const struct listing cases[] = {
		{ "root", "M l=root" },
		{ "root (Cron Daemon)", "M c=Cron Daemon l=root" },
		{ "<>", "M l=" },
		{ "<root>", "M l=root" },
		{ "joe@x <joe@y>", "M n=joe@x l=joe d=y" },
		{ "Foo [Bar] @ Home <joe@y>", "M n=Foo [Bar] @ Home l=joe d=y" },
		{ "a..b.@x", "M l=a..b. d=x" },
		{ ",, a@b ,,;, c@d,", "M l=a d=b|M l=c d=d" },
		{ "a@b; c@d", "M l=a d=b|M l=c d=d" },
		{ "group: a@b", "G n=group|M l=a d=b|E" },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

static void
null_path_is_a_mailbox_without_parts(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct address_list list;
	struct address address;

	(void)state;
	address_list_init(&list, STR("<>"), &a);
	assert_true(address_has_next(&list, &address));
	assert_int_equal(address.kind, ADDRESS_MAILBOX);
	assert_int_equal(address.local.n + address.domain.n, 0);
	assert_false(address_has_next(&list, &address));
	arena_fini(&a);
}

static void
what_is_no_address_is_given_raw_up_to_the_next_comma(void **state)
{
	static const struct listing cases[] = {
		{ "undisclosed recipients, a@b", "X r=undisclosed recipients|M l=a d=b" },
		{ "a@, b@c", "X r=a@|M l=b d=c" },
		{ "@x, b@c", "X r=@x|M l=b d=c" },
		{ "a@b@c, b@c", "X r=a@b@c|M l=b d=c" },
		{ "a@b c, b@c", "X r=a@b c|M l=b d=c" },
		{ "a@b..c, b@c", "X r=a@b..c|M l=b d=c" },
		{ "a@.b, b@c.", "X r=a@.b|X r=b@c." },
		{ "Joe <a@b, b@c", "X r=Joe <a@b|M l=b d=c" },
		{ "Joe <a@b> x, b@c", "X r=Joe <a@b> x|M l=b d=c" },
		{ "<a@b> <c@d>, b@c", "X r=<a@b> <c@d>|M l=b d=c" },
		{ "\"Joe <a@b>, b@c", "M n=\"Joe l=a d=b|M l=b d=c" },
		{ "(Joe a@b, b@c", "X r=(Joe a@b|M l=b d=c" },
		{ "a@[1.2, b@c", "X r=a@[1.2|M l=b d=c" },
		{ "a@b (x\\", "X r=a@b (x\\" },
		{ "\"", "X r=\"" },
		{ "\\, b@c", "X r=\\|M l=b d=c" },
		{ "\377@x, b@c", "X r=\377@x|M l=b d=c" },
		{ "\"a\\\n\"@x, b@c", "X r=\"a\\\n\"@x|M l=b d=c" },
		{ "a@\"b\", b@c", "X r=a@\"b\"|M l=b d=c" },
		{ "g: h: a@b;", "G n=g|X r=h: a@b|E" },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

static void
hostile_lists_take_linear_time(void **state)
{
	static const char *const units[] = { "(", "\"", "[", "<", "(,", "\",", "[,", "\\", ":", ";",
		"a:;", "(()", "<@a,", "a@", "a.\"b\".", "a@b,", "\"\\\"", ",", "()" };
	struct buf text = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct arena a = ARENA_EMPTY;
		struct address_list list;
		struct address address;
		size_t count = 0;

		buf_clear(&text);
		add_times(&text, units[i], 500000 / strlen(units[i]));
		address_list_init(&list, buf_str(&text), &a);
		while (address_has_next(&list, &address))
			count++;
		assert_true(count <= LIMITS_ADDRESSES * 2);
		arena_fini(&a);
	}
	buf_fini(&text);
}

static void
addresses_beyond_the_limit_are_left_out(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct buf text = BUF_EMPTY;
	struct address_list list;
	struct address address;
	size_t count = 0;

	(void)state;
	add_times(&text, "a@b,", LIMITS_ADDRESSES + 1);
	address_list_init(&list, buf_str(&text), &a);
	while (address_has_next(&list, &address))
		count++;
	assert_int_equal(count, LIMITS_ADDRESSES);
	assert_int_equal(list.limits, LIMITS_MET_ADDRESSES);
	buf_fini(&text);
	arena_fini(&a);
}

static void
only_bare_mailboxes_are_valid(void **state)
{
	static const char *const good[] = { "a@b.example", "\"a b\"@b.example", "a.b@[192.0.2.1]",
		"\303\244@b.example" };
	static const char *const bad[] = { "", "a", "@b", "a@", "a b@c.example", "<a@b.example>",
		"a@b.example, c@d.example", "a@b..c", "a@b.example\n", "a\n@b.example" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!address_is_valid(str_of(good[i])))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (address_is_valid(str_of(bad[i])))
			fail_msg("taken: %s", bad[i]);
}

static void
local_parts_are_quoted_when_they_must_be(void **state)
{
	static const struct listing cases[] = {
		{ "joe.smith", "joe.smith@x" },
		{ "a b", "\"a b\"@x" },
		{ "a\"\\b", "\"a\\\"\\\\b\"@x" },
		{ "a..b", "\"a..b\"@x" },
		{ "", "\"\"@x" },
		{ "a@b", "\"a@b\"@x" },
		{ "a\nb", "\"a?b\"@x" },
	};
	struct buf out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&out);
		address_add(&out, str_of(cases[i].value), STR("x"));
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_clear(&out);
	address_add(&out, STR_EMPTY, STR_EMPTY);
	address_add_unquoted(&out, STR("a\\\"\r\n b\\"));
	assert_str(buf_str(&out), "a\" b");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_rfc_5322_are_understood),
		cmocka_unit_test(common_errors_are_forgiven),
		cmocka_unit_test(null_path_is_a_mailbox_without_parts),
		cmocka_unit_test(what_is_no_address_is_given_raw_up_to_the_next_comma),
		cmocka_unit_test(hostile_lists_take_linear_time),
		cmocka_unit_test(addresses_beyond_the_limit_are_left_out),
		cmocka_unit_test(only_bare_mailboxes_are_valid),
		cmocka_unit_test(local_parts_are_quoted_when_they_must_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
