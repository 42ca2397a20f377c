/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Address lists of headers, one item after the other.  Does not know of
 * charsets or encoded words: names come out as written. */
#include "mail/address.h"

#include <string.h>

#include "mail/limits.h"
#include "mail/path.h"

enum token_kind {
	TOKEN_END,
	TOKEN_ATOM,    /* atext, dots and 8-bit bytes */
	TOKEN_QUOTED,  /* with its quotes */
	TOKEN_LITERAL, /* with its brackets */
	TOKEN_SPECIAL, /* any other byte */
};

struct token {
	enum token_kind kind;
	size_t begin, end;
};

/* A list with one token of look-ahead. */
struct parser {
	struct str text;
	size_t at; /* behind token */
	struct token token;
	size_t done; /* the end of the token before it */
	struct str comment;
	unsigned unclosed;
	struct arena *a;
	bool is_out_of_memory;
};

/* Words as they come; is_joined: they are a local part or a domain. */
struct words {
	size_t begin, end, count;
	bool is_joined, has_quoted;
	struct token last;
};

/* Bits of `unclosed`: looking for their end again would find nothing again. */
#define UNCLOSED_QUOTE 1u
#define UNCLOSED_COMMENT 2u
#define UNCLOSED_LITERAL 4u

static bool
is_atom_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') || (str_lower(c) >= 'a' && str_lower(c) <= 'z') ||
	    c >= 0x80 || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

/* Offset behind the byte that closes what opens at `at`; 0 when none does. */
static size_t
find_close(struct parser *p, char open, char close, unsigned unclosed)
{
	size_t depth = 0;

	if ((p->unclosed & unclosed) != 0)
		return 0;
	for (size_t i = p->at; i < p->text.n; i++) {
		char c = p->text.p[i];

		if (c == '\\')
			i++;
		else if (c == close && (open != close || i > p->at)) {
			if (open != '(' || --depth == 0)
				return i + 1;
		} else if (c == open)
			depth++;
	}
	p->unclosed |= unclosed;
	return 0;
}

/* RFC 5322 3.2.2: CFWS. */
static void
skip_space(struct parser *p)
{
	for (; p->at < p->text.n; p->at++) {
		char c = p->text.p[p->at];
		size_t end;

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		end = c == '(' ? find_close(p, '(', ')', UNCLOSED_COMMENT) : 0;
		if (end == 0)
			return;
		p->comment = str_sub(p->text, p->at + 1, end - p->at - 2);
		p->at = end - 1;
	}
}

static void
advance(struct parser *p)
{
	size_t begin, end = 0;

	p->done = p->token.end;
	skip_space(p);
	begin = p->at;
	p->token = (struct token){ TOKEN_END, begin, begin };
	if (begin == p->text.n)
		return;
	if (p->text.p[begin] == '"') {
		p->token.kind = TOKEN_QUOTED;
		end = find_close(p, '"', '"', UNCLOSED_QUOTE);
	} else if (p->text.p[begin] == '[') {
		p->token.kind = TOKEN_LITERAL;
		end = find_close(p, '[', ']', UNCLOSED_LITERAL);
	} else if (is_atom_byte((unsigned char)p->text.p[begin])) {
		p->token.kind = TOKEN_ATOM;
		for (end = begin; end < p->text.n && is_atom_byte((unsigned char)p->text.p[end]);)
			end++;
	}
	if (end == 0) {
		p->token.kind = TOKEN_SPECIAL;
		end = begin + 1;
	}
	p->token.end = end;
	p->at = end;
}

static struct str
span(const struct parser *p, size_t begin, size_t end)
{
	return str_sub(p->text, begin, end - begin);
}

static bool
is_special(const struct parser *p, char c)
{
	return p->token.kind == TOKEN_SPECIAL && p->text.p[p->token.begin] == c;
}

/* What ends an item.  `;` outside of a group separates too. */
static bool
is_at_end(const struct parser *p)
{
	return p->token.kind == TOKEN_END || is_special(p, ',') || is_special(p, ';');
}

/* RFC 5322 4.4 allows blanks and comments round a dot, and nowhere else. */
static bool
is_dot_between(const struct parser *p, const struct token *left, const struct token *right)
{
	return (left->kind == TOKEN_ATOM && p->text.p[left->end - 1] == '.') ||
	    (right->kind == TOKEN_ATOM && p->text.p[right->begin] == '.');
}

