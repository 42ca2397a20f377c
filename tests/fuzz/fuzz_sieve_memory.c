/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Two bytes, the number of allocations that succeed, and a script: compiled and
 * run with memory that fails then.  Failure is told, and nothing is kept back. */

#include <stdint.h>
#include <stdlib.h>

#include "sieve/sieve.h"

struct memory {
	unsigned left, held;
	bool has_failed;
};

static void *
get(void *arg, size_t n)
{
	struct memory *memory = arg;

	memory->has_failed = memory->has_failed || memory->left == 0;
	if (memory->has_failed)
		return NULL;
	memory->left--;
	memory->held++;
	return malloc(n);
}

static void
give(void *arg, void *p)
{
	struct memory *memory = arg;

	memory->held -= p != NULL;
	free(p);
}

static const void *
find_fields(void *arg, uint32_t part, struct sieve_text name, size_t *count_out)
{
	(void)arg;
	(void)part;
	*count_out = name.n % 3;
	return NULL;
}

static struct sieve_text
get_field(void *arg, const void *fields, size_t i)
{
	(void)arg;
	(void)fields;
	return sieve_text_of(i == 0 ? "a <b@c.example> text, 17" : "");
}

static void
ignore(void *arg, const char *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory memory = { .left = size < 2 ? 0 : (unsigned)(data[0] << 8 | data[1]) };
	const struct sieve_alloc alloc = { get, give, &memory };
	const struct sieve_profile profile = { .engine = "fuzz" };
	const struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;
	const struct sieve_host host = { .fields = find_fields, .field = get_field,
		.delimiters = "+" };
	struct sieve_program *program;
	struct sieve_result result;

	if (size < 2)
		return 0;
	program = sieve_compile((struct sieve_text){ (const char *)data + 2, size - 2 }, &profile,
	    &alloc, ignore, NULL);
	if (program != NULL) {
		if (memory.has_failed)
			abort();
		sieve_run(program, &host, &limits, SIEVE_TEXT_EMPTY, &alloc, &result);
		if (memory.has_failed && (result.error.n == 0 || result.action_count > 0))
			abort();
		sieve_result_fini(&result);
	}
	sieve_program_free(&program);
	if (memory.held > 0)
		abort();
	return 0;
}
