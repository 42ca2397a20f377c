/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Regular expressions by PCRE2, the only file that knows it; what one may cost
 * is bounded here.  No JIT: filter may not have memory that can be executed. */

#include "regex.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "brackets.h"
#include "unicode.h"

struct sieve_regex {
	struct sieve_regex *next;
	pcre2_code *code;
	char *pattern; /* of those that are looked for; NULL: compiled once */
	size_t size;
	bool is_caseless, is_utf;
	bool is_dear;	  /* one step of PCRE2 may look at all of a value */
	bool is_anchored; /* matches at the front of the value only */
	bool is_at_line;  /* at the front of a line only */
	bool has_line_end;
	bool has_starts;
	int needed; /* an octet without which nothing matches; -1: none is known */
	unsigned char starts[32]; /* bits of the octets that a match may begin with */
};

struct sieve_regex_pool {
	const struct sieve_alloc *host;
	size_t used, max;
	pcre2_general_context *general;
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_match_data *data;
	struct sieve_regex *first;
};

/* ---- memory ---- */

/* In front of each piece, so that giving back can be counted. */
struct piece {
	alignas(max_align_t) size_t n;
};

static void *
get(PCRE2_SIZE n, void *arg)
{
	struct sieve_regex_pool *pool = arg;
	struct piece *piece;

	if (n > pool->max || pool->used > pool->max - n)
		return NULL;
	piece = pool->host->get(pool->host->arg, sizeof *piece + n);
	if (piece == NULL)
		return NULL;
	pool->used += n;
	piece->n = n;
	return piece + 1;
}

static void
give(void *p, void *arg)
{
	struct sieve_regex_pool *pool = arg;
	struct piece *piece = p;

	if (p == NULL)
		return;
	piece--;
	pool->used -= piece->n;
	pool->host->give(pool->host->arg, piece);
}

static bool
has_contexts(struct sieve_regex_pool *pool)
{
	pool->general = pcre2_general_context_create(get, give, pool);
	if (pool->general == NULL)
		return false;
	pool->compile = pcre2_compile_context_create(pool->general);
	pool->match = pcre2_match_context_create(pool->general);
	pool->data = pcre2_match_data_create(SIEVE_CAPTURES_MAX + 1, pool->general);
	if (pool->compile == NULL || pool->match == NULL || pool->data == NULL)
		return false;
	pcre2_set_newline(pool->compile, PCRE2_NEWLINE_ANYCRLF);
	pcre2_set_max_pattern_length(pool->compile, SIEVE_REGEX_MAX);
	pcre2_set_parens_nest_limit(pool->compile, SIEVE_REGEX_DEPTH_MAX);
	pcre2_set_depth_limit(pool->match, SIEVE_REGEX_FRAMES_MAX);
	pcre2_set_heap_limit(pool->match, SIEVE_REGEX_HEAP_MAX / 1024);
	return true;
}

struct sieve_regex_pool *
sieve_regex_pool_new(const struct sieve_alloc *host, size_t max)
{
	struct sieve_regex_pool *pool = host->get(host->arg, sizeof *pool);

	if (pool == NULL)
		return NULL;
	*pool = (struct sieve_regex_pool){ .host = host, .max = max };
	if (!has_contexts(pool))
		sieve_regex_pool_free(&pool);
	return pool;
}

static void
free_regex(struct sieve_regex_pool *pool, struct sieve_regex *regex)
{
	pcre2_code_free(regex->code);
	give(regex->pattern, pool);
	give(regex, pool);
}

void
sieve_regex_pool_free(struct sieve_regex_pool **pool)
{
	struct sieve_regex_pool *p = *pool;
	struct sieve_regex *regex;

	if (p == NULL)
		return;
	while ((regex = p->first) != NULL) {
		p->first = regex->next;
		free_regex(p, regex);
	}
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->match);
	pcre2_compile_context_free(p->compile);
	pcre2_general_context_free(p->general);
	p->host->give(p->host->arg, p);
	*pool = NULL;
}

/* ---- compiling ---- */

