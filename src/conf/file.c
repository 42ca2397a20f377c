/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * A configuration file, by libconfuse.  The library gives words and blocks;
 * what they mean is conf/params.c's.  Only doorstepd and doorstep link this. */
#include <confuse.h>
#include <errno.h>
#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bug.h"
#include "base/xalloc.h"
#include "conf/params.h"

/* The library stops at the first unknown key.  Each one is then declared and
 * the file is read again, so that all are reported; after so many it is enough. */
#define UNKNOWN_MAX 32

struct unknown {
	char section;
	char *name;
};

struct reader {
	const char *path;
	struct buf *errors;
	struct unknown unknown[UNKNOWN_MAX];
	size_t unknown_count;
	bool has_more; /* an unknown key has just been found: read again */
};

/* libconfuse gives its callbacks no argument of ours; set only while
 * conf_read_with runs. */
static struct reader *reader;

/* ---- errors ---- */

static void report(const cfg_t *cfg, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The library shows a list once for each of its items: the same line is not
 * repeated. */
static void
report(const cfg_t *cfg, const char *format, ...)
{
	struct buf line = BUF_EMPTY;
	va_list ap;

	buf_addf(&line, "%s:%d: ", cfg->filename == NULL ? reader->path : cfg->filename, cfg->line);
	va_start(ap, format);
	buf_addv(&line, format, ap);
	va_end(ap);
	buf_add_byte(&line, '\n');
	if (!str_has_suffix(buf_str(reader->errors), buf_str(&line)))
		buf_add_str(reader->errors, buf_str(&line));
	buf_fini(&line);
}

static char
section_of(const cfg_t *cfg)
{
	if (strcmp(cfg->name, "listener") == 0)
		return 'L';
	return strcmp(cfg->name, "domain") == 0 ? 'D' : 'G';
}

static void
report_unknown(const cfg_t *cfg, const char *name)
{
	struct buf hint = BUF_EMPTY;

	params_suggest(section_of(cfg), str_of(name), &hint);
	report(cfg, "unknown setting \"%s\"%s", name, buf_cstr(&hint));
	buf_fini(&hint);
}

static bool
is_declared_unknown(char section, const char *name)
{
	size_t i;

	for (i = 0; i < reader->unknown_count; i++)
		if (reader->unknown[i].section == section
		    && strcmp(reader->unknown[i].name, name) == 0)
			return true;
	return false;
}

static void
note_unknown(const cfg_t *cfg, const char *name)
{
	struct unknown *u;

	if (reader->unknown_count == UNKNOWN_MAX || is_declared_unknown(section_of(cfg), name)) {
		report_unknown(cfg, name);
		return;
	}
	u = &reader->unknown[reader->unknown_count++];
	u->section = section_of(cfg);
	u->name = xstrdup(name);
	reader->has_more = true;
}

/* The library's own errors, after which it gives up. */
static void
take_error(cfg_t *cfg, const char *format, va_list ap)
{
	struct buf text = BUF_EMPTY;
	va_list copy;
	const char *name;

	va_copy(copy, ap);
	if (strcmp(format, "no such option '%s'") == 0) {
		note_unknown(cfg, va_arg(copy, const char *));
	} else if (strcmp(format, "missing equal sign after option '%s'") == 0
	    && is_declared_unknown(section_of(cfg), name = va_arg(copy, const char *))) {
		report_unknown(cfg, name);
	} else {
		buf_addv(&text, format, ap);
		report(cfg, "%s", buf_cstr(&text));
	}
	va_end(copy);
	buf_fini(&text);
}

/* ---- values ---- */

/* What an option was given, as params_set reads it. */
static void
join_values(cfg_opt_t *opt, struct buf *out)
{
	unsigned i;

	for (i = 0; i < cfg_opt_size(opt); i++) {
		if (i > 0)
			buf_add_byte(out, ',');
		buf_add_cstr(out, cfg_opt_getnstr(opt, i));
	}
}

/* NULL when the option has as many words as its type may have. */
static const char *
misshape(const struct params_entry *entry, cfg_opt_t *opt)
{
	unsigned i;

	if (entry->type != PARAMS_LIST)
		return cfg_opt_size(opt) == 1 ? NULL : "expected one value, not a list";
	for (i = 0; i < cfg_opt_size(opt); i++)
		if (strchr(cfg_opt_getnstr(opt, i), ',') != NULL)
			return "an item of a list may not hold a comma";
	return NULL;
}

/* Each value is tried when it is read, because then its line is known. */
static int
check_value(cfg_t *cfg, cfg_opt_t *opt)
{
	union {
		struct conf conf;
		struct conf_listener listener;
		struct conf_domain domain;
	} block;
	char section = section_of(cfg);
	const struct params_entry *entry = params_find(section, str_of(opt->name));
	struct buf text = BUF_EMPTY, reason = BUF_EMPTY;

	memset(&block, 0, sizeof block);
	join_values(opt, &text);
	if (misshape(entry, opt) != NULL)
		report(cfg, "%s: %s", opt->name, misshape(entry, opt));
	else if (params_set(entry, &block, buf_str(&text), &reason) == -1)
		report(cfg, "%s = \"%s\": %s", opt->name, buf_cstr(&text), buf_cstr(&reason));
	params_clear(section, &block);
	buf_fini(&text);
	buf_fini(&reason);
	return 0;
}

static int
refuse_unknown(cfg_t *cfg, cfg_opt_t *opt)
{
	report_unknown(cfg, opt->name);
	return 0;
}

/* Values that cannot be set have been reported by check_value. */
static void
fill(char section, cfg_t *cfg, void *block)
{
	struct buf text = BUF_EMPTY, ignored = BUF_EMPTY;
	size_t i;

	for (i = 0; i < params_count(); i++) {
		const struct params_entry *entry = params_at(i);
		cfg_opt_t *opt;

		if (entry->section != section)
			continue;
		opt = cfg_getopt(cfg, entry->name);
		if (opt == NULL || (cfg_opt_size(opt) == 0 && (opt->flags & CFGF_MODIFIED) == 0))
			continue;
		buf_clear(&text);
		join_values(opt, &text);
		(void)params_set(entry, block, buf_str(&text), &ignored);
	}
	buf_fini(&text);
	buf_fini(&ignored);
}

/* ---- blocks ---- */

static int
check_listener(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct conf *scratch = conf_defaults();
	struct conf_listener *listener = params_add_listener(scratch, str_of(cfg_title(section)));
	struct buf reason = BUF_EMPTY;

	fill('L', section, listener);
	if (params_check_listener(listener, &reason) == -1)
		report(cfg, "listener \"%s\": %s", cfg_title(section), buf_cstr(&reason));
	buf_fini(&reason);
	conf_free(&scratch);
	return 0;
}

/* One spelling for each domain, whichever the file has: A-labels are turned
 * into U-labels and case is folded.  Owned; NULL when it is no domain name. */
static char *
normal_domain(const char *title)
{
	char *ascii = NULL, *unicode = NULL, *out = NULL;

	if (strcmp(title, "*") == 0)
		return xstrdup(title);
	if (idn2_to_ascii_8z(title, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK
	    && *ascii != '\0' && idn2_to_unicode_8z8z(ascii, &unicode, 0) == IDN2_OK)
		out = xstrdup(unicode);
	idn2_free(ascii);
	idn2_free(unicode);
	return out;
}

static int
check_domain(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct conf *scratch = conf_defaults();
	struct conf_domain *domain = params_add_domain(scratch, str_of(cfg_title(section)));
	struct buf reason = BUF_EMPTY;
	char *name = normal_domain(cfg_title(section));

	fill('D', section, domain);
	if (name == NULL)
		report(cfg, "domain \"%s\": this is no domain name", cfg_title(section));
	else if (params_check_domain(domain, &reason) == -1)
		report(cfg, "domain \"%s\": %s", cfg_title(section), buf_cstr(&reason));
	free(name);
	buf_fini(&reason);
	conf_free(&scratch);
	return 0;
}

/* include("FILE"): a relative name is beside the main file. */
static int
include_file(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	const char *slash = strrchr(reader->path, '/');
	struct buf path = BUF_EMPTY;
	const char *resolved[1];
	struct stat st;
	int rc = 0;

	if (argc != 1) {
		report(cfg, "include needs one file name");
		return 0;
	}
	if (argv[0][0] != '/' && slash != NULL)
		buf_add(&path, reader->path, (size_t)(slash - reader->path) + 1);
	buf_add_cstr(&path, argv[0]);
	resolved[0] = buf_cstr(&path);
	/* The library's scanner ends the whole program on a directory. */
	if (stat(resolved[0], &st) == -1)
		report(cfg, "cannot include %s: %s", resolved[0], strerror(errno));
	else if (!S_ISREG(st.st_mode))
		report(cfg, "cannot include %s: not a file", resolved[0]);
	else
		rc = cfg_include(cfg, opt, 1, resolved);
	buf_fini(&path);
	return rc;
}

/* ---- what the library is to expect ---- */

/* Every setting is a list of words to it: types are ours, and so are the
 * messages about them. */
static cfg_opt_t
describe(const char *name, cfg_validate_callback_t check)
{
	cfg_opt_t opt = CFG_STR_LIST(name, NULL, CFGF_NODEFAULT);

	opt.validcb = check;
	return opt;
}

/* Owned by the caller (free); `extra` more slots are before the end mark. */
static cfg_opt_t *
describe_section(char section, size_t extra, size_t *n_out)
{
	cfg_opt_t *opts = xcalloc(params_count() + UNKNOWN_MAX + extra + 1, sizeof *opts);
	size_t i, n = 0;

	for (i = 0; i < params_count(); i++)
		if (params_at(i)->section == section)
			opts[n++] = describe(params_at(i)->name, check_value);
	for (i = 0; i < reader->unknown_count; i++)
		if (reader->unknown[i].section == section)
			opts[n++] = describe(reader->unknown[i].name, refuse_unknown);
	*n_out = n;
	return opts;
}

static cfg_opt_t
describe_block(const char *name, cfg_opt_t *opts, cfg_validate_callback_t check)
{
	cfg_opt_t opt = CFG_SEC(name, opts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);

	opt.validcb = check;
	return opt;
}

/* Owned: cfg_free.  The library keeps copies of the descriptions. */
static cfg_t *
new_parser(void)
{
	size_t n, ignored;
	cfg_opt_t *global = describe_section('G', 3, &n);
	cfg_opt_t *listener = describe_section('L', 0, &ignored);
	cfg_opt_t *domain = describe_section('D', 0, &ignored);
	cfg_t *cfg;

	global[n++] = describe_block("listener", listener, check_listener);
	global[n++] = describe_block("domain", domain, check_domain);
	global[n++] = (cfg_opt_t)CFG_FUNC("include", &include_file);
	cfg = cfg_init(global, CFGF_NONE);
	BUG_ON(cfg == NULL);
	cfg_set_error_function(cfg, take_error);
	free(global);
	free(listener);
	free(domain);
	return cfg;
}

/* ---- the whole file ---- */

/* Owned, or NULL when the file is not there or not a file (reported). */
static FILE *
open_file(void)
{
	FILE *fp = fopen(reader->path, "re");
	struct stat st;

	if (fp != NULL && fstat(fileno(fp), &st) == 0 && !S_ISDIR(st.st_mode))
		return fp;
	buf_addf(reader->errors, "%s: %s\n", reader->path,
	    fp == NULL ? strerror(errno) : "is a directory");
	if (fp != NULL)
		fclose(fp);
	return NULL;
}

/* Owned, or NULL with everything reported. */
static cfg_t *
parse(void)
{
	size_t before = reader->errors->n;
	cfg_t *cfg = NULL;
	FILE *fp;

	do {
		if (cfg != NULL)
			cfg_free(cfg);
		cfg = NULL;
		buf_truncate(reader->errors, before);
		reader->has_more = false;
		fp = open_file();
		if (fp == NULL)
			return NULL;
		cfg = new_parser();
		cfg->filename = strdup(reader->path);
		(void)cfg_parse_fp(cfg, fp);
		fclose(fp);
	} while (reader->has_more);
	return cfg;
}

static struct conf *
build(cfg_t *cfg)
{
	struct conf *conf = conf_defaults();
	unsigned i;

	fill('G', cfg, conf);
	for (i = 0; i < cfg_size(cfg, "listener"); i++) {
		cfg_t *section = cfg_getnsec(cfg, "listener", i);

		fill('L', section, params_add_listener(conf, str_of(cfg_title(section))));
	}
	for (i = 0; i < cfg_size(cfg, "domain"); i++) {
		cfg_t *section = cfg_getnsec(cfg, "domain", i);
		char *name = normal_domain(cfg_title(section));

		if (name != NULL)
			fill('D', section, params_add_domain(conf, str_of(name)));
		free(name);
	}
	return conf;
}

/* `key=value` from a command line. */
static void
override(struct conf *conf, const char *text, struct buf *errors)
{
	struct str value = str_of(text), key;
	const struct params_entry *entry;
	struct buf reason = BUF_EMPTY;
	bool has_value = str_find_byte(value, '=') != -1;

	(void)str_can_split(&value, '=', &key);
	key = str_trim(key);
	entry = params_find('G', key);
	if (!has_value) {
		buf_addf(errors, "-o %s: expected key=value\n", text);
	} else if (entry == NULL) {
		params_suggest('G', key, &reason);
		buf_addf(errors, "-o %s: unknown setting \"%.*s\"%s\n", text, STR_ARG(key),
		    buf_cstr(&reason));
	} else if (params_set(entry, conf, str_trim(value), &reason) == -1) {
		buf_addf(errors, "-o %s: %s\n", text, buf_cstr(&reason));
	}
	buf_fini(&reason);
}

int
conf_read_with(const char *path, const char *const *overrides, size_t count, struct conf **out,
    struct buf *errors)
{
	struct reader here = { .path = path, .errors = errors };
	struct buf reason = BUF_EMPTY;
	struct conf *conf = NULL;
	size_t before = errors->n, i;
	cfg_t *cfg;
	int rc = -1;

	reader = &here;
	cfg = parse();
	if (cfg == NULL)
		goto out;
	conf = build(cfg);
	for (i = 0; i < count; i++)
		override(conf, overrides[i], errors);
	if (errors->n == before && params_check(conf, &reason) == -1)
		buf_addf(errors, "%s: %s\n", path, buf_cstr(&reason));
	if (errors->n > before)
		goto out;
	conf_settle(conf);
	*out = conf;
	conf = NULL;
	rc = 0;
out:
	if (cfg != NULL)
		cfg_free(cfg);
	for (i = 0; i < here.unknown_count; i++)
		free(here.unknown[i].name);
	conf_free(&conf);
	buf_fini(&reason);
	reader = NULL;
	return rc;
}

int
conf_read(const char *path, struct conf **out, struct buf *errors)
{
	return conf_read_with(path, NULL, 0, out, errors);
}
