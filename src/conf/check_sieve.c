/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * What settings of scripts say together, and in words of their own.  Of Sieve
 * it knows the names of the extensions. */
#include <stdio.h>
#include <string.h>

#include "conf/params.h"
#include "conf/suggest.h"

static const char *const extensions[] = {
#define EXTENSION(descriptor, name) name,
#include "sieve/extensions.def"
#undef EXTENSION
	NULL
};

/* They do nothing without a directory. */
static const char *const programs[] = { "vnd.dovecot.pipe", "vnd.dovecot.filter",
	"vnd.dovecot.execute", NULL };

static bool
is_listed(const char *const *names, struct str name)
{
	for (; *names != NULL; names++)
		if (str_is_equal(str_of(*names), name))
			return true;
	return false;
}

/* ---- extensions ---- */

static bool
has_sign(const char *item)
{
	return *item == '+' || *item == '-';
}

static int
refuse_unknown(const char *setting, struct str name, struct buf *reason)
{
	struct suggest suggest;
	size_t i;

	suggest_begin(&suggest, name);
	for (i = 0; extensions[i] != NULL; i++)
		suggest_offer(&suggest, str_of(extensions[i]));
	buf_addf(reason, "%s: there is no extension \"%.*s\"", setting, STR_ARG(name));
	suggest_end(&suggest, reason);
	return -1;
}

static int
check_extensions(const struct conf *conf, const char *setting, const struct conf_list *list,
    struct buf *reason)
{
	struct str name;
	size_t i;

	for (i = 0; i < list->n; i++) {
		name = str_from(str_of(list->at[i]), has_sign(list->at[i]));
		if (!is_listed(extensions, name))
			return refuse_unknown(setting, name, reason);
		if (has_sign(list->at[i]) != has_sign(list->at[0])) {
			buf_addf(reason, "%s: \"%s\" and \"%s\": either all names have + or - in "
			    "front, or none has", setting, list->at[0], list->at[i]);
			return -1;
		}
		if (list->at[i][0] != '-' && is_listed(programs, name) &&
		    conf->sieve_program_dir[0] == '\0') {
			buf_addf(reason, "%s allows %.*s, which finds its programs in "
			    "sieve_program_dir: set that too", setting, STR_ARG(name));
			return -1;
		}
	}
	return 0;
}

/* ---- fields ---- */

/* RFC 5322 2.2 */
static bool
is_field_name(struct str name)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f || name.p[i] == ':')
			return false;
	return name.n > 0;
}

static int
check_fields(const char *setting, const struct conf_list *list, struct buf *reason)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (!is_field_name(str_of(list->at[i]))) {
			buf_addf(reason, "%s: \"%s\" is no name of a header field", setting,
			    list->at[i]);
			return -1;
		}
		/* "MUST permit both addition and deletion" */
		if (str_is_equal_nocase(str_of(list->at[i]), STR("Subject"))) {
			buf_addf(reason, "%s: scripts may always change Subject (RFC 5293 6)", setting);
			return -1;
		}
	}
	return 0;
}

/* NAME, or NAME: EXPRESSION; the expression is filter's to judge. */
static int
check_source(const char *setting, const char *value, struct buf *reason)
{
	struct str rest = str_of(value), name = STR_EMPTY;

	if (rest.n == 0)
		return 0;
	(void)str_can_split(&rest, ':', &name);
	if (is_field_name(name))
		return 0;
	buf_addf(reason, "%s = \"%s\": expected the name of a header field, or NAME: EXPRESSION",
	    setting, value);
	return -1;
}

/* ---- spamtest and virustest ---- */

struct score {
	const char *name, *type, *status_header, *max_header, *max_value;
	bool has_text;
};

static bool
is_number(const char *value)
{
	struct str rest = str_of(value), whole;
	uint64_t ignored;

	if (!str_can_split(&rest, '.', &whole) || !str_is_number(whole, 1000000, &ignored))
		return false;
	return rest.n == 0 || str_is_number(rest, 1000000, &ignored);
}