static void
tell_fault(int error, struct sieve_text pattern, size_t offset, struct sieve_regex_fault *fault)
{
	char text[128];

	fault->is_memory = error == PCRE2_ERROR_HEAP_FAILED || error == PCRE2_ERROR_NOMEMORY;
	if (pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof text) < 0)
		text[0] = '\0';
	snprintf(fault->text, sizeof fault->text, "%s at offset %zu", text,
	    sieve_brackets_place(pattern, offset));
}

/* One whose pattern is no UTF-8 compares octets. */
static pcre2_code *
make_code(struct sieve_regex_pool *pool, struct sieve_text pattern, struct sieve_regex *regex,
    int *error_out, size_t *offset_out)
{
	/* Without possessive repeats that nobody wrote, every octet looked at
	 * again is a step that PCRE2 counts. */
	uint32_t options = PCRE2_MULTILINE | PCRE2_NO_AUTO_POSSESS | PCRE2_NEVER_BACKSLASH_C;

	if (regex->is_utf)
		options |= PCRE2_UTF | PCRE2_UCP;
	if (regex->is_caseless)
		options |= PCRE2_CASELESS;
	return pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, options, error_out, offset_out,
	    pool->compile);
}

static bool
is_letter(unsigned c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static void
add_start(struct sieve_regex *regex, unsigned c)
{
	regex->starts[c / 8] |= (unsigned char)(1u << c % 8);
}

/* Where a match can begin, so that PCRE2 need not be asked everywhere.  What
 * it says of letters is not said of their case. */
static void
find_starts(struct sieve_regex *regex)
{
	uint32_t kind = 0, unit = 0, options = 0, flag = 0;
	const uint8_t *map = NULL;

	pcre2_pattern_info(regex->code, PCRE2_INFO_FIRSTCODETYPE, &kind);
	pcre2_pattern_info(regex->code, PCRE2_INFO_FIRSTCODEUNIT, &unit);
	pcre2_pattern_info(regex->code, PCRE2_INFO_FIRSTBITMAP, &map);
	pcre2_pattern_info(regex->code, PCRE2_INFO_ALLOPTIONS, &options);
	pcre2_pattern_info(regex->code, PCRE2_INFO_HASCRORLF, &flag);
	regex->is_anchored = (options & PCRE2_ANCHORED) != 0;
	regex->has_line_end = flag != 0;
	regex->is_at_line = kind == 2;
	regex->has_starts = kind == 1 || map != NULL;
	if (map != NULL)
		memcpy(regex->starts, map, sizeof regex->starts);
	if (kind != 1)
		return;
	add_start(regex, unit & 0xff);
	if (is_letter(unit))
		add_start(regex, unit ^ 32);
}

static void
find_needed(struct sieve_regex *regex)
{
	uint32_t kind = 0, unit = 0;

	pcre2_pattern_info(regex->code, PCRE2_INFO_LASTCODETYPE, &kind);
	pcre2_pattern_info(regex->code, PCRE2_INFO_LASTCODEUNIT, &unit);
	regex->needed = kind == 1 && unit < 0x80 ? (int)unit : -1;
}

/* Look-around, atomic groups, back-references, possessive and long fixed
 * repeats look at much and count for one step.  More than those are found. */
static bool
is_dear(struct sieve_text pattern)
{
	bool is_bound = false; /* in `{n,m}` */
	char c, before = '\0', next;
	size_t i, digits = 0;

	for (i = 0; i < pattern.n; before = c, i++) {
		c = pattern.p[i];
		next = i + 1 < pattern.n ? pattern.p[i + 1] : '\0';
		if (c == '\\') {
			i++;
			if (next != '\0' && strchr("123456789gkX", next) != NULL)
				return true;
		}
		digits = c >= '0' && c <= '9' ? digits + 1 : 0;
		is_bound = c == '{' || (is_bound && (digits > 0 || c == ','));
		if (is_bound && digits > 2)
			return true;
		if (c == '+' && before != '\0' && strchr("*+?}", before) != NULL)
			return true;
		if (before == '(' && (c == '*' ||
		    (c == '?' && strchr(":imsxn^-#", next) == NULL)))
			return true;
	}
	return false;
}

static struct sieve_regex *
make_regex(struct sieve_regex_pool *pool, struct sieve_text pattern, bool is_caseless,
    struct sieve_regex_fault *fault)
{
	struct sieve_regex regex = { .is_caseless = is_caseless, .is_dear = is_dear(pattern),
		.is_utf = sieve_unicode_is_valid(pattern) };
	struct sieve_regex *made = get(sizeof *made, pool);
	char *plain = get(pattern.n + 1, pool);
	int error = PCRE2_ERROR_NOMEMORY;
	size_t offset = 0;

	if (made != NULL && plain != NULL)
		regex.code = make_code(pool,
		    (struct sieve_text){ plain, sieve_brackets_plain(pattern, plain) }, &regex,
		    &error, &offset);
	give(plain, pool);
	if (regex.code == NULL) {
		give(made, pool);
		tell_fault(error, pattern, offset, fault);
		return NULL;
	}
	find_starts(&regex);
	find_needed(&regex);
	*made = regex;
	return made;
}

const struct sieve_regex *
sieve_regex_compile(struct sieve_regex_pool *pool, struct sieve_text pattern, bool is_caseless,
    struct sieve_regex_fault *fault)
{
	struct sieve_regex *regex = make_regex(pool, pattern, is_caseless, fault);

	if (regex == NULL)
		return NULL;
	regex->next = pool->first;
	pool->first = regex;
	return regex;
}

/* ---- those of a run ---- */

static bool
is_regex(const struct sieve_regex *regex, struct sieve_text pattern, bool is_caseless)
{
	return regex->pattern != NULL && regex->size == pattern.n &&
	    regex->is_caseless == is_caseless && memcmp(regex->pattern, pattern.p, pattern.n) == 0;
}

static void
drop_old(struct sieve_regex_pool *pool)
{
	struct sieve_regex **last = &pool->first, *old;
	unsigned n;

	for (n = 0; *last != NULL && n < SIEVE_REGEX_KEPT_MAX; n++)
		last = &(*last)->next;
	while ((old = *last) != NULL) {
		*last = old->next;
		free_regex(pool, old);
	}
}

const struct sieve_regex *
sieve_regex_find(struct sieve_regex_pool *pool, struct sieve_text pattern, bool is_caseless,
    uint64_t *steps, struct sieve_regex_fault *fault)
{
	struct sieve_regex *regex;
	size_t size = 0;
	char *copy;

	for (regex = pool->first; regex != NULL; regex = regex->next)
		if (is_regex(regex, pattern, is_caseless))
			return regex;
	copy = get(pattern.n + 1, pool);
	regex = copy == NULL ? NULL : make_regex(pool, pattern, is_caseless, fault);
	if (copy == NULL)
		tell_fault(PCRE2_ERROR_NOMEMORY, pattern, 0, fault);
	if (regex == NULL) {
		give(copy, pool);
		return NULL;
	}
	if (pattern.n > 0)
		memcpy(copy, pattern.p, pattern.n);
	regex->pattern = copy;
	regex->size = pattern.n;
	regex->next = pool->first;
	pool->first = regex;
	drop_old(pool);
	pcre2_pattern_info(regex->code, PCRE2_INFO_SIZE, &size);
	*steps += 10 + pattern.n + size / 16;
	return regex;
}

/* ---- matching ---- */

/* One search through a value. */
struct search {
	struct sieve_regex_pool *pool;
	const struct sieve_regex *regex;
	struct sieve_text subject;
	uint64_t max, spent;
};

/* PCRE2's limit holds for one place to begin at, so each is a call of its own,
 * with a limit that grows only when it must: what was spent is known then. */
#define FIRST_LIMIT 32

static bool
can_spend(struct search *search, size_t at, uint32_t limit)
{
	size_t looks = 1;

	if (search->regex->is_dear)
		looks += (search->subject.n - at) / 64;
	search->spent += (limit == FIRST_LIMIT ? 2 : limit / 4) * looks;
	return search->spent <= search->max;
}

static enum sieve_regex_outcome
match_at(struct search *search, size_t at, int *count_out)
{
	struct sieve_regex_pool *pool = search->pool;
	uint32_t limit = FIRST_LIMIT, options = PCRE2_ANCHORED;

	if (search->regex->is_utf)
		options |= PCRE2_NO_UTF_CHECK;
	for (; limit <= SIEVE_REGEX_MATCH_MAX; limit *= 4) {
		if (!can_spend(search, at, limit))
			return SIEVE_REGEX_TOO_COSTLY;
		pcre2_set_match_limit(pool->match, limit);
		*count_out = pcre2_match(search->regex->code, (PCRE2_SPTR)search->subject.p,
		    search->subject.n, at, options, pool->data, pool->match);
		if (*count_out >= 0)
			return SIEVE_REGEX_MATCH;
		if (*count_out == PCRE2_ERROR_NOMATCH)
			return SIEVE_REGEX_NO_MATCH;
		if (*count_out == PCRE2_ERROR_NOMEMORY)
			return SIEVE_REGEX_NO_MEMORY;
		if (*count_out != PCRE2_ERROR_MATCHLIMIT)
			break;
	}
	return SIEVE_REGEX_TOO_COSTLY;
}

/* Whether a match may begin there; between CR and LF only what names them. */
static bool
can_begin(const struct sieve_regex *regex, struct sieve_text subject, size_t at)
{
	unsigned char c = at < subject.n ? (unsigned char)subject.p[at] : 0;
	char before = at > 0 ? subject.p[at - 1] : '\n';

	if (regex->is_utf && (c & 0xc0) == 0x80)
		return false;
	if (before == '\r' && c == '\n' && (!regex->has_line_end || regex->is_at_line))
		return false;
	if (regex->is_at_line && before != '\n' && before != '\r')
		return false;
	if (!regex->has_starts)
		return true;
	return at < subject.n && (regex->starts[c / 8] & 1u << c % 8) != 0;
}

static bool
has_needed(const struct sieve_regex *regex, struct sieve_text subject)
{
	int c = regex->needed;

	if (c == -1)
		return true;
	if (subject.n == 0)
		return false;
	return memchr(subject.p, c, subject.n) != NULL ||
	    (is_letter((unsigned)c) && memchr(subject.p, c ^ 32, subject.n) != NULL);
}

static enum sieve_regex_outcome
search_all(struct search *search, int *count_out)
{
	enum sieve_regex_outcome outcome = SIEVE_REGEX_NO_MATCH;
	size_t last = search->regex->is_anchored ? 0 : search->subject.n, at;

	if (!has_needed(search->regex, search->subject))
		return SIEVE_REGEX_NO_MATCH;
	for (at = 0; at <= last && outcome == SIEVE_REGEX_NO_MATCH; at++)
		if (can_begin(search->regex, search->subject, at))
			outcome = match_at(search, at, count_out);
	return outcome;
}

static void
capture(struct sieve_regex_pool *pool, struct sieve_text value, int count,
    struct sieve_captures *out)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(pool->data);
	PCRE2_SIZE from, end;

	/* 0: there are more groups than there is room for. */
	out->n = count == 0 ? SIEVE_CAPTURES_MAX + 1 : (unsigned)count;
	for (count = 0; (unsigned)count < out->n; count++) {
		from = offsets[2 * count];
		end = offsets[2 * count + 1];
		/* A group that took no part; or `\K` behind the end. */
		if (from == PCRE2_UNSET || end == PCRE2_UNSET || from > end)
			from = end = 0;
		out->at[count] = (struct sieve_text){ value.p + from, end - from };
	}
}

enum sieve_regex_outcome
sieve_regex_match(struct sieve_regex_pool *pool, const struct sieve_regex *regex,
    struct sieve_text value, uint64_t max, uint64_t *steps, struct sieve_captures *captures)
{
	struct search search = { pool, regex, value, max, 1 + value.n / 64 };
	enum sieve_regex_outcome outcome;
	char *mended = NULL;
	int count = 0;

	if (value.p == NULL)
		search.subject = value = SIEVE_TEXT_EMPTY;
	if (regex->is_utf && !sieve_unicode_is_valid(value)) {
		mended = get(value.n, pool);
		if (mended == NULL)
			return SIEVE_REGEX_NO_MEMORY;
		sieve_unicode_mend(value, mended);
		search.subject.p = mended;
	}
	outcome = search_all(&search, &count);
	if (outcome == SIEVE_REGEX_MATCH && captures != NULL)
		capture(pool, value, count, captures);
	give(mended, pool);
	*steps += search.spent;
	return outcome;
}
