/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep quota: what a user stores and may store. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/command.h"
#include "cli/index.h"
#include "cli/print.h"
#include "doorstep.h"

struct getting {
	const struct owners_user *user;
	bool is_json;
};

static void
print_limit(uint64_t used, uint64_t limit)
{
	if (limit == 0)
		puts(" (no limit)");
	else
		printf(" of %" PRIu64 " (%" PRIu64 "%%)\n", limit,
		    (uint64_t)((double)used * 100 / (double)limit));
}

static void
print_quota(const struct getting *g, const struct doorstep_user *used)
{
	const struct owners_user *user = g->user;

	if (g->is_json) {
		fputs("{\"user\":", stdout);
		print_json(stdout, user->name);
		printf(",\"bytes\":%" PRIu64 ",\"messages\":%" PRIu64, used->bytes, used->messages);
		/* Only doorstepd knows the limits: unknown is not the same as none. */
		if (user->is_looked_up)
			printf(",\"limit_bytes\":%" PRIu64 ",\"limit_messages\":%" PRIu64,
			    user->quota_bytes, user->quota_messages);
		puts("}");
		return;
	}
	printf("bytes    %" PRIu64, used->bytes);
	if (user->is_looked_up)
		print_limit(used->bytes, user->quota_bytes);
	printf("%smessages %" PRIu64, user->is_looked_up ? "" : "\n", used->messages);
	if (user->is_looked_up)
		print_limit(used->messages, user->quota_messages);
	else
		puts("\n(limits are not known: doorstepd does not run)");
}

static int
get_in_store(const char *dir, const char *owner, void *arg)
{
	const struct getting *g = arg;
	struct doorstep *store = NULL;
	struct doorstep_snapshot *now = NULL;
	struct doorstep_error error;
	struct doorstep_user used = { .name = "" };
	int rc = doorstep_open(dir, &store, &error);

	(void)owner;
	if (rc == -1 && error.code == DOORSTEP_NOT_FOUND)
		rc = 1;
	if (rc == 0)
		rc = doorstep_begin(store, &now, &error);
	if (rc == 0)
		rc = doorstep_find_user(now, g->user->name, &used, &error);
	/* Whom doorstepd knows has a quota before any mail. */
	if (rc == 0 || (rc == 1 && g->user->is_looked_up)) {
		print_quota(g, &used);
		rc = 0;
	}
	if (rc != 0)
		rc = rc == -1 ? owners_failed(&error) : OWNERS_NOT_HERE;
	doorstep_end(&now);
	doorstep_close(&store);
	return rc;
}

static int
get(const struct conf *conf, const struct owners_user *user, bool is_json)
{
	struct getting g = { user, is_json };

	if (user->owner != NULL)
		index_sync(conf, user->owner);
	return owners_run_user(conf, user, get_in_store, &g);
}

static int
recalc(const struct conf *conf, const struct owners_user *user, bool is_json)
{
	(void)is_json;
	return index_rebuild(conf, user, "recalc");
}

static int
run(const struct command_options *options, int argc, char **argv)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 } };
	int (*verb)(const struct conf *conf, const struct owners_user *user, bool is_json);
	struct owners_user user;
	bool is_json = false;
	struct conf *conf;
	int option, status;

	while ((option = getopt_long(argc, argv, "j", longs, NULL)) != -1) {
		if (option != 'j')
			return command_misused(&command_quota);
		is_json = true;
	}
	if (argc - optind != 2)
		return command_misused(&command_quota);
	verb = strcmp(argv[optind], "get") == 0	   ? get :
	       strcmp(argv[optind], "recalc") == 0 ? recalc :
						     NULL;
	if (verb == NULL)
		return command_misused(&command_quota);
	conf = command_read_conf(options);
	if (conf == NULL)
		return EX_CONFIG;
	owners_look_up(conf, argv[optind + 1], &user);
	status = verb(conf, &user, is_json);
	owners_user_fini(&user);
	conf_free(&conf);
	return status;
}

const struct command command_quota = { "quota", "get USER [--json] | recalc USER",
	"what a user stores and may store", run };
