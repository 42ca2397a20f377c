/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * A whole configuration as an object: made, looked into, freed.  Where its
 * values come from it does not know. */
#include "conf/conf.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "conf/params.h"
#include "config.h"

struct conf *
conf_defaults(void)
{
	struct conf *conf = xcalloc(1, sizeof *conf);

	params_preset('G', conf);
	return conf;
}

struct conf *
conf_copy_global(const struct conf *conf)
{
	struct conf *copy = conf_defaults();
	struct buf value = BUF_EMPTY, ignored = BUF_EMPTY;
	size_t i;

	for (i = 0; i < params_count(); i++) {
		if (params_at(i)->section != 'G')
			continue;
		buf_clear(&value);
		params_get(params_at(i), conf, &value);
		(void)params_set(params_at(i), copy, buf_str(&value), &ignored);
	}
	buf_fini(&value);
	buf_fini(&ignored);
	return copy;
}

int
conf_set(struct conf *conf, struct str name, struct str value, struct buf *reason)
{
	const struct params_entry *entry = params_find('G', name);
	struct buf before = BUF_EMPTY, ignored = BUF_EMPTY;
	int rc;

	if (entry == NULL) {
		buf_addf(reason, "unknown setting \"%.*s\"", STR_ARG(name));
		params_suggest('G', name, reason);
		return -1;
	}
	params_get(entry, conf, &before);
	rc = params_set(entry, conf, value, reason);
	if (rc == -1)
		(void)params_set(entry, conf, buf_str(&before), &ignored);
	buf_fini(&before);
	buf_fini(&ignored);
	return rc;
}

void
conf_free(struct conf **confp)
{
	struct conf *conf = *confp;
	size_t i;

	if (conf == NULL)
		return;
	for (i = 0; i < conf->listener_count; i++) {
		params_clear('L', &conf->listeners[i]);
		free(conf->listeners[i].title);
	}
	for (i = 0; i < conf->domain_count; i++) {
		params_clear('D', &conf->domains[i]);
		free(conf->domains[i].title);
	}
	free(conf->listeners);
	free(conf->domains);
	params_clear('G', conf);
	free(conf);
	*confp = NULL;
}

struct conf_listener *
params_add_listener(struct conf *conf, struct str title)
{
	struct conf_listener *added;

	conf->listeners = xrealloc(conf->listeners, conf->listener_count + 1,
	    sizeof *conf->listeners);
	added = &conf->listeners[conf->listener_count++];
	memset(added, 0, sizeof *added);
	added->title = xstrndup(title);
	params_preset('L', added);
	return added;
}

struct conf_domain *
params_add_domain(struct conf *conf, struct str title)
{
	struct conf_domain *added;
	char *c;

	conf->domains = xrealloc(conf->domains, conf->domain_count + 1, sizeof *conf->domains);
	added = &conf->domains[conf->domain_count++];
	memset(added, 0, sizeof *added);
	added->title = xstrndup(title);
	for (c = added->title; *c != '\0'; c++)
		*c = (char)str_lower((unsigned char)*c);
	params_preset('D', added);
	return added;
}

static void
set_if_empty(char **member, const char *value)
{
	if (**member != '\0')
		return;
	free(*member);
	*member = xstrdup(value);
}

void
conf_settle(struct conf *conf)
{
	char name[HOST_NAME_MAX + 1] = "";

	if (gethostname(name, sizeof name - 1) == -1 || name[0] == '\0')
		set_if_empty(&conf->hostname, "localhost");
	set_if_empty(&conf->hostname, name);
	set_if_empty(&conf->runtime_dir, DOORSTEP_RUNTIME_DIR);
	set_if_empty(&conf->state_dir, DOORSTEP_STATE_DIR);
}

const struct conf_domain *
conf_find_domain(const struct conf *conf, struct str domain)
{
	const struct conf_domain *any = NULL;
	size_t i;

	for (i = 0; i < conf->domain_count; i++) {
		struct str title = str_of(conf->domains[i].title);

		if (str_is_equal_nocase(title, domain))
			return &conf->domains[i];
		if (str_is_equal(title, STR("*")))
			any = &conf->domains[i];
	}
	return any;
}

const struct conf_listener *
conf_find_listener(const struct conf *conf, struct str title)
{
	size_t i;

	for (i = 0; i < conf->listener_count; i++)
		if (str_is_equal(str_of(conf->listeners[i].title), title))
			return &conf->listeners[i];
	return NULL;
}
