/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Changed messages as pieces of the original and bytes that were made.  Parses
 * nothing. */

#include "filter/version.h"

#include "ipc/pieces.h"

/* A range of the original that is shorter travels as bytes: a piece takes 17. */
#define PIECE_LEAST ((size_t)64)

/* A pass over the leaves of a message; counts when it has no list. */
struct pass {
	const struct host *host;
	size_t least; /* shorter ones of the original are bytes */
	struct rec_piece *at;
	struct buf *bytes;
	size_t made; /* offset behind what was made */
	size_t n;
	uint64_t end; /* of the last range of the original */
	bool is_last_made;
};

static void
add_made(struct pass *pass, struct str leaf)
{
	if (pass->n == 0 || !pass->is_last_made) {
		if (pass->at != NULL)
			pass->at[pass->n] = (struct rec_piece){ .is_made = 1, .from = pass->made };
		pass->n++;
	}
	pass->made += leaf.n;
	pass->is_last_made = true;
	if (pass->at == NULL)
		return;
	pass->at[pass->n - 1].size += leaf.n;
	buf_add_str(pass->bytes, leaf);
}

static void
add_original(struct pass *pass, uint64_t from, size_t size)
{
	if (pass->n == 0 || pass->is_last_made || from != pass->end) {
		if (pass->at != NULL)
			pass->at[pass->n] = (struct rec_piece){ .from = from };
		pass->n++;
	}
	if (pass->at != NULL)
		pass->at[pass->n - 1].size += size;
	pass->end = from + size;
	pass->is_last_made = false;
}

static void
go_over(struct pass *pass, const struct host_leaves *leaves)
{
	size_t i;
	uint64_t from;

	for (i = 0; i < leaves->n; i++) {
		struct str leaf = leaves->at[i];

		from = host_is_original(pass->host, leaf)
		    ? (uint64_t)(leaf.p - pass->host->original.text.p)
		    : 0;
		/* Nothing of the original is taken twice, or out of its order. */
		if (leaf.n < pass->least || from < pass->end ||
		    !host_is_original(pass->host, leaf))
			add_made(pass, leaf);
		else
			add_original(pass, from, leaf.n);
	}
}

static struct pass
count(const struct host *host, const struct host_leaves *leaves, size_t least)
{
	struct pass pass = { .host = host, .least = least };

	go_over(&pass, leaves);
	return pass;
}

bool
version_is_made(const struct host *host, const struct str *pieces, size_t n, struct buf *made,
    struct rec_version *out)
{
	struct host_leaves leaves;
	struct pass pass;
	size_t least = PIECE_LEAST;
	bool is_made = false;

	if (!host_has_leaves(host, pieces, n, &leaves))
		return false;
	/* Fewer pieces are more bytes: at last one piece with all of them. */
	for (pass = count(host, &leaves, least); pass.n > FILTER_PIECES_MAX;
	     pass = count(host, &leaves, least))
		least *= 2;
	if (pass.made > FILTER_MADE_MAX - made->n)
		goto out;
	out->pieces.n = pass.n;
	out->pieces.at = arena_array(host->arena, pass.n + 1, sizeof *out->pieces.at);
	if (out->pieces.at == NULL || buf_reserve(made, pass.made) == NULL)
		goto out;
	pass = (struct pass){ .host = host, .least = least, .at = out->pieces.at, .bytes = made,
		.made = made->n };
	go_over(&pass, &leaves);
	is_made = buf_is_ok(made);
out:
	host_leaves_fini(&leaves);
	return is_made;
}

bool
version_is_joined(struct host *host, const struct rec_version *version, struct str made,
    struct str *out)
{
	struct str pieces[FILTER_PIECES_MAX];

	return pieces_are_found(version, host->original.text, made, pieces) &&
	    host_is_joined(host, pieces, version->pieces.n, out);
}
