/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* doorstep sieve svtest: which files, and the answer's form.  What a file
 * means is in svtest_suite.c. */

#include <getopt.h>
#include <sysexits.h>

#include "cli/cmd_svtest.h"
#include "cli/progress.h"
#include "cli/svtest.h"

static const struct option long_options[] = { { "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 } };

static void
run_files(struct svtest_report *report, char **paths, int count)
{
	struct progress progress;
	int i;

	progress_init(&progress, "files");
	for (i = 0; i < count; i++) {
		progress_show(&progress, (size_t)i, (size_t)count);
		svtest_run_file(report, paths[i]);
	}
	progress_fini(&progress);
}

int
cmd_svtest(const struct command_options *options, int argc, char **argv)
{
	struct svtest_report report = { .is_verbose = options->is_verbose, .is_first = true };
	struct conf *conf;
	int option;

	optind = 0; /* glibc: forget the "+" of the command's own options */
	while ((option = getopt_long(argc, argv, "Fv", long_options, NULL)) != -1) {
		if (option == 'F')
			report.is_inverted = true;
		else if (option == 'v')
			report.is_verbose = true;
		else if (option == 'j')
			report.is_json = true;
		else
			return command_misused(&command_sieve);
	}
	if (optind == argc)
		return command_misused(&command_sieve);
	conf = command_find_conf(options);
	if (conf == NULL)
		return EX_CONFIG;
	report.conf = conf;
	if (report.is_json)
		printf("{\"blocks\":[");
	run_files(&report, argv + optind, argc - optind);
	svtest_report_end(&report);
	conf_free(&conf);
	/* No test is no success. */
	return report.failed == 0 && report.passed > 0 ? EX_OK : EX_DATAERR;
}
