/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* CPU time of what filter does for one message, without the link: parsing,
 * index fields, one recipient's script.  bench_filter SCRIPT MESSAGE [COUNT [ENGINE]] */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "filter/answer.h"

static struct str
read_file(const char *path, struct buf *into)
{
	struct fail why = FAIL_EMPTY;
	int fd = -1;

	if (file_open(&fd, -100, path, 0, 0, &why) == -1 ||
	    file_read_all(fd, into, path, &why) == -1) {
		fprintf(stderr, "%s\n", why.log);
		exit(1);
	}
	file_close(&fd);
	return buf_str(into);
}

static double
cpu_microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
print_answer(const struct msg_FILTER_ANSWERS *answer)
{
	const struct rec_filter_outcome *outcome = &answer->outcomes.at[0];
	size_t i;

	printf("%.*s | %.*s | parts %u\n", STR_ARG(answer->from), STR_ARG(answer->subject),
	    answer->parts);
	if (outcome->error.n > 0)
		printf("error in line %u: %.*s\n", outcome->error_line, STR_ARG(outcome->error));
	for (i = 0; i < outcome->actions.n; i++)
		printf("action %d \"%.*s\" flags \"%.*s\" line %u rule \"%.*s\"\n",
		    outcome->actions.at[i].kind, STR_ARG(outcome->actions.at[i].target),
		    STR_ARG(outcome->actions.at[i].flags), outcome->actions.at[i].line,
		    STR_ARG(outcome->actions.at[i].rule));
}

/* Of one compilation, without what is shared between equal scripts. */
static void
time_compile(const struct engine *engine, struct str script)
{
	struct engine_world world = { .asker = NULL };
	struct engine_script *compiled;
	struct buf errors = BUF_EMPTY;
	double begun = cpu_microseconds();
	int i;

	for (i = 0; i < 50; i++) {
		compiled = engine->compile(script, &world, &errors);
		engine->free(&compiled);
	}
	printf("%.1f us CPU to compile\n", (cpu_microseconds() - begun) / 50);
	buf_fini(&errors);
}

int
main(int argc, char **argv)
{
	struct buf script = BUF_EMPTY, message = BUF_EMPTY;
	struct answerer self = { .engine = engine_find(str_of(argc > 4 ? argv[4] : "libsieve")),
		.delimiters = "+" };
	struct rec_script_ref ref = { .id = 1, .place = 1 };
	struct rec_filter_rcpt rcpt = { .address = STR("user+box@example.org") };
	struct msg_DELIVER_ASKS_FILTER question = { .fd = -1, .sender = STR("from@example.net") };
	struct msg_FILTER_ANSWERS answer;
	long i, count = argc > 3 ? atol(argv[3]) : 20000;
	double begun;

	if (argc < 3) {
		fprintf(stderr, "usage: bench_filter SCRIPT MESSAGE [COUNT [ENGINE]]\n");
		return 64;
	}
	if (self.engine == NULL)
		return 0;
	arena_init_limit(&self.arena, HOST_MEMORY_MAX);
	self.charsets = charset_set_new();
	self.cache = cache_new(self.engine);
	cache_give(self.cache, 1, read_file(argv[1], &script));
	read_file(argv[2], &message);
	rcpt.scripts.at = &ref;
	rcpt.scripts.n = 1;
	question.recipients.at = &rcpt;
	question.recipients.n = 1;
	question.wire_size = message.n;
	answer_question(&self, &question, buf_str(&message), &answer);
	printf("%.*s", STR_ARG(cache_find(self.cache, 1)->errors));
	print_answer(&answer);
	begun = cpu_microseconds();
	for (i = 0; i < count; i++) {
		arena_empty(&self.arena);
		answer_question(&self, &question, buf_str(&message), &answer);
	}
	printf("%.1f us CPU a message\n", (cpu_microseconds() - begun) / (double)count);
	time_compile(self.engine, buf_str(&script));
	arena_fini(&self.arena);
	cache_free(&self.cache);
	charset_set_free(&self.charsets);
	buf_fini(&self.scratch);
	buf_fini(&script);
	buf_fini(&message);
	return 0;
}