static struct words
take_words(struct parser *p)
{
	struct words words = { .begin = p->token.begin, .end = p->token.begin,
		.is_joined = true };

	while (p->token.kind == TOKEN_ATOM || p->token.kind == TOKEN_QUOTED) {
		if (words.count++ > 0 && !is_dot_between(p, &words.last, &p->token))
			words.is_joined = false;
		words.has_quoted |= p->token.kind == TOKEN_QUOTED;
		words.last = p->token;
		words.end = p->token.end;
		advance(p);
	}
	if (words.count == 0)
		words.is_joined = false;
	return words;
}

/* Copies one word to `to`, undone of its quotes; returns how much. */
static size_t
copy_word(const struct parser *p, char *to)
{
	struct str word = span(p, p->token.begin, p->token.end);
	size_t n = 0;

	if (p->token.kind != TOKEN_QUOTED) {
		memcpy(to, word.p, word.n);
		return word.n;
	}
	for (size_t i = 1; i + 1 < word.n; i++) {
		if (word.p[i] == '\r' || word.p[i] == '\n')
			continue;
		if (word.p[i] == '\\')
			i++;
		to[n++] = word.p[i];
	}
	return n;
}

/* The words without what is between and round them. */
static struct str
join_words(struct parser *p, const struct words *words)
{
	struct parser again = { .text = str_sub(p->text, 0, words->end), .at = words->begin };
	char *to;
	size_t n = 0;

	if (words->count == 1 && words->last.kind == TOKEN_ATOM)
		return span(p, words->begin, words->end);
	to = arena_alloc(p->a, words->end - words->begin);
	if (to == NULL) {
		p->is_out_of_memory = true;
		return STR_EMPTY;
	}
	for (advance(&again); again.token.kind != TOKEN_END; advance(&again))
		n += copy_word(&again, to + n);
	return (struct str){ to, n };
}

static bool
is_clean(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 127)
			return false;
	return path_is_utf8(text);
}

static bool
has_empty_label(struct str domain)
{
	for (size_t i = 0; i < domain.n; i++)
		if (domain.p[i] == '.' && (i == 0 || i + 1 == domain.n || domain.p[i - 1] == '.'))
			return true;
	return domain.n == 0;
}

static bool
can_take_domain(struct parser *p, struct str *out)
{
	struct words words;

	if (p->token.kind == TOKEN_LITERAL) {
		*out = span(p, p->token.begin, p->token.end);
		advance(p);
		return is_clean(*out);
	}
	words = take_words(p);
	if (!words.is_joined || words.has_quoted)
		return false;
	*out = join_words(p, &words);
	return is_clean(*out) && !has_empty_label(*out);
}

/* Behind the words of a local part: the rest of addr-spec, or nothing. */
static bool
can_take_address(struct parser *p, const struct words *words, struct address *out)
{
	if (!words->is_joined)
		return false;
	out->domain = STR_EMPTY;
	if (is_special(p, '@')) {
		advance(p);
		if (!can_take_domain(p, &out->domain))
			return false;
	}
	out->local = join_words(p, words);
	return is_clean(out->local);
}

/* RFC 5322 4.4: obs-route. */
static bool
can_skip_route(struct parser *p)
{
	if (!is_special(p, '@'))
		return true;
	while (is_special(p, '@') || is_special(p, ',') || p->token.kind == TOKEN_ATOM ||
	    p->token.kind == TOKEN_LITERAL)
		advance(p);
	if (!is_special(p, ':'))
		return false;
	advance(p);
	return true;
}

static bool
can_take_angle(struct parser *p, struct address *out)
{
	struct words words;

	advance(p);
	out->local = STR_EMPTY;
	out->domain = STR_EMPTY;
	if (!is_special(p, '>')) {
		if (!can_skip_route(p))
			return false;
		words = take_words(p);
		if (!can_take_address(p, &words, out) || !is_special(p, '>'))
			return false;
	}
	advance(p);
	return is_at_end(p);
}