static int
check_score(const struct score *score, struct buf *reason)
{
	char setting[64];

	snprintf(setting, sizeof setting, "sieve_%s_status_header", score->name);
	if (check_source(setting, score->status_header, reason) == -1)
		return -1;
	snprintf(setting, sizeof setting, "sieve_%s_max_header", score->name);
	if (check_source(setting, score->max_header, reason) == -1)
		return -1;
	if (score->max_value[0] != '\0' && !is_number(score->max_value)) {
		buf_addf(reason, "sieve_%s_max_value = \"%s\": expected a number", score->name,
		    score->max_value);
		return -1;
	}
	if (score->status_header[0] == '\0')
		return 0;
	if (strcmp(score->type, "text") == 0 && !score->has_text) {
		buf_addf(reason, "sieve_%s_status_type is text, but no sieve_%s_text_value is set",
		    score->name, score->name);
		return -1;
	}
	if (strcmp(score->type, "text") != 0 && score->max_header[0] == '\0' &&
	    score->max_value[0] == '\0') {
		buf_addf(reason, "sieve_%s_status_header needs sieve_%s_max_value or "
		    "sieve_%s_max_header: a score alone says nothing", score->name, score->name,
		    score->name);
		return -1;
	}
	return 0;
}

static int
check_scores(const struct conf *conf, struct buf *reason)
{
	const char *const spam_texts[] = { conf->sieve_spamtest_text_value0,
		conf->sieve_spamtest_text_value1, conf->sieve_spamtest_text_value2,
		conf->sieve_spamtest_text_value3, conf->sieve_spamtest_text_value4,
		conf->sieve_spamtest_text_value5, conf->sieve_spamtest_text_value6,
		conf->sieve_spamtest_text_value7, conf->sieve_spamtest_text_value8,
		conf->sieve_spamtest_text_value9, conf->sieve_spamtest_text_value10 };
	const char *const virus_texts[] = { conf->sieve_virustest_text_value0,
		conf->sieve_virustest_text_value1, conf->sieve_virustest_text_value2,
		conf->sieve_virustest_text_value3, conf->sieve_virustest_text_value4,
		conf->sieve_virustest_text_value5 };
	struct score spam = { "spamtest", conf->sieve_spamtest_status_type,
		conf->sieve_spamtest_status_header, conf->sieve_spamtest_max_header,
		conf->sieve_spamtest_max_value, false };
	struct score virus = { "virustest", conf->sieve_virustest_status_type,
		conf->sieve_virustest_status_header, conf->sieve_virustest_max_header,
		conf->sieve_virustest_max_value, false };
	size_t i;

	for (i = 0; i < sizeof spam_texts / sizeof spam_texts[0]; i++)
		spam.has_text = spam.has_text || spam_texts[i][0] != '\0';
	for (i = 0; i < sizeof virus_texts / sizeof virus_texts[0]; i++)
		virus.has_text = virus.has_text || virus_texts[i][0] != '\0';
	return check_score(&spam, reason) == -1 ? -1 : check_score(&virus, reason);
}

/* ---- who is a sender ---- */

/* As filter/compose.c reads it. */
static int
check_sender(const char *setting, const char *value, struct buf *reason)
{
	static const char *const words[] = { "", "sender", "recipient", "orig_recipient",
		"user_email", "postmaster", NULL };
	struct str text = str_of(value);

	if (is_listed(words, text) ||
	    (text.n > 2 && text.p[0] == '<' && text.p[text.n - 1] == '>'))
		return 0;
	buf_addf(reason, "%s = \"%s\": expected sender, recipient, orig_recipient, user_email, "
	    "postmaster or <ADDRESS>", setting, value);
	return -1;
}

int
params_check_sieve(const struct conf *conf, struct buf *reason)
{
	if (conf->sieve_program_dir[0] != '\0' && conf->sieve_program_dir[0] != '/') {
		buf_add_cstr(reason, "sieve_program_dir must be an absolute path");
		return -1;
	}
	if (conf->sieve_vacation_min_period > conf->sieve_vacation_max_period) {
		buf_add_cstr(reason,
		    "sieve_vacation_min_period must not be above sieve_vacation_max_period");
		return -1;
	}
	if (check_extensions(conf, "sieve_extensions", &conf->sieve_extensions, reason) == -1 ||
	    check_extensions(conf, "sieve_global_extensions", &conf->sieve_global_extensions,
		reason) == -1)
		return -1;
	if (check_fields("sieve_editheader_protected", &conf->sieve_editheader_protected, reason) ==
		-1 ||
	    check_fields("sieve_editheader_forbid_add", &conf->sieve_editheader_forbid_add,
		reason) == -1 ||
	    check_fields("sieve_editheader_forbid_delete", &conf->sieve_editheader_forbid_delete,
		reason) == -1)
		return -1;
	if (check_sender("sieve_redirect_envelope_from", conf->sieve_redirect_envelope_from,
		reason) == -1 ||
	    check_sender("sieve_notify_mailto_envelope_from",
		conf->sieve_notify_mailto_envelope_from, reason) == -1)
		return -1;
	return check_scores(conf, reason);
}
