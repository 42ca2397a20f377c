/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Any bytes behind `mailto:`: nothing that is read can end a line of a header,
 * and a recipient is an address that can be read again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "sieve/addrspec.h"
#include "sieve/mailto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *
get(void *arg, size_t n)
{
	(void)arg;
	return malloc(n);
}

static void
give(void *arg, void *p)
{
	(void)arg;
	free(p);
}

static void
check_line(struct sieve_text text)
{
	BUG_ON(text.n > 0 && (memchr(text.p, '\n', text.n) != NULL ||
	    memchr(text.p, '\r', text.n) != NULL || memchr(text.p, '\0', text.n) != NULL));
}

static void
check(const struct sieve_mailto *mailto)
{
	struct sieve_addrspec again;
	size_t i;

	for (i = 0; i < mailto->recipient_count; i++) {
		BUG_ON(!sieve_addrspec_is_bare(mailto->recipients[i], &again));
		BUG_ON(again.n != mailto->recipients[i].n ||
		    memcmp(again.at, mailto->recipients[i].p, again.n) != 0);
	}
	check_line(mailto->subject);
	for (i = 0; i < mailto->field_count; i++) {
		check_line(mailto->fields[i].name);
		check_line(mailto->fields[i].value);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char scheme[] = "mailto:";
	const struct sieve_alloc memory = { get, give, NULL };
	struct sieve_text uri = { NULL, sizeof scheme - 1 + size };
	struct sieve_mailto mailto;
	struct sieve_arena a;
	char *p = malloc(uri.n);

	BUG_ON(p == NULL);
	memcpy(p, scheme, sizeof scheme - 1);
	if (size > 0)
		memcpy(p + sizeof scheme - 1, data, size);
	uri.p = p;
	/* Small enough to be out of it for some. */
	sieve_arena_init(&a, &memory, 1 << 16);
	if (sieve_mailto_parse(&a, uri, &mailto) == NULL && !a.is_out)
		check(&mailto);
	sieve_arena_fini(&a);
	free(p);
	return 0;
}
