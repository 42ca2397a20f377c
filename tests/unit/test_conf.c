/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Settings from files and messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "conf/conf.h"
#include "conf/suggest.h"

static char dir[] = "/tmp/test_conf.XXXXXX";

static void
write_file(const char *name, const char *text)
{
	char path[sizeof dir + 32];
	FILE *fp;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fp = fopen(path, "w");
	assert_non_null(fp);
	assert_true(fputs(text, fp) >= 0);
	assert_int_equal(fclose(fp), 0);
}

/* NULL and the errors, without the directory's name, when it is refused. */
static struct conf *
read_text(const char *text, char *errors, size_t size)
{
	char path[sizeof dir + 32];
	struct buf found = BUF_EMPTY;
	struct conf *conf = NULL;
	const char *p;
	size_t n = 0;

	write_file("main", text);
	snprintf(path, sizeof path, "%s/main", dir);
	if (conf_read(path, &conf, &found) == -1)
		assert_null(conf);
	for (p = buf_cstr(&found); *p != '\0' && n + 1 < size;) {
		if (strncmp(p, dir, strlen(dir)) == 0)
			p += strlen(dir) + 1;
		else
			errors[n++] = *p++;
	}
	errors[n] = '\0';
	buf_fini(&found);
	return conf;
}

static const struct {
	const char *text, *errors;
} refused[] = {
	{ "hostnam = x\n", "main:1: unknown setting \"hostnam\": did you mean \"hostname\"?\n" },
	{ "zzz = x\nlistener a { adress = x\naddress = \"unix:/x\" }\nlisten b {}\n",
	    "main:1: unknown setting \"zzz\"\n"
	    "main:2: unknown setting \"adress\": did you mean \"address\"?\n"
	    "main:4: unknown setting \"listen\": did you mean \"listener\"?\n" },
	{ "durability = jornal\n", "main:1: durability = \"jornal\": expected one of journal fsync: "
				   "did you mean \"journal\"?\n" },
	{ "message_size_limit = 10X\nsession_timeout = soon\n\nlog_syslog = perhaps\n",
	    "main:1: message_size_limit = \"10X\": expected a size: bytes, or a number with K, M, G "
	    "or T\n"
	    "main:2: session_timeout = \"soon\": expected a time: seconds, or a number with ms, s, "
	    "m, h or d\n"
	    "main:4: log_syslog = \"perhaps\": expected yes or no\n" },
	{ "recipient_limit = 7\n", "main:1: recipient_limit = \"7\": out of range: expected 100 to "
				   "100000\n" },
	{ "recipient_limit = 99999999999999999999\n",
	    "main:1: recipient_limit = \"99999999999999999999\": expected a whole number\n" },
	{ "hostname = {a, b}\n", "main:1: hostname: expected one value, not a list\n" },
	{ "sieve_after = { a, \"b,c\" }\n",
	    "main:1: sieve_after: an item of a list may not hold a comma\n" },
	{ "listener a { }\n", "main:1: listener \"a\": the listener has no address\n" },
	{ "listener a { address = inet:127.0.0.1:25 }\n",
	    "main:1: listener \"a\": LMTP may not listen on port 25\n" },
	{ "listener a { protocol = lda\n address = inet:127.0.0.1:24 }\n",
	    "main:2: listener \"a\": protocol lda needs a unix: address\n" },
	{ "domain x.org { source = static }\n",
	    "main:1: domain \"x.org\": source static needs a home, such as /var/vmail/%d/%n\n" },
	{ "domain x.org { source = sql }\n",
	    "main:1: domain \"x.org\": source must be passwd, file:/PATH or static\n" },
	{ "domain x.org { quota_storage = lots }\n",
	    "main:1: domain \"x.org\": quota_storage: expected a size: bytes, or a number with K, "
	    "M, G or T\n" },
	{ "message_size_limit = 300M\n",
	    "main: message_memory_limit must not be below message_size_limit\n" },
	{ "domain x.org { }\ndomain X.ORG { }\n", "main: domain \"x.org\" is there twice\n" },
	{ "listener a { mode = 0999\n address = unix:/x }\n",
	    "main:1: mode = \"0999\": expected an octal mode such as 0660\n" },
	{ "sieve_max_actions = 0\n",
	    "main:1: sieve_max_actions = \"0\": out of range: expected 1 to 256\n" },
	{ "sieve_program_timeout = 2h\nsieve_vacation_max_period = 0\n",
	    "main:1: sieve_program_timeout = \"2h\": out of range: expected 100ms to 5m\n"
	    "main:2: sieve_vacation_max_period = \"0\": out of range: expected 1s or more\n" },
	{ "sieve_vacation_min_period = 61d\n",
	    "main: sieve_vacation_min_period must not be above sieve_vacation_max_period\n" },
	{ "sieve_extensions = { \"-fileino\" }\n", "main: sieve_extensions: there is no extension "
	    "\"fileino\": did you mean \"fileinto\"?\n" },
	{ "sieve_extensions = { \"-fileinto\", copy }\n", "main: sieve_extensions: \"-fileinto\" and "
	    "\"copy\": either all names have + or - in front, or none has\n" },
	{ "sieve_global_extensions = { \"+vnd.dovecot.pipe\" }\n", "main: sieve_global_extensions "
	    "allows vnd.dovecot.pipe, which finds its programs in sieve_program_dir: set that too\n" },
	{ "sieve_program_dir = bin\n", "main: sieve_program_dir must be an absolute path\n" },
	{ "sieve_editheader_protected = { \"a b\" }\n",
	    "main: sieve_editheader_protected: \"a b\" is no name of a header field\n" },
	{ "sieve_editheader_forbid_add = { subject }\n", "main: sieve_editheader_forbid_add: scripts may "
	    "always change Subject (RFC 5293 6)\n" },
	{ "sieve_spamtest_status_header = \": x\"\n", "main: sieve_spamtest_status_header = \": x\": "
	    "expected the name of a header field, or NAME: EXPRESSION\n" },
	{ "sieve_spamtest_status_header = X-Spam\n", "main: sieve_spamtest_status_header needs "
	    "sieve_spamtest_max_value or sieve_spamtest_max_header: a score alone says nothing\n" },
	{ "sieve_spamtest_status_header = X-Spam\nsieve_spamtest_max_value = ten\n",
	    "main: sieve_spamtest_max_value = \"ten\": expected a number\n" },
	{ "sieve_virustest_status_type = text\nsieve_virustest_status_header = X-Virus\n",
	    "main: sieve_virustest_status_type is text, but no sieve_virustest_text_value is set\n" },
	{ "sieve_redirect_envelope_from = me\n", "main: sieve_redirect_envelope_from = \"me\": "
	    "expected sender, recipient, orig_recipient, user_email, postmaster or <ADDRESS>\n" },
	{ "include(\"gone\")\nuser = a\n",
	    "main:1: cannot include gone: No such file or directory\n" },
	{ "include(\".\")\n", "main:1: cannot include .: not a file\n" },
	{ "include(\"part\")\nhostnam = x\n",
	    "part:2: unknown setting \"usr\": did you mean \"user\"?\n"
	    "main:2: unknown setting \"hostnam\": did you mean \"hostname\"?\n" },
};

