/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * A configuration as master sends it to its children, and back.  Both ends
 * run the same table, so a child takes nothing that the file could not hold. */
#include "conf/conf.h"

#include <string.h>

#include "conf/params.h"

/* ---- out ---- */

struct writer {
	struct arena *arena;
	struct rec_setting *at;
	size_t n;
};

static void
add_record(struct writer *w, const char *section, const char *title, const char *key,
    struct str value)
{
	w->at[w->n++] = (struct rec_setting){ .section = str_of(section), .title = str_of(title),
		.key = str_of(key), .value = value };
}

/* `preset` is a block of the same section with nothing changed. */
static void
add_block(struct writer *w, char letter, const char *section, const char *title, const void *block,
    const void *preset)
{
	struct buf value = BUF_EMPTY, standard = BUF_EMPTY;
	size_t i;

	if (letter != 'G')
		add_record(w, section, title, "", STR_EMPTY);
	for (i = 0; i < params_count(); i++) {
		const struct params_entry *entry = params_at(i);

		if (entry->section != letter)
			continue;
		buf_clear(&value);
		buf_clear(&standard);
		params_get(entry, block, &value);
		params_get(entry, preset, &standard);
		if (!str_is_equal(buf_str(&value), buf_str(&standard)))
			add_record(w, section, title, entry->name,
			    arena_str(w->arena, buf_str(&value)));
	}
	buf_fini(&value);
	buf_fini(&standard);
}

void
conf_to_settings(const struct conf *conf, struct arena *a, struct msg_MASTER_GIVES_CONF *out)
{
	size_t blocks = 1 + conf->listener_count + conf->domain_count, i;
	struct conf *standard = conf_defaults();
	struct conf_listener *listener = params_add_listener(standard, STR("x"));
	struct conf_domain *domain = params_add_domain(standard, STR("x"));
	struct writer w = { .arena = a,
		.at = arena_array(a, blocks * (params_count() + 1), sizeof *w.at) };

	add_block(&w, 'G', "", "", conf, standard);
	for (i = 0; i < conf->listener_count; i++)
		add_block(&w, 'L', "listener", conf->listeners[i].title, &conf->listeners[i],
		    listener);
	for (i = 0; i < conf->domain_count; i++)
		add_block(&w, 'D', "domain", conf->domains[i].title, &conf->domains[i], domain);
	out->settings.at = w.at;
	out->settings.n = w.n;
	conf_free(&standard);
}

/* ---- in ---- */

static int
refuse(const struct rec_setting *s, const char *reason, struct fail *why)
{
	return fail_set(why, FAIL_OURS, 3, 0, 0, "internal error",
	    "setting %.*s %.*s %.*s from master: %s", STR_ARG(s->section), STR_ARG(s->title),
	    STR_ARG(s->key), reason);
}

/* The block that a record is of: the last one, as blocks come whole. */
static int
find_block(struct conf *conf, const struct rec_setting *s, char *letter_out, void **block_out)
{
	bool is_new = s->key.n == 0;

	if (s->section.n == 0 && !is_new) {
		*letter_out = 'G';
		*block_out = conf;
		return 0;
	}
	if (str_is_equal(s->section, STR("listener"))) {
		*letter_out = 'L';
		if (is_new)
			*block_out = params_add_listener(conf, s->title);
		else if (conf->listener_count > 0)
			*block_out = &conf->listeners[conf->listener_count - 1];
	} else if (str_is_equal(s->section, STR("domain"))) {
		*letter_out = 'D';
		if (is_new)
			*block_out = params_add_domain(conf, s->title);
		else if (conf->domain_count > 0)
			*block_out = &conf->domains[conf->domain_count - 1];
	}
	return *block_out == NULL ? -1 : 0;
}

static int
take_record(struct conf *conf, const struct rec_setting *s, struct buf *reason, struct fail *why)
{
	const struct params_entry *entry;
	char letter = 0;
	void *block = NULL;

	if (find_block(conf, s, &letter, &block) == -1)
		return refuse(s, "no such block", why);
	if (s->key.n == 0)
		return 0;
	entry = params_find(letter, s->key);
	if (entry == NULL)
		return refuse(s, "no such setting", why);
	if (params_set(entry, block, s->value, reason) == -1)
		return refuse(s, buf_cstr(reason), why);
	return 0;
}

int
conf_from_settings(const struct msg_MASTER_GIVES_CONF *message, struct conf **out, struct fail *why)
{
	struct conf *conf = conf_defaults();
	struct buf reason = BUF_EMPTY;
	size_t i;
	int rc = -1;

	for (i = 0; i < message->settings.n; i++)
		if (take_record(conf, &message->settings.at[i], &reason, why) == -1)
			goto out;
	if (params_check(conf, &reason) == -1) {
		fail_set(why, FAIL_OURS, 3, 0, 0, "internal error", "settings from master: %s",
		    buf_cstr(&reason));
		goto out;
	}
	*out = conf;
	conf = NULL;
	rc = 0;
out:
	conf_free(&conf);
	buf_fini(&reason);
	return rc;
}
