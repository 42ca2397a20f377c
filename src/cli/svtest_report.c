/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What a svtest has found, for people or as JSON.  Counts; runs nothing. */

#include "cli/svtest.h"

#include "cli/print.h"

static void
print_json_block(struct svtest *test, unsigned line, struct str name, const char *reason,
    bool is_passed)
{
	struct svtest_report *report = test->report;

	printf("%s{\"file\":", report->is_first ? "" : ",");
	report->is_first = false;
	print_json(stdout, test->path);
	printf(",\"line\":%u,\"name\":", line);
	print_json(stdout, name.n == 0 ? "" : name.p);
	printf(",\"passed\":%s,\"reason\":", is_passed ? "true" : "false");
	print_json(stdout, reason);
	printf("}");
}

/* Reasons may have lines: those of a compiler. */
static void
print_lines(struct svtest *test, struct str reason)
{
	struct str line;

	while (str_can_split(&reason, '\n', &line)) {
		print_text(stdout, arena_cstr(&test->arena, line));
		printf("\n");
	}
}

static void
tell(struct svtest *test, unsigned line, struct str name, struct str reason, bool is_passed)
{
	struct svtest_report *report = test->report;

	if (report->is_json) {
		print_json_block(test, line, name, reason.n == 0 ? "" : reason.p, is_passed);
		return;
	}
	if (is_passed && !report->is_verbose)
		return;
	printf("%s:%u: %s", test->path, line, is_passed ? "passed" : "FAILED");
	if (name.n > 0) {
		printf(": ");
		print_text(stdout, name.p);
	}
	printf(reason.n > 0 ? ": " : "\n");
	print_lines(test, reason);
}

void
svtest_report_block(struct svtest *test)
{
	struct svtest_report *report = test->report;
	bool is_passed = test->has_failed == report->is_inverted;
	struct str reason = test->reason;

	if (is_passed)
		report->passed++;
	else
		report->failed++;
	if (!is_passed && report->is_inverted)
		reason = STR("it passed, but had to fail");
	tell(test, test->line, test->name, reason, is_passed);
}

void
svtest_report_failure(struct svtest *test, unsigned line, struct str reason, unsigned count)
{
	struct svtest_report *report = test->report;

	if (report->is_inverted)
		report->passed += count;
	else
		report->failed += count;
	tell(test, line, STR_EMPTY, arena_str(&test->arena, reason), report->is_inverted);
}

void
svtest_report_end(struct svtest_report *report)
{
	if (report->is_json)
		printf("],\"passed\":%u,\"failed\":%u}\n", report->passed, report->failed);
	else
		printf("%u passed, %u failed\n", report->passed, report->failed);
}
