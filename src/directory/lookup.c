/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Addresses to users: domain, alias, user, subaddress, catch-all.  Knows the
 * order, not how a source finds. */

#include "directory/lookup.h"

#include <idn2.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "directory/alias.h"
#include "directory/expand.h"
#include "directory/include.h"
#include "directory/source.h"

struct domain {
	const struct conf_domain *conf;
	const struct source_kind *kind;
	struct source *source;
	struct alias_file *aliases; /* NULL: none */
};

struct lookup {
	const struct conf *conf;
	bool is_unprivileged;
	bool has_virtual;
	uid_t virtual_uid;
	gid_t virtual_gid;
	struct domain *domains; /* as conf->domains */
};

/* One question and what has been found for it. */
struct walk {
	struct lookup *lookup;
	struct arena *arena;
	struct lookup_targets *targets;
	struct buf *trace;
	struct fail *why;
	size_t visited; /* alias members looked at: bounds loops and bombs */
};

enum found { FOUND_YES, FOUND_NO, FOUND_BROKEN };

static enum found walk_address(struct walk *w, struct str address, unsigned depth);

static void note(struct walk *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
note(struct walk *w, const char *format, ...)
{
	va_list ap;

	if (w->trace == NULL)
		return;
	va_start(ap, format);
	buf_addv(w->trace, format, ap);
	va_end(ap);
	buf_add_byte(w->trace, '\n');
}

/* `vmail`, `5000` or `5000:5000`. */
static bool
has_virtual_ids(struct str setting, uid_t *uid, gid_t *gid)
{
	struct str rest = setting, user;
	uint64_t number, group;
	struct passwd *entry;
	char *name;

	str_can_split(&rest, ':', &user);
	if (str_is_number(user, UINT32_MAX - 1, &number)) {
		*uid = (uid_t)number;
		*gid = (gid_t)number;
		if (rest.n > 0 && str_is_number(rest, UINT32_MAX - 1, &group))
			*gid = (gid_t)group;
		return true;
	}
	name = xstrndup(user);
	entry = getpwnam(name);
	free(name);
	if (entry == NULL)
		return false;
	*uid = entry->pw_uid;
	*gid = entry->pw_gid;
	return true;
}

static void
open_domain(struct domain *domain, const struct conf_domain *conf)
{
	struct str argument;

	domain->conf = conf;
	domain->kind = source_find_kind(str_of(conf->source), &argument);
	if (domain->kind == NULL)
		log_error("domain %s: unknown user source \"%s\": passwd, file:/path or static",
		    conf->title, conf->source);
	else
		domain->source = domain->kind->open(argument);
	if (conf->aliases[0] != '\0')
		domain->aliases = alias_open(str_of(conf->aliases));
}

struct lookup *
lookup_new(const struct lookup_options *options)
{
	struct lookup *lookup = xcalloc(1, sizeof *lookup);
	const struct conf *conf = options->conf;
	size_t i;

	lookup->conf = conf;
	lookup->is_unprivileged = options->is_unprivileged;
	lookup->virtual_uid = geteuid();
	lookup->virtual_gid = getegid();
	lookup->has_virtual = options->is_unprivileged ||
	    has_virtual_ids(str_of(conf->virtual_user), &lookup->virtual_uid, &lookup->virtual_gid);
	lookup->domains = xcalloc(conf->domain_count + 1, sizeof *lookup->domains);
	for (i = 0; i < conf->domain_count; i++)
		open_domain(&lookup->domains[i], &conf->domains[i]);
	return lookup;
}

void
lookup_free(struct lookup **lookup_ptr)
{
	struct lookup *lookup = *lookup_ptr;
	size_t i;

	if (lookup == NULL)
		return;
	for (i = 0; i < lookup->conf->domain_count; i++) {
		if (lookup->domains[i].kind != NULL)
			lookup->domains[i].kind->close(lookup->domains[i].source);
		alias_close(&lookup->domains[i].aliases);
	}
	free(lookup->domains);
	free(lookup);
	*lookup_ptr = NULL;
}

static struct str
fold_local(struct arena *a, struct str local, bool is_case_sensitive)
{
	uint8_t *folded;
	size_t n = 0;
	struct str result;

	if (is_case_sensitive)
		return local;
	folded = u8_tolower((const uint8_t *)local.p, local.n, NULL, UNINORM_NFC, NULL, &n);
	if (folded == NULL)
		return local;
	result = arena_str(a, (struct str){ (const char *)folded, n });
	free(folded);
	return result;
}

/* A-labels and U-labels are the same domain (RFC 5890): compared as U-labels. */
static struct str
fold_domain(struct arena *a, struct str domain)
{
	struct str result = arena_str(a, fold_local(a, domain, false));
	char *unicode = NULL;

	if (idn2_to_unicode_8z8z(result.p, &unicode, 0) == IDN2_OK)
		result = arena_str(a, str_of(unicode));
	idn2_free(unicode);
	if (result.n > 1 && result.p[result.n - 1] == '.')
		result.n--;
	return result;
}

static struct domain *
find_domain(struct lookup *lookup, struct str name)
{
	const struct conf_domain *conf = conf_find_domain(lookup->conf, name);

	return conf == NULL ? NULL : &lookup->domains[conf - lookup->conf->domains];
}

/* The domain of an address without one: ours, or the first of the file. */
static struct domain *
default_domain(struct lookup *lookup)
{
	struct domain *domain = find_domain(lookup, str_of(lookup->conf->hostname));

	if (domain == NULL && lookup->conf->domain_count > 0)
		domain = &lookup->domains[0];
	return domain;
}

static struct str
delimiters_of(const struct lookup *lookup, const struct domain *domain)
{
	const char *own = domain->conf->recipient_delimiter;

	return str_of(strcmp(own, "inherit") == 0 ? lookup->conf->recipient_delimiter : own);
}

static bool
is_virtual(const struct lookup *lookup, uid_t uid)
{
	return lookup->is_unprivileged || (lookup->has_virtual && uid == lookup->virtual_uid);
}

/* Identity of a record, checked against what may own mail. */
static int
check_ids(const struct lookup *lookup, struct source_record *record, struct fail *why)
{
	if (lookup->is_unprivileged || (!record->has_uid && !record->has_gid)) {
		if (!lookup->has_virtual)
			return fail_set(why, FAIL_TEMP, 3, 5, 0, "User database is misconfigured",
			    "user %.*s has no uid and virtual_user \"%s\" is no account",
			    STR_ARG(record->user), lookup->conf->virtual_user);
		record->uid = lookup->virtual_uid;
		record->gid = lookup->virtual_gid;
	} else if (!record->has_uid || !record->has_gid || record->gid == 0)
		return fail_set(why, FAIL_TEMP, 3, 5, 0, "User database is misconfigured",
		    "user %.*s needs both a uid and a gid, which may not be 0",
		    STR_ARG(record->user));
	/* virtual_user was named by the administrator: the limit is against what
	 * a user source says. */
	if (!lookup->is_unprivileged &&
	    (record->uid == 0 ||
		(record->uid != lookup->virtual_uid &&
		    (int64_t)record->uid < lookup->conf->first_valid_uid)))
		return fail_set(why, FAIL_TEMP, 3, 5, 0, "User database is misconfigured",
		    "user %.*s has uid %lu, below first_valid_uid: its mail is not delivered",
		    STR_ARG(record->user), (unsigned long)record->uid);
	return 0;
}

static struct str
owner_of(const struct lookup *lookup, struct arena *a, uid_t uid)
{
	if (is_virtual(lookup, uid))
		return STR("virtual");
	return arena_printf(a, "uid.%lu", (unsigned long)uid);
}

/* Domain-less fallbacks of an empty setting: the block's, then the global. */
static struct str
first_of(struct str a, const char *b, const char *c)
{
	if (a.n > 0)
		return a;
	return str_of(b != NULL && b[0] != '\0' ? b : c);
}

/* Options behind the path are Dovecot's own business, but for a layout that we
 * would get wrong. */
static int
cut_mail_options(struct str *mail, struct fail *why)
{
	struct str rest = *mail, format, path, option;

	str_can_split(&rest, ':', &format);
	str_can_split(&rest, ':', &path);
	while (str_can_split(&rest, ':', &option))
		if (str_has_prefix_nocase(option, STR("LAYOUT=")) &&
		    !str_is_equal_nocase(option, STR("LAYOUT=maildir++")))
			return fail_set(why, FAIL_TEMP, 3, 5, 0, "Mailbox is misconfigured",
			    "mail location \"%.*s\": only the Maildir++ layout is written",
			    STR_ARG(*mail));
	if (path.n == 0)
		return fail_set(why, FAIL_TEMP, 3, 5, 0, "Mailbox is misconfigured",
		    "mail location \"%.*s\": not FORMAT:PATH", STR_ARG(*mail));
	mail->n = (size_t)(path.p + path.n - mail->p);
	return 0;
}

static int
set_quota(const struct lookup *lookup, const struct domain *domain,
    const struct source_record *record, struct lookup_user *out, struct fail *why)
{
	struct str bytes = str_of(domain->conf->quota_storage);
	struct str messages = str_of(domain->conf->quota_messages);

	out->quota_bytes = (uint64_t)lookup->conf->quota_storage;
	out->quota_messages = (uint64_t)lookup->conf->quota_messages;
	if ((bytes.n > 0 && !source_is_size(bytes, &out->quota_bytes)) ||
	    (messages.n > 0 && !str_is_number(messages, UINT64_MAX, &out->quota_messages)))
		return fail_set(why, FAIL_TEMP, 3, 5, 0, "User database is misconfigured",
		    "domain %s: quota_storage or quota_messages is no number",
		    domain->conf->title);
	if (record->has_quota) {
		out->quota_bytes = record->quota_bytes;
		out->quota_messages = record->quota_messages;
	}
	return 0;
}

static int
fill_user(struct lookup *lookup, struct domain *domain, struct str local, struct str domain_name,
    struct source_record *record, struct arena *a, struct lookup_user *out, struct fail *why)
{
	struct expand_values values = { .local = local, .domain = domain_name };
	struct str home = record->home, mail, script;

	if (check_ids(lookup, record, why) == -1)
		return -1;
	*out = (struct lookup_user){
		.name = record->user,
		.source = str_of(domain->conf->source),
		.owner = owner_of(lookup, a, record->uid),
		.uid = record->uid,
		.gid = record->gid,
		.delimiters = delimiters_of(lookup, domain),
	};
	if (home.n == 0)
		home = str_of(domain->conf->home);
	if (expand_pattern(home, &values, a, &out->home, why) == -1)
		return -1;
	values.home = out->home;
	mail = first_of(record->mail, domain->conf->mail_location, lookup->conf->mail_location);
	if (expand_pattern(mail, &values, a, &out->mail, why) == -1 ||
	    cut_mail_options(&out->mail, why) == -1)
		return -1;
	script = first_of(record->script, NULL, lookup->conf->sieve_script);
	if (out->home.n == 0 && script.n > 0 && script.p[0] == '~')
		script = STR_EMPTY;
	if (expand_pattern(script, &values, a, &out->script, why) == -1)
		return -1;
	return set_quota(lookup, domain, record, out, why);
}

static struct lookup_target *
add_target(struct walk *w)
{
	struct lookup_targets *targets = w->targets;
	struct lookup_target *larger;

	/* Room for 1, 2, 4 …: at a power of two it is used up. */
	if ((targets->n & (targets->n - 1)) == 0) {
		larger = arena_array(w->arena, targets->n == 0 ? 1 : 2 * targets->n, sizeof *larger);
		if (targets->n > 0)
			memcpy(larger, targets->at, targets->n * sizeof *larger);
		targets->at = larger;
	}
	return &targets->at[targets->n++];
}

static enum found
find_user(struct walk *w, struct domain *domain, struct str local, struct str domain_name)
{
	struct source_record record = { 0 };
	struct lookup_user user;
	enum source_result result;
	size_t i;

	if (domain->kind == NULL) {
		fail_set(w->why, FAIL_TEMP, 3, 5, 0, "User database is misconfigured",
		    "domain %s has no usable source", domain->conf->title);
		return FOUND_BROKEN;
	}
	result = domain->kind->find(domain->source, local, domain_name, w->arena, &record, w->why);
	note(w, "source: %s: %.*s: %s", domain->conf->source, STR_ARG(local),
	    result == SOURCE_FOUND ? "found" : result == SOURCE_UNKNOWN ? "unknown" : "broken");
	if (result == SOURCE_UNKNOWN)
		return FOUND_NO;
	if (result == SOURCE_BROKEN ||
	    fill_user(w->lookup, domain, local, domain_name, &record, w->arena, &user, w->why) == -1)
		return FOUND_BROKEN;
	for (i = 0; i < w->targets->n; i++)
		if (str_is_equal(w->targets->at[i].user, user.name))
			return FOUND_YES;
	if (w->targets->n == LOOKUP_TARGETS_MAX) {
		fail_set(w->why, FAIL_TEMP, 3, 5, 0, "Alias expands to too many users",
		    "an alias has more than %d users", LOOKUP_TARGETS_MAX);
		return FOUND_BROKEN;
	}
	*add_target(w) = (struct lookup_target){ user.name, user.owner, user.uid };
	note(w, "user: %.*s", STR_ARG(user.name));
	return FOUND_YES;
}

static enum found
refuse_member(struct walk *w, struct str name, struct str member)
{
	fail_set(w->why, FAIL_TEMP, 3, 5, 0, "Alias cannot be served yet",
	    "alias %.*s: member \"%.*s\" needs mail to be sent or a program to be run, "
	    "which is not available yet", STR_ARG(name), STR_ARG(str_sub(member, 0, 200)));
	return FOUND_BROKEN;
}

static enum found walk_members(struct walk *w, struct domain *domain, struct str domain_name,
    struct str name, struct str members, unsigned depth);

static bool
is_too_deep(struct walk *w, struct str name, unsigned depth)
{
	if (depth <= LOOKUP_DEPTH_MAX)
		return false;
	fail_set(w->why, FAIL_TEMP, 3, 5, 0, "Alias loop",
	    "alias %.*s leads more than %d levels deep: a loop?", STR_ARG(name), LOOKUP_DEPTH_MAX);
	return true;
}

static enum found
walk_include(struct walk *w, struct domain *domain, struct str domain_name, struct str name,
    struct str path, unsigned depth)
{
	struct str members;

	if (include_read(path, w->arena, &members, w->why) == -1)
		return FOUND_BROKEN;
	return walk_members(w, domain, domain_name, name, members, depth + 1);
}

static enum found
walk_member(struct walk *w, struct domain *domain, struct str domain_name, struct str name,
    struct str member, unsigned depth)
{
	if (member.p[0] == '|' || member.p[0] == '/')
		return refuse_member(w, name, member);
	if (str_has_prefix_nocase(member, STR(":include:")))
		return walk_include(w, domain, domain_name, name, str_from(member, 9), depth);
	/* A backslash ends the expansion: the user of that name (aliases(5)). */
	if (member.p[0] == '\\')
		return find_user(w, domain,
		    fold_local(w->arena, str_from(member, 1), domain->conf->case_sensitive),
		    domain_name);
	if (str_find_byte(member, '@') == -1) {
		/* `root: root` means the user, as everywhere. */
		if (str_is_equal_nocase(member, name))
			return find_user(w, domain, name, domain_name);
		member = domain_name.n == 0
		    ? member
		    : arena_printf(w->arena, "%.*s@%.*s", STR_ARG(member), STR_ARG(domain_name));
	} else if (find_domain(w->lookup,
		       fold_domain(w->arena,
			   str_from(member, (size_t)str_find_last_byte(member, '@') + 1))) == NULL)
		return refuse_member(w, name, member);
	return walk_address(w, member, depth + 1);
}

static enum found
walk_members(struct walk *w, struct domain *domain, struct str domain_name, struct str name,
    struct str members, unsigned depth)
{
	struct str rest = members, member;
	enum found one, all = FOUND_NO;

	if (is_too_deep(w, name, depth))
		return FOUND_BROKEN;
	while (alias_has_member(&rest, w->arena, &member)) {
		if (++w->visited > LOOKUP_TARGETS_MAX) {
			fail_set(w->why, FAIL_TEMP, 3, 5, 0, "Alias expands to too many users",
			    "alias %.*s has more than %d members", STR_ARG(name),
			    LOOKUP_TARGETS_MAX);
			return FOUND_BROKEN;
		}
		one = walk_member(w, domain, domain_name, name, member, depth);
		if (one == FOUND_BROKEN)
			return one;
		if (one == FOUND_YES)
			all = one;
		else
			log_warn("alias %.*s: member %.*s is unknown", STR_ARG(name),
			    STR_ARG(str_sub(member, 0, 200)));
	}
	return all;
}

/* Alias first, then user: as local(8) does. */
static enum found
find_name(struct walk *w, struct domain *domain, struct str local, struct str domain_name,
    unsigned depth)
{
	struct str members = STR_EMPTY, full;
	enum alias_result result = ALIAS_UNKNOWN;

	if (domain->aliases != NULL) {
		full = arena_printf(w->arena, "%.*s@%.*s", STR_ARG(local), STR_ARG(domain_name));
		result = alias_find(domain->aliases, full, &members, w->why);
		/* As in source_file: a@b in quotes is not a@b. */
		if (result == ALIAS_UNKNOWN && str_find_byte(local, '@') == -1)
			result = alias_find(domain->aliases, local, &members, w->why);
		note(w, "aliases: %s: %.*s: %s", domain->conf->aliases, STR_ARG(local),
		    result == ALIAS_FOUND ? "found"
					  : result == ALIAS_UNKNOWN ? "unknown" : "broken");
	}
	if (result == ALIAS_BROKEN)
		return FOUND_BROKEN;
	if (result == ALIAS_FOUND)
		/* The file may be read again further down: keep the text. */
		return walk_members(w, domain, domain_name, local, arena_str(w->arena, members),
		    depth);
	return find_user(w, domain, local, domain_name);
}

/* The local part up to the first delimiter that is not at its start. */
static struct str
base_of(struct str local, struct str delimiters)
{
	size_t i;

	for (i = 1; i < local.n; i++)
		if (str_find_byte(delimiters, local.p[i]) != -1)
			return str_sub(local, 0, i);
	return local;
}

static enum found
walk_local(struct walk *w, struct domain *domain, struct str local, struct str domain_name,
    unsigned depth)
{
	struct str base = base_of(local, delimiters_of(w->lookup, domain));
	struct str catch_all = str_of(domain->conf->catch_all);
	enum found found = find_name(w, domain, local, domain_name, depth);

	if (found == FOUND_NO && base.n < local.n)
		found = find_name(w, domain, base, domain_name, depth);
	/* Only after every real user and alias. */
	if (found == FOUND_NO && catch_all.n > 0) {
		note(w, "catch_all: %.*s", STR_ARG(catch_all));
		if (str_find_byte(catch_all, '@') != -1)
			return walk_address(w, catch_all, depth + 1);
		found = find_name(w, domain,
		    fold_local(w->arena, catch_all, domain->conf->case_sensitive), domain_name,
		    depth);
	}
	return found;
}

static enum found
walk_address(struct walk *w, struct str address, unsigned depth)
{
	ptrdiff_t at = str_find_last_byte(address, '@');
	struct str local = address, domain_name = STR_EMPTY;
	struct domain *domain;

	if (is_too_deep(w, address, depth))
		return FOUND_BROKEN;
	/* Domains become parts of paths, and an address literal holds anything. */
	if (str_find_byte(address, '\0') != -1 ||
	    (at != -1 && !source_is_name(str_from(address, (size_t)at + 1))))
		return FOUND_NO;
	if (at != -1) {
		local = str_sub(address, 0, (size_t)at);
		domain_name = fold_domain(w->arena, str_from(address, (size_t)at + 1));
		domain = find_domain(w->lookup, domain_name);
	} else
		domain = default_domain(w->lookup);
	note(w, "address: %.*s", STR_ARG(address));
	if (domain == NULL) {
		note(w, "domain: %.*s: not ours", STR_ARG(domain_name));
		return FOUND_NO;
	}
	note(w, "domain: %s", domain->conf->title);
	if (at == -1 && strcmp(domain->conf->title, "*") != 0)
		domain_name = str_of(domain->conf->title);
	return walk_local(w, domain, fold_local(w->arena, local, domain->conf->case_sensitive),
	    domain_name, depth);
}

int
lookup_address(struct lookup *lookup, struct str address, struct arena *a,
    struct lookup_targets *out, struct buf *trace, struct fail *why)
{
	struct walk walk = {
		.lookup = lookup,
		.arena = a,
		.targets = out,
		.trace = trace,
		.why = why,
	};
	enum found found;

	*out = (struct lookup_targets){ 0 };
	found = walk_address(&walk, address, 0);
	if (found == FOUND_NO)
		return fail_set(why, FAIL_PERM, 1, 1, 0, "User unknown", "%.*s: no such user",
		    STR_ARG(str_sub(address, 0, 300)));
	return found == FOUND_YES ? 0 : -1;
}

/* The block whose users have this canonical name. */
static struct domain *
domain_of_user(struct lookup *lookup, struct str name, struct str *local, struct str *domain_name)
{
	ptrdiff_t at = str_find_last_byte(name, '@');
	size_t i;

	*local = name;
	*domain_name = STR_EMPTY;
	if (at != -1) {
		*local = str_sub(name, 0, (size_t)at);
		*domain_name = str_from(name, (size_t)at + 1);
		/* The name comes from a process that is not to be trusted. */
		return source_is_name(*domain_name) ? find_domain(lookup, *domain_name) : NULL;
	}
	/* System users have no domain in their name: any block of theirs will do. */
	for (i = 0; i < lookup->conf->domain_count; i++)
		if (lookup->domains[i].kind == &source_passwd)
			return &lookup->domains[i];
	return default_domain(lookup);
}

int
lookup_user(struct lookup *lookup, struct str name, struct arena *a, struct lookup_user *out,
    struct fail *why)
{
	struct str local, domain_name;
	struct domain *domain = domain_of_user(lookup, name, &local, &domain_name);
	struct source_record record = { 0 };
	enum source_result result = SOURCE_UNKNOWN;

	if (domain != NULL && domain->kind != NULL)
		result = domain->kind->find(domain->source, local, domain_name, a, &record, why);
	if (result == SOURCE_BROKEN)
		return -1;
	if (result == SOURCE_UNKNOWN)
		return fail_set(why, FAIL_PERM, 1, 1, 0, "User unknown", "%.*s: no such user",
		    STR_ARG(str_sub(name, 0, 300)));
	return fill_user(lookup, domain, local, domain_name, &record, a, out, why);
}
