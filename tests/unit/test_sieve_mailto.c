/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* mailto URIs: what is read from good ones, which ones are bad. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sieve/mailto.h"

static void *
get(void *arg, size_t n)
{
	(void)arg;
	return malloc(n);
}

static void
give(void *arg, void *p)
{
	(void)arg;
	free(p);
}

static const struct sieve_alloc memory = { get, give, NULL };

/* As in `to a@b; cc c@d; subject x; body y; Name z; `. */
static void
describe(const struct sieve_mailto *mailto, char *out, size_t size)
{
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < mailto->recipient_count; i++)
		n += (size_t)snprintf(out + n, size - n, "%s %.*s; ",
		    i < mailto->to_count ? "to" : "cc", SIEVE_TEXT_ARG(mailto->recipients[i]));
	if (mailto->subject.p != NULL)
		n += (size_t)snprintf(out + n, size - n, "subject %.*s; ",
		    SIEVE_TEXT_ARG(mailto->subject));
	if (mailto->body.p != NULL)
		n += (size_t)snprintf(out + n, size - n, "body %.*s; ",
		    SIEVE_TEXT_ARG(mailto->body));
	for (i = 0; i < mailto->field_count; i++)
		n += (size_t)snprintf(out + n, size - n, "%.*s %.*s; ",
		    SIEVE_TEXT_ARG(mailto->fields[i].name), SIEVE_TEXT_ARG(mailto->fields[i].value));
}

static const struct {
	const char *uri, *read; /* NULL: is bad */
} samples[] = {
	{ "mailto:a@b.example", "to a@b.example; " },
	{ "MailTo:a@b.example", "to a@b.example; " },
	{ "mailto:", "" },
	{ "mailto:a@b,c@d", "to a@b; to c@d; " },
	{ "mailto:a@b%2C%20c@d", "to a@b; to c@d; " },
	{ "mailto:%61%40b", "to a@b; " },
	{ "mailto:a+b&c@d", "to a+b&c@d; " },
	{ "mailto:%22not%40me%22@b", "to \"not@me\"@b; " },
	{ "mailto:%22me%22@b", "to me@b; " },
	{ "mailto:m%C3%BCller@b", "to m\xc3\xbcller@b; " },
	{ "mailto:a@b,A@B?to=a@b&cc=a@b", "to a@b; " },
	{ "mailto:?to=a@b", "to a@b; " },
	{ "mailto:a@b?cc=c@d&to=e@f", "to a@b; to e@f; cc c@d; " },
	{ "mailto:a@b?cc=c@d&TO=c@d", "to a@b; cc c@d; " },
	{ "mailto:a@b?subject=%C3%A4%20b+c", "to a@b; subject \xc3\xa4 b+c; " },
	{ "mailto:a@b?subject=", "to a@b; subject ; " },
	{ "mailto:a@b?subject=1&subject=2", "to a@b; subject 1; " },
	{ "mailto:a@b?body=1%0D%0A2%0A3%0D4", "to a@b; body 1\n2\n3\n4; " },
	{ "mailto:a@b?x-y=1&X-Y=2", "to a@b; x-y 1; X-Y 2; " },
	{ "mailto:a@b?url=http://c/d?e", "to a@b; url http://c/d?e; " },
	{ "mailto:a@b?from=c@d&bcc=c@d&Auto-Submitted=no&received=x&date=x&message-id=x&sender=c@d"
	  "&Content-Type=text/html&mime-version=2&resent-from=c@d&return-path=c&references=x"
	  "&in-reply-to=x",
	    "to a@b; " },
	{ "mailto:a@b?contents=x", "to a@b; contents x; " },
	{ "", NULL },
	{ "mailto", NULL },
	{ "xmpp:a@b", NULL },
	{ "a@b", NULL },
	{ "mailto:a", NULL },
	{ "mailto:a@", NULL },
	{ "mailto:a@b,", NULL },
	{ "mailto:,a@b", NULL },
	{ "mailto:a@b?", NULL },
	{ "mailto:a@b?subject", NULL },
	{ "mailto:a@b?=x", NULL },
	{ "mailto:a@b?subject=a&", NULL },
	{ "mailto:a@b?subject=a=b", NULL },
	{ "mailto:a@b?subject=a b", NULL },
	{ "mailto:a@b?su bject=a", NULL },
	{ "mailto:a@b?su%20bject=a", NULL },
	{ "mailto:a@b?su%3Abject=a", NULL },
	{ "mailto:a@b?subject=a#b", NULL },
	{ "mailto:a@b?subject=\xc3\xa4", NULL },
	{ "mailto:a@b?subject=%C3", NULL },
	{ "mailto:a@b?subject=%", NULL },
	{ "mailto:a@b?subject=%4", NULL },
	{ "mailto:a@b?subject=%zz", NULL },
	{ "mailto:a@b?subject=%00", NULL },
	{ "mailto:a@b?subject=a%0D%0AX:%20y", NULL },
	{ "mailto:a@b?x-y=a%0Ab", NULL },
	{ "mailto:a@b?from=a%0Ab", NULL },
	{ "mailto:a@b?to=", NULL },
	{ "mailto:a@b?cc=c", NULL },
	{ "mailto:a@b%0D%0A", NULL },
};