static void
each_mistake_is_named_with_its_line(void **state)
{
	char errors[4096];
	size_t i;

	(void)state;
	write_file("part", "\nusr = x\n");
	for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		assert_null(read_text(refused[i].text, errors, sizeof errors));
		assert_string_equal(errors, refused[i].errors);
	}
}

static void
a_directory_or_nothing_is_refused_as_a_file(void **state)
{
	struct buf errors = BUF_EMPTY;
	struct conf *conf = NULL;

	(void)state;
	assert_int_equal(conf_read("/", &conf, &errors), -1);
	assert_string_equal(buf_cstr(&errors), "/: is a directory\n");
	buf_clear(&errors);
	assert_int_equal(conf_read("/nowhere/x", &conf, &errors), -1);
	assert_string_equal(buf_cstr(&errors), "/nowhere/x: No such file or directory\n");
	buf_fini(&errors);
}

static const char full[] = "hostname = mail.example.com\n"
			   "message_size_limit = 80K\n"
			   "message_size_limit = 20M\n"
			   "session_timeout = 90\n"
			   "checkpoint_interval = 250ms\n"
			   "owner_idle_timeout = 2h\n"
			   "log_syslog = YES\n"
			   "durability = fsync\n"
			   "sieve_before = { \"/a b\", \"/c\" }\n"
			   "listener local { address = \"unix:/run/x\"\n mode = 0600 }\n"
			   "listener tcp { address = inet:[::1]:24 }\n"
			   "domain xn--bcher-kva.example { }\n"
			   "domain \"*\" { source = static\n home = \"/v/%d/%n\" }\n";

