/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Which extensions there are, and finding a word among them. */

#include "registry.h"

#include <string.h>

const struct sieve_extension *const sieve_registry[] = {
	&sieve_ext_core,
#define EXTENSION(descriptor, name) &sieve_ext_##descriptor,
#include "extensions.def"
#undef EXTENSION
	NULL,
};

const struct sieve_future sieve_futures[] = {
	{ "imapsieve", "RFC 6785", "", "" },
	{ .extension = NULL },
};

int
sieve_registry_find(struct sieve_text extension)
{
	int i;

	for (i = 0; sieve_registry[i] != NULL; i++)
		/* RFC 5228, appendix, 5.6: case counts in these. */
		if (sieve_registry[i]->name != NULL &&
		    strlen(sieve_registry[i]->name) == extension.n &&
		    memcmp(sieve_registry[i]->name, extension.p, extension.n) == 0)
			return i;
	return -1;
}

sieve_set
sieve_registry_set(int index)
{
	sieve_set set = SIEVE_SET_BIT(index);
	int i;

	for (i = 0; sieve_registry[i] != NULL; i++)
		if (sieve_registry[i] == sieve_registry[index]->implied)
			set |= SIEVE_SET_BIT(i);
	return set;
}

const struct sieve_word *
sieve_registry_word(struct sieve_text name, enum sieve_word_kind kind, int *extension_out)
{
	const struct sieve_word *word;
	int i;

	for (i = 0; sieve_registry[i] != NULL; i++) {
		word = sieve_registry[i]->words;
		for (; word != NULL && word->name != NULL; word++) {
			if (word->kind != kind || !sieve_text_is(name, word->name))
				continue;
			*extension_out = i;
			return word;
		}
	}
	return NULL;
}

/* Of a table that ends with name NULL, or is NULL. */
static const struct sieve_tag *
find_tag(const struct sieve_tag *tag, sieve_groups groups, struct sieve_text name)
{
	for (; tag != NULL && tag->name != NULL; tag++)
		if ((groups & UINT64_C(1) << tag->group) != 0 && sieve_text_is(name, tag->name))
			return tag;
	return NULL;
}

const struct sieve_tag *
sieve_registry_tag(const struct sieve_word *word, struct sieve_text name, int *extension_out)
{
	const struct sieve_tag *tag = find_tag(word->tags, ~UINT64_C(0), name);
	int i;

	*extension_out = -1;
	for (i = 0; tag == NULL && sieve_registry[i] != NULL; i++) {
		tag = find_tag(sieve_registry[i]->tags, word->groups, name);
		*extension_out = i;
	}
	return tag;
}

int
sieve_registry_space(struct sieve_text name)
{
	int i;

	for (i = 0; sieve_registry[i] != NULL; i++)
		if (sieve_registry[i]->space != NULL && sieve_text_is(name, sieve_registry[i]->space))
			return i;
	return -1;
}

int
sieve_registry_comparator(struct sieve_text name)
{
	const char *const *comparator;
	int i;

	for (i = 0; sieve_registry[i] != NULL; i++) {
		comparator = sieve_registry[i]->comparators;
		for (; comparator != NULL && *comparator != NULL; comparator++)
			if (sieve_text_is(name, *comparator))
				return i;
	}
	return -1;
}

const struct sieve_future *
sieve_registry_future(struct sieve_text extension)
{
	const struct sieve_future *future;

	for (future = sieve_futures; future->extension != NULL; future++)
		if (sieve_text_is(extension, future->extension))
			return future;
	return NULL;
}

static bool
has_word(const char *words, struct sieve_text word)
{
	size_t n;

	for (; *words != '\0'; words += n + (words[n] == ' ')) {
		n = strcspn(words, " ");
		if (sieve_text_is_same(word, (struct sieve_text){ words, n }))
			return true;
	}
	return false;
}

const struct sieve_future *
sieve_registry_future_word(struct sieve_text word)
{
	const struct sieve_future *future;

	for (future = sieve_futures; future->extension != NULL; future++)
		if (has_word(future->words, word))
			return future;
	return NULL;
}

const struct sieve_future *
sieve_registry_future_tag(struct sieve_text tag)
{
	const struct sieve_future *future;

	for (future = sieve_futures; future->extension != NULL; future++)
		if (has_word(future->tags, tag))
			return future;
	return NULL;
}

struct nearest {
	struct sieve_text name;
	const char *found;
	unsigned distance;
};

/* One slip in three letters may be meant; more is another word. */
static struct nearest
begin_nearest(struct sieve_text name)
{
	unsigned max = name.n < 3 ? 0 : name.n < 6 ? 1 : name.n < 9 ? 2 : 3;

	return (struct nearest){ name, NULL, max + 1 };
}

static void
consider(struct nearest *nearest, const char *candidate)
{
	unsigned distance;

	if (nearest->distance == 0)
		return;
	distance = sieve_text_distance(nearest->name, candidate, nearest->distance - 1);
	if (distance >= nearest->distance)
		return;
	nearest->distance = distance;
	nearest->found = candidate;
}

const char *
sieve_registry_near_word(struct sieve_text name, enum sieve_word_kind kind)
{
	struct nearest nearest = begin_nearest(name);
	const struct sieve_word *word;
	int i;

	for (i = 0; sieve_registry[i] != NULL; i++)
		for (word = sieve_registry[i]->words; word != NULL && word->name != NULL; word++)
			if (word->kind == kind)
				consider(&nearest, word->name);
	return nearest.found;
}

const char *
sieve_registry_near_tag(const struct sieve_word *word, struct sieve_text name)
{
	struct nearest nearest = begin_nearest(name);
	const struct sieve_tag *tag;
	int i;

	for (tag = word->tags; tag != NULL && tag->name != NULL; tag++)
		consider(&nearest, tag->name);
	for (i = 0; sieve_registry[i] != NULL; i++)
		for (tag = sieve_registry[i]->tags; tag != NULL && tag->name != NULL; tag++)
			consider(&nearest, tag->name);
	return nearest.found;
}

const char *
sieve_registry_near_extension(struct sieve_text name)
{
	struct nearest nearest = begin_nearest(name);
	const struct sieve_future *future;
	int i;

	for (i = 0; sieve_registry[i] != NULL; i++)
		if (sieve_registry[i]->name != NULL)
			consider(&nearest, sieve_registry[i]->name);
	for (future = sieve_futures; future->extension != NULL; future++)
		consider(&nearest, future->extension);
	return nearest.found;
}
