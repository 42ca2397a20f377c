/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep check: is the configuration right, and what does it say? */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/command.h"
#include "conf/params.h"
#include "filter/engine_settings.h"

/* One setting as the file would write it. */
static void
print_setting(const struct params_entry *entry, const void *block, const char *indent)
{
	struct buf value = BUF_EMPTY;
	const char *p;
	bool is_list = entry->type == PARAMS_LIST;

	params_get(entry, block, &value);
	printf("%s%s = %s\"", indent, entry->name, is_list ? "{ " : "");
	for (p = buf_cstr(&value); *p != '\0'; p++) {
		if (is_list && p[0] == ',' && p[1] == ' ') {
			printf("\", \"");
			p++;
			continue;
		}
		if (*p == '"' || *p == '\\')
			putchar('\\');
		putchar(*p);
	}
	printf("\"%s\n", is_list ? " }" : "");
	buf_fini(&value);
}

static void
print_block(char section, const void *block, const char *indent)
{
	size_t i;

	for (i = 0; i < params_count(); i++)
		if (params_at(i)->section == section)
			print_setting(params_at(i), block, indent);
}

static void
print_conf(const struct conf *conf)
{
	size_t i;

	print_block('G', conf, "");
	for (i = 0; i < conf->listener_count; i++) {
		printf("\nlistener \"%s\" {\n", conf->listeners[i].title);
		print_block('L', &conf->listeners[i], "\t");
		printf("}\n");
	}
	for (i = 0; i < conf->domain_count; i++) {
		printf("\ndomain \"%s\" {\n", conf->domains[i].title);
		print_block('D', &conf->domains[i], "\t");
		printf("}\n");
	}
}

/* Expressions: conf cannot judge them. */
static bool
is_sieve_fine(const struct conf *conf, const char *path)
{
	struct engine_settings settings;
	struct buf errors = BUF_EMPTY;
	struct str rest, line;
	bool is_fine;

	engine_settings_init(&settings, conf);
	engine_settings_check(&settings, &errors);
	is_fine = errors.n == 0;
	rest = buf_str(&errors);
	while (str_can_split(&rest, '\n', &line))
		if (line.n > 0)
			fprintf(stderr, "%s: %.*s\n", path, STR_ARG(line));
	engine_settings_fini(&settings);
	buf_fini(&errors);
	return is_fine;
}

static int
run(const struct command_options *options, int argc, char **argv)
{
	bool is_verbose = options->is_verbose;
	struct buf errors = BUF_EMPTY;
	struct conf *conf;
	int option, status;

	while ((option = getopt(argc, argv, "v")) != -1) {
		if (option != 'v')
			return command_misused(&command_check);
		is_verbose = true;
	}
	if (optind != argc)
		return command_misused(&command_check);
	conf = command_read_conf(options);
	if (conf == NULL)
		return EX_CONFIG;
	status = conf_check_usable(conf, options->conf_path, &errors) == -1 ? EX_CONFIG : EX_OK;
	fputs(buf_cstr(&errors), stderr);
	if (!is_sieve_fine(conf, options->conf_path))
		status = EX_CONFIG;
	if (is_verbose)
		print_conf(conf);
	else if (status == EX_OK)
		printf("%s: no errors\n", options->conf_path);
	buf_fini(&errors);
	conf_free(&conf);
	return status;
}

const struct command command_check = { "check", "[-v]",
	"is the configuration right? -v prints every setting", run };
