/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* One command line, judged by two tables: verbs and parameters.  Knows no
 * session, no limit of the site and no user. */

#include <string.h>

#include "mail/command.h"
#include "mail/xtext.h"

/* What the readers below work on. */
struct parse {
	struct command *out;
	struct arena *arena;
	struct reply *why;
	enum command_protocol protocol;
	bool is_utf8;
};

struct verb_row {
	const char *name;
	unsigned protocols; /* bits: who may say it */
	unsigned states;    /* bits: when */
	int (*read)(struct parse *p);
	struct reply elsewhere; /* in another protocol */
	const char *order;	/* with 503: what is missing */
};

struct parameter_row {
	const char *name;
	enum command_verb verb;
	unsigned protocols;
	int (*read)(struct parse *p, struct str value);
	enum { VALUE_NONE, VALUE_NEEDED } value;
};

#define EVERYWHERE (COMMAND_LMTP | COMMAND_LDA | COMMAND_SMTP)
#define BOTH_LMTP (COMMAND_LMTP | COMMAND_LDA)
#define ALWAYS                                                                 \
	(COMMAND_AT_START | COMMAND_AT_REST | COMMAND_IN_MAIL | COMMAND_IN_RCPT | \
	    COMMAND_IN_CHUNKS)

static int
refuse(struct parse *p, int code, const char *enhanced, const char *text)
{
	*p->why = (struct reply){ code, enhanced, text };
	return -1;
}

/* ---- parameters ---- */

/* RFC 1870 3: up to 20 digits.  More than fits in 64 bits is more than fits
 * anywhere. */
static int
read_size(struct parse *p, struct str value)
{
	size_t i;

	for (i = 0; i < value.n; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			return refuse(p, 501, "5.5.4", "SIZE needs a number");
	if (value.n > 20)
		return refuse(p, 501, "5.5.4", "SIZE has at most 20 digits");
	if (!str_is_number(value, UINT64_MAX, &p->out->size))
		p->out->size = UINT64_MAX;
	return 0;
}

static int
read_body(struct parse *p, struct str value)
{
	static const char *const words[] = {
		[COMMAND_BODY_7BIT] = "7BIT",
		[COMMAND_BODY_8BITMIME] = "8BITMIME",
		[COMMAND_BODY_BINARYMIME] = "BINARYMIME",
	};
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++) {
		if (str_is_equal_nocase(value, str_of(words[i]))) {
			p->out->body = (enum command_body)i;
			return 0;
		}
	}
	return refuse(p, 501, "5.5.4", "BODY is 7BIT, 8BITMIME or BINARYMIME");
}

static int
read_smtputf8(struct parse *p, struct str value)
{
	(void)value;
	p->out->is_utf8 = true;
	return 0;
}

static int
read_ret(struct parse *p, struct str value)
{
	if (str_is_equal_nocase(value, STR("FULL")))
		p->out->ret = COMMAND_RET_FULL;
	else if (str_is_equal_nocase(value, STR("HDRS")))
		p->out->ret = COMMAND_RET_HDRS;
	else
		return refuse(p, 501, "5.5.4", "RET is FULL or HDRS");
	return 0;
}

static int
read_envid(struct parse *p, struct str value)
{
	if (value.n > COMMAND_ENVID_MAX)
		return refuse(p, 501, "5.5.4", "ENVID is too long");
	if (!xtext_is_decoded(value, p->arena, &p->out->envid))
		return refuse(p, 501, "5.5.4", "ENVID is not xtext");
	return 0;
}

/* RFC 4954 5.  Who speaks LMTP here is the site's MTA, which is trusted with
 * the sender as well. */
static int
read_auth(struct parse *p, struct str value)
{
	struct str rest;
	struct path path;

	if (value.n > COMMAND_AUTH_MAX || !xtext_is_decoded_utf8(value, p->arena, &p->out->auth))
		return refuse(p, 501, "5.5.4", "AUTH is malformed");
	if (str_is_equal(p->out->auth, STR("<>"))) {
		p->out->auth = STR_EMPTY;
		return 0;
	}
	rest = arena_printf(p->arena, "<%.*s>", STR_ARG(p->out->auth));
	if (!path_can_take(&rest, true, p->arena, &path) || rest.n > 0 || path.text.n == 0)
		return refuse(p, 501, "5.5.4", "AUTH is a mailbox or <>");
	p->out->auth = path.text;
	return 0;
}

