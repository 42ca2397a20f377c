/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* sieve/ with nothing else of Doorstep: a host of a few lines.  Each script is
 * compiled and run with memory that fails at the first allocation, at the
 * second and so on, until all of it goes well: nothing may crash, leak or be
 * lost.  Says `ok FILE: N failures` for each. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sieve.h"

struct memory {
	unsigned long left, held; /* allocations until one fails; those not given back */
	int has_failed;
};

static void *
get(void *arg, size_t n)
{
	struct memory *memory = arg;
	void *p;

	if (memory->left == 0) {
		memory->has_failed = 1;
		return NULL;
	}
	memory->left--;
	p = malloc(n);
	memory->held += p != NULL;
	return p;
}

static void
give(void *arg, void *p)
{
	struct memory *memory = arg;

	memory->held -= p != NULL;
	free(p);
}

/* ---- a message of three fields ---- */

static const struct {
	const char *name, *value;
} header[] = { { "from", "joe@example.net" }, { "to", "jane+box@example.org" },
	{ "subject", "a subject to be matched" } };

#define FIELDS (sizeof header / sizeof header[0])

static const void *
find_fields(void *arg, uint32_t part, struct sieve_text name, size_t *count_out)
{
	size_t i;

	(void)arg;
	(void)part;
	*count_out = 0;
	for (i = 0; i < FIELDS; i++)
		if (sieve_text_is(name, header[i].name)) {
			*count_out = 1;
			return &header[i];
		}
	return NULL;
}

static struct sieve_text
get_field(void *arg, const void *fields, size_t i)
{
	const char *const *pair = fields;

	(void)arg;
	(void)i;
	return sieve_text_of(pair[1]);
}

static const void *
find_addresses(void *arg, const void *fields, size_t i, size_t *count_out)
{
	(void)arg;
	(void)i;
	*count_out = 1;
	return fields;
}

static struct sieve_address
get_address(void *arg, const void *addresses, size_t i)
{
	(void)arg;
	(void)addresses;
	(void)i;
	return (struct sieve_address){ sieve_text_of("jane+box"), sieve_text_of("example.org"),
		sieve_text_of("jane+box@example.org"), true, SIEVE_TEXT_EMPTY };
}

static bool
has_envelope(void *arg, enum sieve_envelope part, struct sieve_address *out)
{
	*out = get_address(arg, NULL, 0);
	return part == SIEVE_ENVELOPE_FROM || part == SIEVE_ENVELOPE_TO;
}

static struct sieve_text
get_body(void *arg, uint32_t part, enum sieve_body kind)
{
	(void)arg;
	(void)part;
	(void)kind;
	return sieve_text_of("A body.\n");
}

static enum sieve_found
find_script(void *arg, enum sieve_location location, struct sieve_text name,
    struct sieve_text *script_out)
{
	(void)arg;
	(void)location;
	(void)name;
	*script_out = sieve_text_of("require [\"include\", \"variables\"]; global \"x\";");
	return SIEVE_FOUND;
}

static void
ignore(void *arg, const char *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
}

/* ---- one try ---- */

/* 0: all went as it would with memory enough; 1: memory failed, and that was
 * told; -1: it failed and was not. */
static int
try(struct sieve_text script, struct memory *memory)
{
	const struct sieve_alloc alloc = { get, give, memory };
	const struct sieve_profile profile = { .engine = "alone", .include = find_script };
	const struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;
	const struct sieve_host host = { .fields = find_fields, .field = get_field,
		.addresses = find_addresses, .address = get_address, .envelope = has_envelope,
		.body = get_body, .size = 100, .delimiters = "+" };
	struct sieve_program *program;
	struct sieve_result result;
	int told;

	program = sieve_compile(script, &profile, &alloc, ignore, NULL);
	if (program == NULL)
		return memory->has_failed;
	/* What was compiled is whole: nothing of it may be missing. */
	if (memory->has_failed) {
		sieve_program_free(&program);
		return -1;
	}
	sieve_run(program, &host, &limits, SIEVE_TEXT_EMPTY, &alloc, &result);
	told = result.error.n > 0 && result.is_keep_due && result.action_count == 0;
	sieve_result_fini(&result);
	sieve_program_free(&program);
	return !memory->has_failed ? 0 : told ? 1 : -1;
}

static int
check(const char *path, struct sieve_text script)
{
	struct memory memory;
	unsigned long n;
	int outcome;

	for (n = 0;; n++) {
		memory = (struct memory){ .left = n };
		outcome = try(script, &memory);
		if (memory.held != 0 || outcome == -1) {
			printf("FAIL %s: allocation %lu: %s\n", path, n,
			    outcome == -1 ? "its failure is not told" : "memory is not given back");
			return 1;
		}
		if (outcome == 0)
			break;
	}
	printf("ok %s: %lu failures\n", path, n);
	return 0;
}

static char *
read_all(const char *path, size_t *n_out)
{
	FILE *file = fopen(path, "rb");
	char *text = malloc(SIEVE_SCRIPT_MAX);

	if (file == NULL || text == NULL) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(2);
	}
	*n_out = fread(text, 1, SIEVE_SCRIPT_MAX, file);
	fclose(file);
	return text;
}

int
main(int argc, char **argv)
{
	int i, failed = 0;
	size_t n;
	char *text;

	for (i = 1; i < argc; i++) {
		text = read_all(argv[i], &n);
		failed += check(argv[i], (struct sieve_text){ text, n });
		free(text);
	}
	printf("alone: %d passed, %d failed, 0 skipped\n", argc - 1 - failed, failed);
	return failed > 0;
}
