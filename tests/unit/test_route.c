/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Items of relay_host, and the settings that belong to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/log.h"
#include "conf/conf.h"
#include "conf/route.h"

static const struct {
	const char *text, *host;
	enum route_kind kind;
	uint16_t port;
	bool is_lmtp, is_tls;
} good[] = {
	{ "mx.example.org", "mx.example.org", ROUTE_NAME, 25, false, false },
	{ "mx.example.org:587", "mx.example.org", ROUTE_NAME, 587, false, false },
	{ "smtp:localhost", "localhost", ROUTE_NAME, 25, false, false },
	{ "smtps:mx_1.example.org", "mx_1.example.org", ROUTE_NAME, 465, false, true },
	{ "smtps:mx.example.org:10465", "mx.example.org", ROUTE_NAME, 10465, false, true },
	{ "lmtp:3com.example", "3com.example", ROUTE_NAME, 24, true, false },
	{ "192.0.2.1", "192.0.2.1", ROUTE_NUMERIC, 25, false, false },
	{ "lmtp:127.0.0.1:2003", "127.0.0.1", ROUTE_NUMERIC, 2003, true, false },
	{ "[2001:db8::1]", "2001:db8::1", ROUTE_NUMERIC, 25, false, false },
	{ "[::1]:2525", "::1", ROUTE_NUMERIC, 2525, false, false },
	{ "unix:/run/lmtp", "/run/lmtp", ROUTE_UNIX, 0, true, false },
	{ "lmtp:unix:/run/lmtp", "/run/lmtp", ROUTE_UNIX, 0, true, false },
	{ "smtp:unix:/run/smtp", "/run/smtp", ROUTE_UNIX, 0, false, false },
};

static void
remotes_are_read(void **state)
{
	struct buf reason = BUF_EMPTY;
	struct route route;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(route_parse(str_of(good[i].text), &route, &reason), 0);
		if (!str_is_equal(route.host, str_of(good[i].host)))
			fail_msg("%s: %.*s", good[i].text, STR_ARG(route.host));
		assert_int_equal(route.kind, good[i].kind);
		assert_int_equal(route.port, good[i].port);
		assert_int_equal(route.is_lmtp, good[i].is_lmtp);
		assert_int_equal(route.is_tls, good[i].is_tls);
	}
	assert_int_equal(reason.n, 0);
}

static void
what_is_no_remote_is_refused(void **state)
{
	static const char *const bad[] = { "", ":25", "mx:0", "mx:65536", "mx:", "mx:smtp", "*", "*:25",
		"1.2.3", "256.1.1.1", "[::1", "::1", "[::1]25", "-x.example", ".example", "a..b",
		"a b", "mx\nEHLO", "a/b", "unix:relative", "unix:", "smtps:unix:/run/x", "http://a",
		"mx.example.org:25:26", "user@host" };
	struct buf reason = BUF_EMPTY;
	struct route route;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		buf_clear(&reason);
		if (route_parse(str_of(bad[i]), &route, &reason) != -1)
			fail_msg("%s is taken", bad[i]);
		assert_true(reason.n > 0);
	}
	buf_fini(&reason);
}

struct setting {
	const char *key, *value;
};

static bool
is_taken(const struct setting *settings)
{
	struct rec_setting records[4];
	struct msg_MASTER_GIVES_CONF message = { .settings.at = records };
	struct fail why = FAIL_EMPTY;
	struct conf *conf = NULL;
	size_t n = 0;
	bool is;

	for (; settings[n].key != NULL; n++)
		records[n] = (struct rec_setting){ .key = str_of(settings[n].key),
			.value = str_of(settings[n].value) };
	message.settings.n = n;
	is = conf_from_settings(&message, &conf, &why) == 0;
	conf_free(&conf);
	return is;
}

static void
settings_that_contradict_each_other_are_refused(void **state)
{
	static const struct {
		struct setting settings[4];
		bool is_taken;
	} cases[] = {
		{ { { "relay_host", "mx.example.org, [::1]:25" } }, true },
		{ { { "relay_host", "mx.example.org, nonsense:" } }, false },
		{ { { "relay_host", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p" } }, true },
		{ { { "relay_host", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q" } }, false },
		{ { { "relay_sendmail", "/usr/sbin/sendmail -oi" } }, true },
		{ { { "relay_sendmail", "sendmail" } }, false },
		{ { { "relay_sendmail", "/usr/sbin/sendmail" }, { "relay_host", "mx" } }, false },
		{ { { "relay_tls", "maybe" } }, false },
		{ { { "relay_tls_ca_file", "ca.pem" } }, false },
		{ { { "relay_user", "me" } }, false },
		{ { { "relay_password_file", "/etc/x" } }, false },
		{ { { "relay_user", "me" }, { "relay_password_file", "x" } }, false },
		{ { { "relay_user", "me" }, { "relay_password_file", "/etc/x" } }, true },
		{ { { "relay_concurrency", "0" } }, false },
		{ { { "relay_timeout", "0" } }, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (is_taken(cases[i].settings) != cases[i].is_taken)
			fail_msg("%s = %s", cases[i].settings[0].key, cases[i].settings[0].value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remotes_are_read),
		cmocka_unit_test(what_is_no_remote_is_refused),
		cmocka_unit_test(settings_that_contradict_each_other_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
