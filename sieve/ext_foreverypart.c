/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Loops over the parts of a message, RFC 5703 3.  in->part is the part that a
 * loop is at; its state is the last one that it has done with. */

#include <string.h>

#include "loop.h"
#include "message.h"

enum { NAME = 0 }; /* of the commands' own tags */

static bool can_enter_loop(struct sieve_interp *in, const struct sieve_call *call);

static bool
is_loop(const struct sieve_word *word)
{
	return word != NULL && word->can_enter == can_enter_loop;
}

/* ---- for other commands ---- */

bool
sieve_loop_is_around(const struct sieve_checker *checker, const struct sieve_node *node)
{
	if (checker->errors->name.n > 0)
		return true;
	for (node = node->parent; node != NULL; node = node->parent)
		if (is_loop(node->word))
			return true;
	return false;
}

/* The innermost one that is running, of this script or of one that has
 * included it; NULL: none. */
static struct sieve_loop *
find_loop(struct sieve_interp *in)
{
	struct sieve_frame *frame;
	unsigned i;

	for (frame = in->frame; frame != NULL; frame = frame->parent)
		for (i = frame->loop_count; i > 0; i--)
			if (is_loop(frame->loops[i - 1].call->word))
				return &frame->loops[i - 1];
	return NULL;
}

bool
sieve_loop_is_inside(struct sieve_interp *in)
{
	return find_loop(in) != NULL;
}

/* The first part behind all that is in this one. */
static uint32_t
find_behind(struct sieve_interp *in, uint32_t part)
{
	uint32_t count = sieve_message_part_count(in), i = part + 1;
	uint32_t depth = sieve_message_part(in, part).depth;

	while (i < count && sieve_message_part(in, i).depth > depth)
		i++;
	return i;
}

void
sieve_loop_skip(struct sieve_interp *in)
{
	struct sieve_loop *loop = find_loop(in);

	if (loop != NULL)
		loop->state = find_behind(in, in->part) - 1;
}

void
sieve_loop_end(struct sieve_interp *in)
{
	struct sieve_frame *frame;
	unsigned i;

	for (frame = in->frame; frame != NULL; frame = frame->parent)
		for (i = 0; i < frame->loop_count; i++)
			if (is_loop(frame->loops[i].call->word)) {
				frame->loops[i].state = SIEVE_NO_PART;
				frame->loops[i].base = 0;
			}
	in->part = 0;
}

/* ---- foreverypart ---- */

/* Goes to a part if it is one of those that the loop is about. */
static bool
can_go_to(struct sieve_interp *in, struct sieve_loop *loop, uint32_t part)
{
	if (loop->state != SIEVE_NO_PART && part < sieve_message_part_count(in) &&
	    (part == 0 || sieve_message_part(in, part).depth >
		sieve_message_part(in, loop->base).depth)) {
		loop->state = in->part = part;
		return true;
	}
	in->part = loop->base;
	return false;
}

static bool
can_enter_loop(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_loop *loop = sieve_interp_loop(in);
	bool is_inner;

	(void)call;
	/* It is on the stack already: is there one around it? */
	in->frame->loop_count--;
	is_inner = sieve_loop_is_inside(in);
	in->frame->loop_count++;
	loop->base = in->part;
	/* RFC 5703 3: an inner one goes through what is in the part that the
	 * outer one is at, the outermost through all, the message first. */
	return can_go_to(in, loop, is_inner ? in->part + 1 : 0);
}

static bool
can_repeat_loop(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_loop *loop = sieve_interp_loop(in);

	(void)call;
	return sieve_interp_can_spend(in, 1) && can_go_to(in, loop, loop->state + 1);
}

static struct sieve_text
name_of(const struct sieve_call *call)
{
	const struct sieve_tagged *tagged = sieve_call_value(call, SIEVE_OWN(NAME));

	return tagged == NULL ? SIEVE_TEXT_EMPTY : tagged->list.at[0].text;
}

static bool
is_same_name(struct sieve_text a, struct sieve_text b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static void
run_break(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_frame *frame = in->frame;
	struct sieve_loop *loop;
	unsigned i;

	for (i = frame->loop_count; i > 0; i--) {
		loop = &frame->loops[i - 1];
		if (!is_loop(loop->call->word) || (sieve_call_has(call, SIEVE_OWN(NAME)) &&
		    !is_same_name(name_of(loop->call), name_of(call))))
			continue;
		in->part = loop->base;
		sieve_interp_break(in, frame->loop_count - i + 1);
		return;
	}
}

/* ---- what is known before they run ---- */

static const struct sieve_string *
find_name(const struct sieve_node *node)
{
	const struct sieve_argument *name = node->bound.values[SIEVE_OWN(NAME)];

	return name == NULL ? NULL : name->strings;
}

static void
check_name(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *name = find_name(node);

	if (name != NULL && name->has_references)
		sieve_error_add(checker->errors, name->offset,
		    "the name of a loop must be a constant string");
}

/* RFC 5703 3: "It is an error if there is no enclosing loop with that name." */
static void
check_break(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *name = find_name(node), *other;
	const struct sieve_node *loop;

	check_name(checker, node);
	for (loop = node->parent; loop != NULL; loop = loop->parent) {
		if (!is_loop(loop->word))
			continue;
		other = find_name(loop);
		if (name == NULL || (other != NULL && is_same_name(name->text, other->text)))
			return;
	}
	if (name == NULL)
		sieve_error_add(checker->errors, node->offset,
		    "`break` stands in no `foreverypart`");
	else
		sieve_error_add(checker->errors, name->offset,
		    "no `foreverypart` around this `break` has the name \"%.*s\"",
		    SIEVE_TEXT_ARG(name->text));
}

static const struct sieve_tag tags[] = {
	{ "name", SIEVE_OWN(NAME), SIEVE_VALUE_STRING, 1 },
	{ .name = NULL },
};

static const struct sieve_word words[] = {
	{ .name = "foreverypart", .kind = SIEVE_COMMAND, .groups = SIEVE_OWN_BIT(NAME),
	    .tags = tags, .has_block = true, .check = check_name, .can_enter = can_enter_loop,
	    .can_repeat = can_repeat_loop },
	{ .name = "break", .kind = SIEVE_COMMAND, .groups = SIEVE_OWN_BIT(NAME), .tags = tags,
	    .check = check_break, .run = run_break },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_foreverypart = {
	.name = "foreverypart",
	.rfc = "RFC 5703",
	.words = words,
};