/* RFC 2852 4: by-time of nine digits at most; by-mode; by-trace. */
static int
read_by(struct parse *p, struct str value)
{
	ptrdiff_t semicolon = str_find_byte(value, ';');
	struct str time = str_sub(value, 0, semicolon == -1 ? 0 : (size_t)semicolon);
	struct str mode = str_from(value, time.n + 1);
	bool is_negative = str_has_prefix(time, STR("-"));
	uint64_t seconds;

	if (is_negative || str_has_prefix(time, STR("+")))
		time = str_from(time, 1);
	if (time.n > 9 || !str_is_number(time, 999999999, &seconds))
		return refuse(p, 501, "5.5.4", "BY needs a number of at most nine digits");
	p->out->by_seconds = is_negative ? -(int64_t)seconds : (int64_t)seconds;
	p->out->is_by_traced = mode.n == 2 && str_lower((unsigned char)mode.p[1]) == 't';
	mode = p->out->is_by_traced ? str_sub(mode, 0, 1) : mode;
	if (str_is_equal_nocase(mode, STR("N")))
		p->out->by = COMMAND_BY_NOTIFY;
	else if (str_is_equal_nocase(mode, STR("R")))
		p->out->by = COMMAND_BY_RETURN;
	else
		return refuse(p, 501, "5.5.4", "BY needs the mode N or R, and perhaps T");
	/* RFC 2852 4: what must be there by now cannot be. */
	if (p->out->by == COMMAND_BY_RETURN && p->out->by_seconds <= 0)
		return refuse(p, 501, "5.5.4", "BY with mode R needs a time to come");
	return 0;
}

static int
read_notify(struct parse *p, struct str value)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {
		{ "NEVER", COMMAND_NOTIFY_NEVER },
		{ "SUCCESS", COMMAND_NOTIFY_SUCCESS },
		{ "FAILURE", COMMAND_NOTIFY_FAILURE },
		{ "DELAY", COMMAND_NOTIFY_DELAY },
	};
	struct str word = STR_EMPTY;
	size_t i;

	if (value.p[value.n - 1] == ',')
		return refuse(p, 501, "5.5.4", "NOTIFY ends in a comma");
	while (str_can_split(&value, ',', &word)) {
		for (i = 0; i < sizeof words / sizeof *words; i++)
			if (str_is_equal_nocase(word, str_of(words[i].word)))
				break;
		if (i == sizeof words / sizeof *words)
			return refuse(p, 501, "5.5.4", "NOTIFY has an unknown word");
		p->out->notify |= words[i].bit;
	}
	/* RFC 3461 4.1: NEVER must appear by itself. */
	if ((p->out->notify & COMMAND_NOTIFY_NEVER) != 0 &&
	    p->out->notify != COMMAND_NOTIFY_NEVER)
		return refuse(p, 501, "5.5.4", "NOTIFY=NEVER stands alone");
	return 0;
}

