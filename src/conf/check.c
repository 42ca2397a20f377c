/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * What no single value shows: blocks that lack or contradict something.  It
 * asks neither the file system nor the user database: a config may be checked
 * on another host. */
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include "base/net.h"
#include "conf/conf.h"
#include "conf/params.h"

static int
refuse(struct buf *reason, const char *text)
{
	buf_add_cstr(reason, text);
	return -1;
}

static int
port_of(const struct net_address *address)
{
	const struct sockaddr_in *v4 = (const void *)&address->addr;
	const struct sockaddr_in6 *v6 = (const void *)&address->addr;

	if (address->addr.ss_family == AF_INET)
		return ntohs(v4->sin_port);
	if (address->addr.ss_family == AF_INET6)
		return ntohs(v6->sin6_port);
	return -1;
}

int
params_check_listener(const struct conf_listener *listener, struct buf *reason)
{
	struct net_address address;
	struct fail why = FAIL_EMPTY;
	struct str text = str_of(listener->address);

	if (text.n == 0)
		return refuse(reason, "the listener has no address");
	if (net_parse(text, &address, &why) == -1)
		return refuse(reason, why.log);
	if (str_has_prefix(text, STR("unix:")) && !str_has_prefix(text, STR("unix:/")))
		return refuse(reason, "the path of a unix socket must be absolute");
	/* RFC 2033 5: LMTP must not be offered on SMTP's port. */
	if (port_of(&address) == 25)
		return refuse(reason, "LMTP may not listen on port 25");
	/* It trusts its client by the uid at the other end. */
	if (strcmp(listener->protocol, "lda") == 0 && address.addr.ss_family != AF_UNIX)
		return refuse(reason, "protocol lda needs a unix: address");
	return 0;
}

static int
check_location(const char *location, struct buf *reason)
{
	if (*location == '\0' || str_has_prefix(str_of(location), STR("maildir:")))
		return 0;
	return refuse(reason, "mail_location must begin with maildir:");
}

/* A quota in a domain is text because empty means the global one. */
static int
check_quota(const char *name, const char *text, struct buf *reason)
{
	struct conf scratch;
	const struct params_entry *entry = params_find('G', str_of(name));
	size_t before;

	memset(&scratch, 0, sizeof scratch);
	if (*text == '\0')
		return 0;
	buf_addf(reason, "%s: ", name);
	before = reason->n;
	if (params_set(entry, &scratch, str_of(text), reason) == -1)
		return -1;
	buf_truncate(reason, before - strlen(name) - 2);
	return 0;
}

int
params_check_domain(const struct conf_domain *domain, struct buf *reason)
{
	struct str source = str_of(domain->source);
	bool is_static = str_is_equal(source, STR("static"));

	if (!is_static && !str_is_equal(source, STR("passwd"))
	    && !str_has_prefix(source, STR("file:/")))
		return refuse(reason, "source must be passwd, file:/PATH or static");
	if (is_static && domain->home[0] == '\0')
		return refuse(reason, "source static needs a home, such as /var/vmail/%d/%n");
	if (domain->home[0] != '\0' && domain->home[0] != '/')
		return refuse(reason, "home must be an absolute path");
	if (domain->aliases[0] != '\0' && domain->aliases[0] != '/')
		return refuse(reason, "aliases must be an absolute path");
	if (check_location(domain->mail_location, reason) == -1)
		return -1;
	if (check_quota("quota_storage", domain->quota_storage, reason) == -1)
		return -1;
	return check_quota("quota_messages", domain->quota_messages, reason);
}

static int
check_global(const struct conf *conf, struct buf *reason)
{
	if (conf->runtime_dir[0] != '\0' && conf->runtime_dir[0] != '/')
		return refuse(reason, "runtime_dir must be an absolute path");
	if (conf->state_dir[0] != '\0' && conf->state_dir[0] != '/')
		return refuse(reason, "state_dir must be an absolute path");
	if (conf->mail_location[0] == '\0')
		return refuse(reason, "mail_location is empty");
	/* Else the largest would be answered 4xx for ever. */
	if (conf->message_memory_limit < conf->message_size_limit)
		return refuse(reason, "message_memory_limit must not be below message_size_limit");
	if (conf->journal_message_limit * 4 > conf->journal_segment_size)
		return refuse(reason,
		    "journal_segment_size must be at least four times journal_message_limit");
	if (conf->outbox_retry_min <= 0 || conf->outbox_retry_max < conf->outbox_retry_min)
		return refuse(reason, "outbox_retry_max must not be below outbox_retry_min, nor that 0");
	if (conf->user[0] == '\0' || conf->auth_user[0] == '\0' || conf->virtual_user[0] == '\0')
		return refuse(reason, "user, auth_user and virtual_user may not be empty");
	return check_location(conf->mail_location, reason);
}

static int
check_twice(const struct conf *conf, struct buf *reason)
{
	size_t i, j;

	for (i = 0; i < conf->domain_count; i++) {
		for (j = 0; j < i; j++) {
			if (strcmp(conf->domains[i].title, conf->domains[j].title) != 0)
				continue;
			buf_addf(reason, "domain \"%s\" is there twice", conf->domains[i].title);
			return -1;
		}
	}
	for (i = 0; i < conf->listener_count; i++) {
		for (j = 0; j < i; j++) {
			if (strcmp(conf->listeners[i].address, conf->listeners[j].address) != 0
			    && strcmp(conf->listeners[i].title, conf->listeners[j].title) != 0)
				continue;
			buf_addf(reason, "listeners \"%s\" and \"%s\" are the same",
			    conf->listeners[i].title, conf->listeners[j].title);
			return -1;
		}
	}
	return 0;
}

int
params_check(const struct conf *conf, struct buf *reason)
{
	size_t i;

	if (check_global(conf, reason) == -1 || params_check_sieve(conf, reason) == -1 ||
	    params_check_relay(conf, reason) == -1 || check_twice(conf, reason) == -1)
		return -1;
	for (i = 0; i < conf->listener_count; i++)
		if (params_check_listener(&conf->listeners[i], reason) == -1)
			return -1;
	for (i = 0; i < conf->domain_count; i++)
		if (params_check_domain(&conf->domains[i], reason) == -1)
			return -1;
	return 0;
}

int
conf_check_usable(const struct conf *conf, const char *path, struct buf *errors)
{
	if (conf->listener_count > 0 && conf->domain_count > 0)
		return 0;
	buf_addf(errors, "%s: there is no %s block: doorstepd could take mail from nobody, or for "
	    "nobody\n", path, conf->listener_count == 0 ? "listener" : "domain");
	return -1;
}