/* One item, from its first token to the one that ends it. */
static bool
can_take_item(struct parser *p, bool in_group, struct address *out)
{
	size_t begin = p->token.begin;
	struct words words = take_words(p);

	out->kind = ADDRESS_MAILBOX;
	if (is_special(p, ':') && !in_group && words.count > 0) {
		out->kind = ADDRESS_GROUP_START;
		out->display = span(p, words.begin, words.end);
		advance(p);
		return true;
	}
	if (!is_special(p, '<') && can_take_address(p, &words, out) && is_at_end(p))
		return true;
	/* Whatever it was, what stands before <...> is a name. */
	while (!is_special(p, '<') && !is_at_end(p))
		advance(p);
	if (!is_special(p, '<'))
		return false;
	if (p->done > begin)
		out->display = span(p, begin, p->done);
	return can_take_angle(p, out);
}

static void
take_item(struct parser *p, bool in_group, struct address *out)
{
	size_t begin = p->token.begin;
	bool is_ok = can_take_item(p, in_group, out);

	if (!is_ok) {
		while (!is_at_end(p))
			advance(p);
		*out = (struct address){ .kind = ADDRESS_INVALID };
	} else if (out->kind == ADDRESS_MAILBOX) {
		out->comment = p->comment;
	}
	out->raw = str_trim(span(p, begin, p->token.begin));
}

void
address_list_init(struct address_list *list, struct str value, struct arena *a)
{
	*list = (struct address_list){ .text = value, .a = a };
}

/* Passes separators; true when the end of a group is among them. */
static bool
is_group_closed(struct parser *p, bool in_group)
{
	for (; is_special(p, ',') || is_special(p, ';'); advance(p)) {
		if (is_special(p, ';') && in_group)
			return true;
		p->comment = STR_EMPTY;
	}
	return p->token.kind == TOKEN_END && in_group;
}

bool
address_has_next(struct address_list *list, struct address *out)
{
	struct parser p = { .text = list->text, .at = list->at, .unclosed = list->unclosed,
		.a = list->a };

	*out = (struct address){ .kind = ADDRESS_INVALID };
	advance(&p);
	if (is_group_closed(&p, list->in_group)) {
		list->in_group = false;
		list->unclosed = p.unclosed;
		list->at = p.token.end;
		out->kind = ADDRESS_GROUP_END;
		out->raw = span(&p, p.token.begin, p.token.end);
		return true;
	}
	if (p.token.kind == TOKEN_END)
		return false;
	if (list->count == LIMITS_ADDRESSES) {
		list->limits |= LIMITS_MET_ADDRESSES;
		list->at = list->text.n;
		return address_has_next(list, out);
	}
	list->count++;
	take_item(&p, list->in_group, out);
	if (p.is_out_of_memory) {
		list->limits |= LIMITS_MET_MEMORY;
		list->at = list->text.n;
		return address_has_next(list, out);
	}
	if (out->kind == ADDRESS_GROUP_START)
		list->in_group = true;
	list->at = p.token.begin;
	list->unclosed = p.unclosed;
	return true;
}

bool
address_is_valid(struct str text)
{
	struct arena a = ARENA_EMPTY;
	struct path path;
	bool is_valid;

	is_valid = path_is_mailbox(text, true, &a, &path) && path.domain.n > 0;
	arena_fini(&a);
	return is_valid;
}

/* RFC 5321 4.1.2: Dot-string. */
static bool
is_dot_string(struct str local)
{
	for (size_t i = 0; i < local.n; i++)
		if (!is_atom_byte((unsigned char)local.p[i]))
			return false;
	return !has_empty_label(local);
}

void
address_add_local(struct buf *out, struct str local)
{
	if (is_dot_string(local)) {
		buf_add_str(out, local);
		return;
	}
	buf_add_byte(out, '"');
	for (size_t i = 0; i < local.n; i++) {
		unsigned char c = (unsigned char)local.p[i];

		if (c == '"' || c == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, c < ' ' || c == 127 ? '?' : local.p[i]);
	}
	buf_add_byte(out, '"');
}

void
address_add(struct buf *out, struct str local, struct str domain)
{
	if (local.n == 0 && domain.n == 0)
		return;
	address_add_local(out, local);
	if (domain.n == 0)
		return;
	buf_add_byte(out, '@');
	buf_add_str(out, domain);
}

void
address_add_unquoted(struct buf *out, struct str quoted)
{
	for (size_t i = 0; i < quoted.n; i++) {
		if (quoted.p[i] == '\r' || quoted.p[i] == '\n')
			continue;
		if (quoted.p[i] == '\\' && ++i == quoted.n)
			return;
		buf_add_byte(out, quoted.p[i]);
	}
}