static void
check_full(const struct conf *conf)
{
	assert_string_equal(conf->hostname, "mail.example.com");
	assert_true(conf->message_size_limit == 20 * 1024 * 1024);
	assert_true(conf->session_timeout == 90 * CLOCK_SECOND);
	assert_true(conf->checkpoint_interval == CLOCK_SECOND / 4);
	assert_true(conf->owner_idle_timeout == 7200 * CLOCK_SECOND);
	assert_true(conf->log_syslog);
	assert_true(conf->mailbox_autocreate);
	assert_string_equal(conf->durability, "fsync");
	assert_string_equal(conf->sieve_engine, "doorstep");
	assert_int_equal(conf->sieve_before.n, 2);
	assert_string_equal(conf->sieve_before.at[0], "/a b");
	assert_int_equal(conf->listener_count, 2);
	assert_int_equal(conf->listeners[0].mode, 0600);
	assert_int_equal(conf->listeners[1].mode, 0660);
	assert_string_equal(conf->listeners[1].title, "tcp");
	assert_int_equal(conf->domain_count, 2);
	assert_string_equal(conf->domains[0].title, "b\xc3\xbc" "cher.example");
	assert_string_equal(conf->domains[0].source, "passwd");
	assert_string_equal(conf->domains[1].home, "/v/%d/%n");
}

static void
a_file_becomes_typed_settings(void **state)
{
	char errors[4096];
	struct conf *conf = read_text(full, errors, sizeof errors);

	(void)state;
	assert_string_equal(errors, "");
	check_full(conf);
	conf_free(&conf);
}

static void
settings_survive_the_way_through_a_message(void **state)
{
	char errors[4096];
	struct conf *conf = read_text(full, errors, sizeof errors), *copy = NULL;
	struct msg_MASTER_GIVES_CONF message = { .worker = 0 };
	struct buf bytes = BUF_EMPTY;
	struct arena arena;
	union msg_any out;
	enum msg m;

	(void)state;
	arena_init(&arena);
	conf_to_settings(conf, &arena, &message);
	assert_true(wire_is_encoded(MSG_MASTER_GIVES_CONF, &message, &bytes));
	assert_true(wire_is_decoded(buf_str(&bytes), &m, &out, &arena));
	assert_int_equal(conf_from_settings(&out.MASTER_GIVES_CONF, &copy, NULL), 0);
	check_full(copy);
	assert_string_equal(copy->state_dir, conf->state_dir);
	conf_free(&copy);
	conf_free(&conf);
	arena_fini(&arena);
	buf_fini(&bytes);
}

static void
a_setting_that_no_file_could_hold_is_refused_from_a_message(void **state)
{
	static const struct rec_setting bad[] = {
		{ STR_EMPTY, STR_EMPTY, STR("nothing"), STR("x") },
		{ STR_EMPTY, STR_EMPTY, STR("recipient_limit"), STR("-1") },
		{ STR_EMPTY, STR_EMPTY, STR_EMPTY, STR("x") },
		{ STR("listener"), STR("a"), STR("address"), STR("unix:/x") },
		{ STR("listener"), STR("a"), STR_EMPTY, STR_EMPTY },
		{ STR("tailor"), STR("a"), STR_EMPTY, STR_EMPTY },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct rec_setting one = bad[i];
		struct msg_MASTER_GIVES_CONF message = { .settings = { &one, 1 } };
		struct fail why = FAIL_EMPTY;
		struct conf *conf = NULL;

		assert_int_equal(conf_from_settings(&message, &conf, &why), -1);
		assert_int_equal(why.class, FAIL_OURS);
		assert_null(conf);
	}
}