static bool
is_type(struct str type)
{
	size_t i;

	for (i = 0; i < type.n; i++) {
		unsigned char c = str_lower((unsigned char)type.p[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-')
			return false;
	}
	return type.n > 0;
}

static int
read_orcpt(struct parse *p, struct str value)
{
	ptrdiff_t semicolon = str_find_byte(value, ';');
	struct str type, text;
	bool is_ok;

	if (value.n > COMMAND_ORCPT_MAX)
		return refuse(p, 501, "5.5.4", "ORCPT is too long");
	if (semicolon == -1)
		return refuse(p, 501, "5.5.4", "ORCPT needs a type, a semicolon and an address");
	type = p->out->orcpt_type = str_sub(value, 0, (size_t)semicolon);
	text = str_from(value, (size_t)semicolon + 1);
	/* RFC 6533 3: the type utf-8 has its own encoding, where `+` must not
	 * stand; some senders use xtext with it, where it does. */
	is_ok = is_type(type) && text.n > 0 &&
	    (str_is_equal_nocase(type, STR("utf-8"))
		    ? xtext_is_unitext(text, p->arena, &p->out->orcpt) ||
			(str_find_byte(text, '+') != -1 &&
			    xtext_is_decoded_utf8(text, p->arena, &p->out->orcpt))
		    : xtext_is_decoded(text, p->arena, &p->out->orcpt));
	return is_ok ? 0 : refuse(p, 501, "5.5.4", "ORCPT is malformed");
}

static int
read_xmailbox(struct parse *p, struct str value)
{
	if (!xtext_is_decoded_utf8(value, p->arena, &p->out->mailbox) ||
	    p->out->mailbox.n > COMMAND_MAILBOX_MAX)
		return refuse(p, 501, "5.5.4", "XMAILBOX is malformed");
	return 0;
}

static int
read_xuseronly(struct parse *p, struct str value)
{
	(void)value;
	p->out->is_user_only = true;
	return 0;
}

static const struct parameter_row parameters[] = {
	{ "SIZE", COMMAND_MAIL, EVERYWHERE, read_size, VALUE_NEEDED },
	{ "BODY", COMMAND_MAIL, EVERYWHERE, read_body, VALUE_NEEDED },
	{ "SMTPUTF8", COMMAND_MAIL, EVERYWHERE, read_smtputf8, VALUE_NONE },
	{ "RET", COMMAND_MAIL, EVERYWHERE, read_ret, VALUE_NEEDED },
	{ "ENVID", COMMAND_MAIL, EVERYWHERE, read_envid, VALUE_NEEDED },
	{ "AUTH", COMMAND_MAIL, BOTH_LMTP, read_auth, VALUE_NEEDED },
	{ "BY", COMMAND_MAIL, EVERYWHERE, read_by, VALUE_NEEDED },
	{ "NOTIFY", COMMAND_RCPT, EVERYWHERE, read_notify, VALUE_NEEDED },
	{ "ORCPT", COMMAND_RCPT, EVERYWHERE, read_orcpt, VALUE_NEEDED },
	{ "XMAILBOX", COMMAND_RCPT, COMMAND_LDA, read_xmailbox, VALUE_NEEDED },
	{ "XUSERONLY", COMMAND_RCPT, COMMAND_LDA, read_xuseronly, VALUE_NONE },
};

#define PARAMETER_COUNT (sizeof parameters / sizeof *parameters)

static int
find_parameter(const struct parse *p, struct str name)
{
	size_t i;

	for (i = 0; i < PARAMETER_COUNT; i++)
		if (parameters[i].verb == p->out->verb &&
		    (parameters[i].protocols & (unsigned)p->protocol) != 0 &&
		    str_is_equal_nocase(name, str_of(parameters[i].name)))
			return (int)i;
	return -1;
}

static int
read_parameter(struct parse *p, struct str word, unsigned *seen)
{
	ptrdiff_t equals = str_find_byte(word, '=');
	struct str name = equals == -1 ? word : str_sub(word, 0, (size_t)equals);
	struct str value = equals == -1 ? STR_EMPTY : str_from(word, (size_t)equals + 1);
	int i = find_parameter(p, name);

	/* RFC 5321 4.1.1.11 */
	if (i == -1)
		return refuse(p, 555, "5.5.4", "Unknown parameter");
	if ((*seen & 1u << i) != 0)
		return refuse(p, 501, "5.5.4", "A parameter was given twice");
	*seen |= 1u << i;
	if (parameters[i].value == VALUE_NONE && equals != -1)
		return refuse(p, 501, "5.5.4", "The parameter takes no value");
	if (parameters[i].value == VALUE_NEEDED && value.n == 0)
		return refuse(p, 501, "5.5.4", "The parameter needs a value");
	return parameters[i].read(p, value);
}

static int
read_parameters(struct parse *p, struct str rest)
{
	struct str word = STR_EMPTY;
	unsigned seen = 0;

	if (rest.n > 0 && rest.p[0] != ' ')
		return refuse(p, 501, "5.5.4", "A space is missing behind the address");
	while (str_can_split(&rest, ' ', &word))
		if (word.n > 0 && read_parameter(p, word, &seen) == -1)
			return -1;
	return 0;
}

/* ---- arguments ---- */

/* `FROM:<path> parameters`: what stands behind the colon goes to *rest. */
static bool
has_keyword(struct parse *p, struct str keyword, struct str *rest)
{
	if (!str_has_prefix_nocase(p->out->argument, keyword))
		return false;
	*rest = str_from(p->out->argument, keyword.n);
	/* No space belongs here, and many write one. */
	while (rest->n > 0 && rest->p[0] == ' ')
		*rest = str_from(*rest, 1);
	return true;
}

static bool
is_postmaster(const struct path *path)
{
	return str_is_equal_nocase(path->text, STR("postmaster"));
}

/*
 * The path is read as UTF-8 in any case, so that an address which lacks only
 * SMTPUTF8 is told so (RFC 6531 3.5) and not called malformed.
 */
static int
read_path(struct parse *p, struct str *rest, const char *enhanced)
{
	struct path *path = &p->out->path;

	if (!path_can_take(rest, !path_is_ascii(*rest), p->arena, path))
		return refuse(p, 501, enhanced, "Malformed address");
	/* RFC 5321 4.1.1.3: only Postmaster needs no domain.  LMTP is spoken
	 * with our own MTA, which may know users by their bare names. */
	if (path->domain.n == 0 && path->text.n > 0 && p->protocol == COMMAND_SMTP &&
	    !is_postmaster(path))
		return refuse(p, 501, enhanced, "The address needs a domain");
	return 0;
}

static int
check_utf8(struct parse *p, bool is_allowed)
{
	if (!is_allowed && !path_is_ascii(p->out->argument))
		return refuse(p, 553, "5.6.7", "A non-ASCII address needs SMTPUTF8");
	return 0;
}

static int
read_mail(struct parse *p)
{
	struct str rest;

	if (!has_keyword(p, STR("FROM:"), &rest))
		return refuse(p, 501, "5.5.4", "Syntax: MAIL FROM:<address>");
	if (read_path(p, &rest, "5.1.7") == -1 || read_parameters(p, rest) == -1)
		return -1;
	return check_utf8(p, p->out->is_utf8);
}

static int
read_rcpt(struct parse *p)
{
	struct str rest;

	if (!has_keyword(p, STR("TO:"), &rest))
		return refuse(p, 501, "5.5.4", "Syntax: RCPT TO:<address>");
	if (read_path(p, &rest, "5.1.3") == -1)
		return -1;
	if (p->out->path.local.n == 0)
		return refuse(p, 501, "5.1.3", "The recipient is empty");
	if (read_parameters(p, rest) == -1)
		return -1;
	return check_utf8(p, p->is_utf8);
}

static int
read_hello(struct parse *p)
{
	if (!path_is_domain(p->out->argument, false) && !path_is_literal(p->out->argument))
		return refuse(p, 501, "5.5.4", "Your name must be a domain or an address literal");
	return 0;
}

/* RFC 3030 2: chunk-size [ SP "LAST" ]. */
static int
read_bdat(struct parse *p)
{
	struct str rest = p->out->argument;
	struct str size = STR_EMPTY;

	if (!str_can_split(&rest, ' ', &size) || !str_is_number(size, INT64_MAX, &p->out->chunk))
		return refuse(p, 501, "5.5.4", "Syntax: BDAT size [LAST]");
	rest = str_trim(rest);
	p->out->is_last = str_is_equal_nocase(rest, STR("LAST"));
	if (rest.n > 0 && !p->out->is_last)
		return refuse(p, 501, "5.5.4", "Syntax: BDAT size [LAST]");
	p->out->has_chunk = true;
	return 0;
}

static int
read_nothing(struct parse *p)
{
	if (p->out->argument.n > 0)
		return refuse(p, 501, "5.5.4", "The command takes no argument");
	return 0;
}

static int
read_something(struct parse *p)
{
	if (p->out->argument.n == 0)
		return refuse(p, 501, "5.5.4", "The command needs an argument");
	return 0;
}

static int
read_anything(struct parse *p)
{
	(void)p;
	return 0;
}

/* ---- verbs ---- */

#define NOT_HERE { 502, "5.5.1", "Not available" }
#define SAY_LHLO { 500, "5.5.1", "This is LMTP: say LHLO" }

static const struct verb_row verbs[] = {
	/* RFC 2033 4.1: 500 is recommended for each other's greeting. */
	[COMMAND_LHLO] = { "LHLO", BOTH_LMTP, ALWAYS, read_hello,
	    { 500, "5.5.1", "This is SMTP: say EHLO" }, "" },
	[COMMAND_HELO] = { "HELO", COMMAND_SMTP, ALWAYS, read_hello, SAY_LHLO, "" },
	[COMMAND_EHLO] = { "EHLO", COMMAND_SMTP, ALWAYS, read_hello, SAY_LHLO, "" },
	/* Nobody may say these two before TLS and SASL exist. */
	[COMMAND_STARTTLS] = { "STARTTLS", 0, COMMAND_AT_REST, read_nothing, NOT_HERE, "" },
	[COMMAND_AUTH] = { "AUTH", 0, COMMAND_AT_REST, read_something, NOT_HERE, "" },
	[COMMAND_MAIL] = { "MAIL", EVERYWHERE, COMMAND_AT_REST, read_mail, NOT_HERE,
	    "MAIL must follow a greeting, one transaction at a time" },
	[COMMAND_RCPT] = { "RCPT", EVERYWHERE, COMMAND_IN_MAIL | COMMAND_IN_RCPT, read_rcpt,
	    NOT_HERE, "RCPT must follow MAIL" },
	[COMMAND_DATA] = { "DATA", EVERYWHERE, COMMAND_IN_RCPT, read_nothing, NOT_HERE,
	    "No valid recipients" },
	[COMMAND_BDAT] = { "BDAT", EVERYWHERE, COMMAND_IN_RCPT | COMMAND_IN_CHUNKS, read_bdat,
	    NOT_HERE, "No valid recipients" },
	[COMMAND_RSET] = { "RSET", EVERYWHERE, ALWAYS, read_nothing, NOT_HERE, "" },
	[COMMAND_NOOP] = { "NOOP", EVERYWHERE, ALWAYS, read_anything, NOT_HERE, "" },
	[COMMAND_VRFY] = { "VRFY", EVERYWHERE, ALWAYS, read_something, NOT_HERE, "" },
	[COMMAND_EXPN] = { "EXPN", 0, ALWAYS, read_something, NOT_HERE, "" },
	[COMMAND_HELP] = { "HELP", EVERYWHERE, ALWAYS, read_anything, NOT_HERE, "" },
	[COMMAND_QUIT] = { "QUIT", EVERYWHERE, ALWAYS, read_nothing, NOT_HERE, "" },
};

static enum command_verb
find_verb(struct str name)
{
	int i;

	for (i = 0; i < COMMAND_UNKNOWN; i++)
		if (str_is_equal_nocase(name, str_of(verbs[i].name)))
			break;
	return (enum command_verb)i;
}

int
command_parse(struct str line, enum command_protocol protocol, enum command_state state,
    bool is_utf8, struct arena *a, struct command *out, struct reply *why)
{
	struct parse p = { out, a, why, protocol, is_utf8 };
	/* RFC 5321 4.1.1: trailing white space is tolerated. */
	struct str rest = line;
	struct str name = STR_EMPTY;
	const struct verb_row *row;
	int rc;

	memset(out, 0, sizeof *out);
	while (rest.n > 0 && (rest.p[rest.n - 1] == ' ' || rest.p[rest.n - 1] == '\t'))
		rest.n--;
	out->verb = COMMAND_UNKNOWN;
	if (str_has_control(rest))
		return refuse(&p, 500, "5.5.2", "Control characters in a command");
	str_can_split(&rest, ' ', &name);
	out->verb = find_verb(name);
	if (out->verb == COMMAND_UNKNOWN)
		return refuse(&p, 500, "5.5.2", "Unknown command");
	out->argument = str_trim(rest);
	row = &verbs[out->verb];
	if ((row->protocols & (unsigned)protocol) == 0) {
		*why = row->elsewhere;
		return -1;
	}
	rc = row->read(&p);
	/* The order comes before the form, but a BDAT must be read in any case. */
	if ((row->states & (unsigned)state) == 0)
		return refuse(&p, 503, "5.5.1", row->order);
	return rc;
}

void
command_add_verbs(enum command_protocol protocol, struct buf *out)
{
	const char *between = "";
	int i;

	for (i = 0; i < COMMAND_UNKNOWN; i++) {
		if ((verbs[i].protocols & (unsigned)protocol) == 0)
			continue;
		buf_addf(out, "%s%s", between, verbs[i].name);
		between = " ";
	}
}
