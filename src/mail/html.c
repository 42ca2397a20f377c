/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* HTML to text in one pass, and back.  Builds no tree: what a person reads
 * needs to know no more than where lines end. */

#include "mail/html.h"

#include <string.h>

#include "mail/charset.h"

/* What an element does to the text around and in it. */
enum effect {
	EFFECT_NONE,
	EFFECT_BREAK,	  /* a line ends here */
	EFFECT_BLOCK,	  /* begins and ends a line */
	EFFECT_PARAGRAPH, /* likewise, and an empty line is between two */
	EFFECT_PRE,	  /* likewise, and white space in it stays */
	EFFECT_CELL,	  /* a blank between two */
	EFFECT_IMAGE,	  /* its alt text */
	EFFECT_HIDDEN,	  /* what is in it is no markup, and not shown */
};

static const struct {
	const char name[12];
	enum effect effect;
} elements[] = {
	{ "address", EFFECT_BLOCK }, { "article", EFFECT_BLOCK }, { "aside", EFFECT_BLOCK },
	{ "blockquote", EFFECT_PARAGRAPH }, { "br", EFFECT_BREAK }, { "caption", EFFECT_BLOCK },
	{ "center", EFFECT_BLOCK }, { "dd", EFFECT_BLOCK }, { "details", EFFECT_BLOCK },
	{ "dir", EFFECT_PARAGRAPH }, { "div", EFFECT_BLOCK }, { "dl", EFFECT_PARAGRAPH },
	{ "dt", EFFECT_BLOCK }, { "fieldset", EFFECT_BLOCK }, { "figcaption", EFFECT_BLOCK },
	{ "figure", EFFECT_PARAGRAPH }, { "footer", EFFECT_BLOCK }, { "form", EFFECT_BLOCK },
	{ "h1", EFFECT_PARAGRAPH }, { "h2", EFFECT_PARAGRAPH }, { "h3", EFFECT_PARAGRAPH },
	{ "h4", EFFECT_PARAGRAPH }, { "h5", EFFECT_PARAGRAPH }, { "h6", EFFECT_PARAGRAPH },
	{ "header", EFFECT_BLOCK }, { "hr", EFFECT_BLOCK }, { "iframe", EFFECT_HIDDEN },
	{ "img", EFFECT_IMAGE }, { "legend", EFFECT_BLOCK }, { "li", EFFECT_BLOCK },
	{ "listing", EFFECT_PRE }, { "main", EFFECT_BLOCK }, { "menu", EFFECT_PARAGRAPH },
	{ "nav", EFFECT_BLOCK }, { "noembed", EFFECT_HIDDEN }, { "noframes", EFFECT_HIDDEN },
	{ "ol", EFFECT_PARAGRAPH }, { "option", EFFECT_BLOCK }, { "p", EFFECT_PARAGRAPH },
	{ "pre", EFFECT_PRE }, { "script", EFFECT_HIDDEN }, { "section", EFFECT_BLOCK },
	{ "style", EFFECT_HIDDEN }, { "summary", EFFECT_BLOCK }, { "table", EFFECT_BLOCK },
	{ "td", EFFECT_CELL }, { "textarea", EFFECT_PRE }, { "th", EFFECT_CELL },
	{ "title", EFFECT_HIDDEN }, { "tr", EFFECT_BLOCK }, { "ul", EFFECT_PARAGRAPH },
};