static void
a_command_line_overrides_the_file(void **state)
{
	static const char *const good[] = { "hostname=a=b", "error_limit = 3" };
	static const char *const bad[] = { "hostname", "hostnam=x", "error_limit=x" };
	char path[sizeof dir + 32];
	struct buf errors = BUF_EMPTY;
	struct conf *conf = NULL;

	(void)state;
	write_file("main", "hostname = file\nerror_limit = 9\n");
	snprintf(path, sizeof path, "%s/main", dir);
	assert_int_equal(conf_read_with(path, good, 2, &conf, &errors), 0);
	assert_string_equal(conf->hostname, "a=b");
	assert_int_equal(conf->error_limit, 3);
	conf_free(&conf);
	assert_int_equal(conf_read_with(path, bad, 3, &conf, &errors), -1);
	assert_string_equal(buf_cstr(&errors),
	    "-o hostname: expected key=value\n"
	    "-o hostnam=x: unknown setting \"hostnam\": did you mean \"hostname\"?\n"
	    "-o error_limit=x: expected a whole number\n");
	buf_fini(&errors);
}

static void
a_domain_is_found_in_any_case_or_by_the_star(void **state)
{
	char errors[256];
	struct conf *conf = read_text("domain \"*\" { }\ndomain Example.Com { }\n", errors,
	    sizeof errors);

	(void)state;
	assert_string_equal(conf_find_domain(conf, STR("EXAMPLE.com"))->title, "example.com");
	assert_string_equal(conf_find_domain(conf, STR("other.org"))->title, "*");
	assert_string_equal(conf_find_domain(conf, STR_EMPTY)->title, "*");
	conf_free(&conf);
	conf = read_text("domain a.org { }\nlistener x { address = unix:/x }\n", errors, sizeof errors);
	assert_null(conf_find_domain(conf, STR("b.org")));
	assert_non_null(conf_find_listener(conf, STR("x")));
	assert_null(conf_find_listener(conf, STR("X")));
	conf_free(&conf);
}

static void
only_a_near_word_is_suggested(void **state)
{
	static const struct {
		const char *word, *hint;
	} cases[] = { { "lmpt", ": did you mean \"lmtp\"?" }, { "LMTP", ": did you mean \"lmtp\"?" },
		{ "submission", "" }, { "", "" } };
	struct suggest suggest;
	struct buf out = BUF_EMPTY;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		suggest_begin(&suggest, str_of(cases[i].word));
		suggest_offer(&suggest, STR("lda"));
		suggest_offer(&suggest, STR("lmtp"));
		buf_clear(&out);
		suggest_end(&suggest, &out);
		assert_string_equal(buf_cstr(&out), cases[i].hint);
	}
	buf_fini(&out);
}

static void
a_file_without_listener_or_domain_cannot_be_used(void **state)
{
	static const char listener[] = "listener \"a\" {\n\taddress = \"unix:/a\"\n}\n";
	static const char domain[] = "domain \"*\" {\n}\n";
	static const struct {
		const char *listener, *domain, *lacks;
	} cases[] = {
		{ "", "", "listener" },
		{ "", domain, "listener" },
		{ listener, "", "domain" },
		{ listener, domain, NULL },
	};
	struct buf errors = BUF_EMPTY, text = BUF_EMPTY;
	struct conf *conf = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&text);
		buf_addf(&text, "%s%s", cases[i].listener, cases[i].domain);
		write_file("main", buf_cstr(&text));
		assert_int_equal(conf_read("main", &conf, &errors), 0);
		assert_int_equal(conf_check_usable(conf, "main", &errors),
		    cases[i].lacks == NULL ? 0 : -1);
		if (cases[i].lacks != NULL)
			assert_non_null(strstr(buf_cstr(&errors), cases[i].lacks));
		else
			assert_int_equal(errors.n, 0);
		buf_clear(&errors);
		conf_free(&conf);
	}
	buf_fini(&text);
	buf_fini(&errors);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL || chdir(dir) == -1 ? -1 : 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink("main");
	unlink("part");
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_named_with_its_line),
		cmocka_unit_test(a_directory_or_nothing_is_refused_as_a_file),
		cmocka_unit_test(a_file_becomes_typed_settings),
		cmocka_unit_test(settings_survive_the_way_through_a_message),
		cmocka_unit_test(a_setting_that_no_file_could_hold_is_refused_from_a_message),
		cmocka_unit_test(a_command_line_overrides_the_file),
		cmocka_unit_test(a_domain_is_found_in_any_case_or_by_the_star),
		cmocka_unit_test(only_a_near_word_is_suggested),
		cmocka_unit_test(a_file_without_listener_or_domain_cannot_be_used),
	};

	log_init("test_conf", 2, LOG_L_ERROR);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