static void
uris_are_read_or_refused(void **state)
{
	struct sieve_mailto mailto;
	struct sieve_arena a;
	const char *fault;
	char out[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		sieve_arena_init(&a, &memory, 1 << 16);
		fault = sieve_mailto_parse(&a, sieve_text_of(samples[i].uri), &mailto);
		assert_false(a.is_out);
		if ((fault == NULL) != (samples[i].read != NULL))
			fail_msg("%s: %s", samples[i].uri, fault == NULL ? "is good" : fault);
		describe(&mailto, out, sizeof out);
		if (fault == NULL && strcmp(out, samples[i].read) != 0)
			fail_msg("%s: %s", samples[i].uri, out);
		sieve_arena_fini(&a);
	}
}

static const char *
parse(struct sieve_arena *a, const char *uri, struct sieve_mailto *out)
{
	const char *fault;

	sieve_arena_init(a, &memory, 1 << 16);
	fault = sieve_mailto_parse(a, sieve_text_of(uri), out);
	sieve_arena_fini(a);
	return fault;
}

static void
recipients_and_fields_are_few(void **state)
{
	struct sieve_mailto mailto;
	struct sieve_arena a;
	char uri[512];
	size_t n, i;

	(void)state;
	assert_null(parse(&a, "mailto:1@a,2@a,3@a,4@a,5@a?cc=6@a,7@a&to=8@a,1@a", &mailto));
	assert_int_equal(mailto.recipient_count, SIEVE_MAILTO_RECIPIENTS_MAX);
	assert_int_equal(mailto.to_count, 6);
	assert_non_null(parse(&a, "mailto:1@a,2@a,3@a,4@a,5@a?cc=6@a,7@a&to=8@a,9@a", &mailto));
	n = (size_t)snprintf(uri, sizeof uri, "mailto:1@a?subject=a");
	for (i = 0; i < SIEVE_MAILTO_FIELDS_MAX; i++)
		n += (size_t)snprintf(uri + n, sizeof uri - n, "&x-%zu=a", i);
	assert_null(parse(&a, uri, &mailto));
	assert_int_equal(mailto.field_count, SIEVE_MAILTO_FIELDS_MAX);
	snprintf(uri + n, sizeof uri - n, "&y=a");
	assert_non_null(parse(&a, uri, &mailto));
}

static void
no_memory_is_told(void **state)
{
	struct sieve_mailto mailto;
	struct sieve_arena a;

	(void)state;
	sieve_arena_init(&a, &memory, 64);
	(void)sieve_mailto_parse(&a, sieve_text_of("mailto:a@b?subject=c&x=d"), &mailto);
	assert_true(a.is_out);
	sieve_arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uris_are_read_or_refused),
		cmocka_unit_test(recipients_and_fields_are_few),
		cmocka_unit_test(no_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