struct reader {
	struct buf *out;
	struct str rest; /* what is not yet read */
	size_t start;	 /* of what was appended to out */
	size_t lines;	 /* line ends that go in front of the next character */
	bool is_blank;	 /* a blank goes in front of it, within a line */
	size_t pre;	 /* how many <pre> are open */
	bool is_cut;	 /* the last tag has no end: it is none */
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool
is_letter(char c)
{
	unsigned char lower = str_lower((unsigned char)c);

	return lower >= 'a' && lower <= 'z';
}

/* ---- text that is shown ---- */

/* Line ends and blanks are only made up when something follows them. */
static void
settle(struct reader *r)
{
	if (r->out->n == r->start)
		r->lines = 0;
	else if (r->lines == 0 && r->is_blank)
		buf_add_byte(r->out, ' ');
	for (; r->lines > 0; r->lines--)
		buf_add_byte(r->out, '\n');
	r->is_blank = false;
}

static void
want_lines(struct reader *r, size_t lines)
{
	if (r->lines < lines)
		r->lines = lines;
	r->is_blank = false;
}

/* White space as written: only in <pre> it is more than one blank. */
static void
add_space(struct reader *r, char c)
{
	if (r->pre == 0) {
		r->is_blank = r->out->n > r->start;
	} else if (c == '\n') {
		r->lines++;
		r->is_blank = false;
	} else if (c != '\r') {
		settle(r);
		buf_add_byte(r->out, c == '\t' ? '\t' : ' ');
	}
}

static void
add_run(struct reader *r, struct str run)
{
	if (run.n == 0)
		return;
	settle(r);
	buf_add_str(r->out, run);
}

/* Soft hyphen, zero-width space, word joiner, byte order mark. */
static bool
is_unseen(unsigned long code)
{
	return code == 0xad || code == 0x200b || code == 0x2060 || code == 0xfeff;
}

static void
add_code(struct reader *r, unsigned long code)
{
	if (code < 0x80 && is_space((char)code)) {
		add_space(r, (char)code);
	} else if (!is_unseen(code)) {
		settle(r);
		/* A no-break space does not look like anything else than a blank. */
		charset_add_utf8(r->out, code == 0xa0 ? ' ' : code);
	}
}

/* Of text: up to what must be looked at. */
static size_t
count_plain(struct str text)
{
	size_t n = 0;

	/* U+00A0, U+00AD; U+2xxx; U+FEFF */
	while (n < text.n && text.p[n] != '&' && !is_space(text.p[n]) &&
	    text.p[n] != '\xc2' && text.p[n] != '\xe2' && text.p[n] != '\xef')
		n++;
	return n;
}

static void
add_text(struct reader *r, struct str text)
{
	while (text.n > 0) {
		size_t n = count_plain(text), size = 0;
		unsigned long code = 0;

		add_run(r, str_sub(text, 0, n));
		text = str_from(text, n);
		if (text.n == 0)
			break;
		if (text.p[0] == '&' && html_has_reference(text, &code, &size)) {
			add_code(r, code);
		} else if ((size = charset_take_utf8(text, &code)) > 0) {
			add_code(r, code);
		} else {
			size = 1;
			add_run(r, str_sub(text, 0, size));
		}
		text = str_from(text, size);
	}
}

/* ---- tags ---- */

static enum effect
find_effect(struct str name)
{
	size_t low = 0, high = sizeof elements / sizeof *elements;
	char lower[sizeof elements->name];
	size_t n;

	if (name.n > sizeof lower)
		return EFFECT_NONE;
	for (n = 0; n < name.n; n++)
		lower[n] = (char)str_lower((unsigned char)name.p[n]);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare((struct str){ lower, n }, str_of(elements[middle].name));

		if (order == 0)
			return elements[middle].effect;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return EFFECT_NONE;
}

static struct str
take_tag_name(struct reader *r)
{
	struct str name = r->rest;
	size_t n = 0;

	while (n < name.n && !is_space(name.p[n]) && name.p[n] != '/' && name.p[n] != '>')
		n++;
	r->rest = str_from(name, n);
	return str_sub(name, 0, n);
}

static void
skip_space(struct reader *r)
{
	size_t n = 0;

	while (n < r->rest.n && is_space(r->rest.p[n]))
		n++;
	r->rest = str_from(r->rest, n);
}

/* Behind the `=`; a quote that is never closed takes the rest, as in a browser. */
static struct str
take_value(struct reader *r)
{
	struct str value;
	char quote;
	size_t n = 0;

	skip_space(r);
	quote = r->rest.n == 0 ? '\0' : r->rest.p[0];
	if (quote == '"' || quote == '\'') {
		r->rest = str_from(r->rest, 1);
		value = r->rest;
		while (n < value.n && value.p[n] != quote)
			n++;
		r->rest = str_from(value, n + 1);
	} else {
		value = r->rest;
		while (n < value.n && !is_space(value.p[n]) && value.p[n] != '>')
			n++;
		r->rest = str_from(value, n);
	}
	return str_sub(value, 0, n);
}

/* The next attribute; false at the end of the tag, which is taken. */
static bool
has_attribute(struct reader *r, struct str *name, struct str *value)
{
	size_t n = 0;

	while (r->rest.n > 0 && (is_space(r->rest.p[0]) || r->rest.p[0] == '/'))
		r->rest = str_from(r->rest, 1);
	*value = STR_EMPTY;
	if (r->rest.n == 0 || r->rest.p[0] == '>') {
		r->is_cut = r->rest.n == 0;
		r->rest = str_from(r->rest, 1);
		return false;
	}
	/* HTML 13.2.5.32: an `=` in front belongs to the name. */
	do
		n++;
	while (n < r->rest.n && !is_space(r->rest.p[n]) && strchr("/>=", r->rest.p[n]) == NULL);
	*name = str_sub(r->rest, 0, n);
	r->rest = str_from(r->rest, n);
	skip_space(r);
	if (r->rest.n > 0 && r->rest.p[0] == '=') {
		r->rest = str_from(r->rest, 1);
		*value = take_value(r);
	}
	return true;
}

/* Up to </name, which may be at the end of all there is. */
static void
skip_hidden(struct reader *r, struct str element)
{
	struct str text = r->rest;
	ptrdiff_t open;

	while ((open = str_find_byte(text, '<')) != -1) {
		struct str name, behind;

		r->rest = str_from(text, (size_t)open);
		text = str_from(r->rest, 1);
		name = str_from(text, 1);
		behind = str_from(name, element.n);
		if (text.n > 0 && text.p[0] == '/' && str_has_prefix_nocase(name, element) &&
		    behind.n > 0 && (is_space(behind.p[0]) || behind.p[0] == '/' || behind.p[0] == '>'))
			return;
	}
	r->rest = STR_EMPTY;
}

static void
open_pre(struct reader *r)
{
	want_lines(r, 2);
	r->pre++;
	/* HTML 13.1.2.5: the first line end in it is not shown. */
	if (str_has_prefix(r->rest, STR("\r\n")))
		r->rest = str_from(r->rest, 2);
	else if (str_has_prefix(r->rest, STR("\n")))
		r->rest = str_from(r->rest, 1);
}

static void
apply(struct reader *r, enum effect effect)
{
	switch (effect) {
	case EFFECT_BREAK:
		r->lines++;
		r->is_blank = false;
		break;
	case EFFECT_BLOCK:
		want_lines(r, 1);
		break;
	case EFFECT_PARAGRAPH:
	case EFFECT_PRE:
		want_lines(r, 2);
		break;
	case EFFECT_CELL:
		r->is_blank = true;
		break;
	case EFFECT_NONE:
	case EFFECT_IMAGE:
	case EFFECT_HIDDEN:
		break;
	}
}

static void
take_start_tag(struct reader *r)
{
	struct str element = take_tag_name(r), name, value, alt = STR_EMPTY;
	enum effect effect = find_effect(element);

	while (has_attribute(r, &name, &value))
		if (alt.n == 0 && str_is_equal_nocase(name, STR("alt")))
			alt = value;
	if (r->is_cut)
		return;
	apply(r, effect);
	if (effect == EFFECT_PRE)
		open_pre(r);
	if (effect == EFFECT_IMAGE)
		add_text(r, alt);
	if (effect == EFFECT_HIDDEN)
		skip_hidden(r, element);
}

static void
take_end_tag(struct reader *r)
{
	enum effect effect = find_effect(take_tag_name(r));
	struct str name, value;

	while (has_attribute(r, &name, &value))
		continue;
	if (effect == EFFECT_PRE && r->pre > 0)
		r->pre--;
	apply(r, effect);
}

/* Behind `<`: what is no tag and ends at the next `>`. */
static void
skip_bogus(struct reader *r)
{
	ptrdiff_t end = str_find_byte(r->rest, '>');

	r->rest = end == -1 ? STR_EMPTY : str_from(r->rest, (size_t)end + 1);
}

/* Behind `<!--`; HTML 13.2.5.43: `<!-->` is one too, and `--!>` ends one. */
static void
skip_comment(struct reader *r)
{
	struct str text = r->rest;
	ptrdiff_t dash;

	if (str_has_prefix(text, STR(">")) || str_has_prefix(text, STR("->"))) {
		skip_bogus(r);
		return;
	}
	while ((dash = str_find_byte(text, '-')) != -1) {
		text = str_from(text, (size_t)dash + 1);
		if (str_has_prefix(text, STR("->")) || str_has_prefix(text, STR("-!>"))) {
			r->rest = text;
			skip_bogus(r);
			return;
		}
	}
	r->rest = STR_EMPTY;
}

/* At `<`. */
static void
take_markup(struct reader *r)
{
	struct str text = str_from(r->rest, 1);
	char next = text.n == 0 ? '\0' : text.p[0];

	if (is_letter(next)) {
		r->rest = text;
		take_start_tag(r);
	} else if (next == '/' && text.n > 1 && is_letter(text.p[1])) {
		r->rest = str_from(text, 1);
		take_end_tag(r);
	} else if (str_has_prefix(text, STR("!--"))) {
		r->rest = str_from(text, 3);
		skip_comment(r);
	} else if (next == '!' || next == '?' || next == '/') {
		r->rest = text;
		skip_bogus(r);
	} else {
		add_run(r, STR("<"));
		r->rest = text;
	}
}

void
html_add_text(struct buf *out, struct str html)
{
	struct reader r = { .out = out, .rest = html, .start = out->n };

	while (r.rest.n > 0 && !out->bad) {
		ptrdiff_t tag = str_find_byte(r.rest, '<');
		struct str text = tag == -1 ? r.rest : str_sub(r.rest, 0, (size_t)tag);

		r.rest = str_from(r.rest, text.n);
		add_text(&r, text);
		if (r.rest.n > 0)
			take_markup(&r);
	}
}

/* ---- text to HTML ---- */

static void
add_escaped(struct buf *out, struct str line)
{
	bool was_blank = true;

	for (size_t i = 0; i < line.n; i++) {
		bool is_blank = line.p[i] == ' ' || line.p[i] == '\t';

		if (line.p[i] == '&')
			buf_add_cstr(out, "&amp;");
		else if (line.p[i] == '<')
			buf_add_cstr(out, "&lt;");
		else if (line.p[i] == '>')
			buf_add_cstr(out, "&gt;");
		else if (is_blank && was_blank)
			buf_add_cstr(out, "&nbsp;");
		else
			buf_add_byte(out, line.p[i]);
		was_blank = is_blank;
	}
}

static void
add_paragraphs(struct buf *out, struct str text)
{
	struct str line;
	bool is_open = false;

	while (str_can_split(&text, '\n', &line)) {
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0) {
			buf_add_cstr(out, is_open ? "</p>\n" : "");
			is_open = false;
			continue;
		}
		buf_add_cstr(out, is_open ? "<br>\n" : "<p>");
		is_open = true;
		add_escaped(out, line);
	}
	buf_add_cstr(out, is_open ? "</p>\n" : "");
}

void
html_add_document(struct buf *out, struct str text)
{
	buf_add_cstr(out, "<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"></head>\n<body>\n");
	add_paragraphs(out, text);
	buf_add_cstr(out, "</body>\n</html>\n");
}
