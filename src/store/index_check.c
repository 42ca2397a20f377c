/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Reads an LMDB data file as hostile bytes, so that damage is a message and not
 * a crash.  Knows pages and nodes, not rows. */
#include "store/index_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_HEAD 16
#define NODE_HEAD 8
#define DB_SIZE 48
#define META_MAGIC 0xBEEFC0DEu
#define META_DATA_VERSION 1
#define META_SIZE (24 + 2 * DB_SIZE + 16)
#define PAGE_BRANCH 0x01
#define PAGE_LEAF 0x02
#define PAGE_OVERFLOW 0x04
#define PAGE_META 0x08
#define NODE_BIG 0x01
#define NODE_SUBDATA 0x02
#define NO_PAGE UINT64_MAX
/* A tree with that many levels would hold more than any disk. */
#define DEPTH_MAX 24

struct check {
	const unsigned char *map;
	uint64_t size, page_size, pages;
	unsigned char *seen; /* a bit a page */
	char *what;
};

struct db {
	unsigned depth;
	uint64_t root;
};

static uint64_t
number(const unsigned char *p, size_t n)
{
	uint64_t value = 0;

	for (size_t i = n; i > 0; i--)
		value = value << 8 | p[i - 1];
	return value;
}

static bool __attribute__((format(printf, 2, 3)))
bad(struct check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->what, INDEX_CHECK_MAX, format, ap);
	va_end(ap);
	return false;
}

/* Every page belongs to one place. */
static bool
is_new_page(struct check *c, uint64_t pgno)
{
	if (pgno < 2 || pgno >= c->pages)
		return bad(c, "page %llu is outside the file (%llu pages)",
		    (unsigned long long)pgno, (unsigned long long)c->pages);
	if ((c->seen[pgno / 8] >> (pgno % 8) & 1) != 0)
		return bad(c, "page %llu is used twice", (unsigned long long)pgno);
	c->seen[pgno / 8] |= (unsigned char)(1u << (pgno % 8));
	return true;
}

static const unsigned char *
page_at(const struct check *c, uint64_t pgno)
{
	return c->map + pgno * c->page_size;
}

static bool
is_page(struct check *c, uint64_t pgno, unsigned flag)
{
	const unsigned char *page;

	if (!is_new_page(c, pgno))
		return false;
	page = page_at(c, pgno);
	if (number(page, 8) != pgno)
		return bad(c, "page %llu does not know its number", (unsigned long long)pgno);
	if ((number(page + 10, 2) & 0x6f) != flag)
		return bad(c, "page %llu is of a wrong kind", (unsigned long long)pgno);
	return true;
}

static bool
is_overflow(struct check *c, uint64_t pgno, uint64_t length)
{
	uint64_t count, need = (PAGE_HEAD + length + c->page_size - 1) / c->page_size;

	if (!is_page(c, pgno, PAGE_OVERFLOW))
		return false;
	count = number(page_at(c, pgno) + 12, 4);
	if (count < need || count > c->pages - pgno)
		return bad(c, "a large value at page %llu is cut", (unsigned long long)pgno);
	for (uint64_t i = 1; i < count; i++)
		if (!is_new_page(c, pgno + i))
			return false;
	return true;
}

static struct db
read_db(const unsigned char *p)
{
	return (struct db){ (unsigned)number(p + 6, 2), number(p + 40, 8) };
}

static bool is_tree(struct check *c, struct db db);

static bool
is_leaf_node(struct check *c, uint64_t pgno, const unsigned char *node, size_t room)
{
	uint64_t length = number(node, 4), key = number(node + 6, 2);
	unsigned flags = (unsigned)number(node + 4, 2);
	uint64_t stored = (flags & NODE_BIG) != 0 ? 8 : length;

	if (NODE_HEAD + key + stored > room)
		return bad(c, "a row in page %llu leaves its page", (unsigned long long)pgno);
	node += NODE_HEAD + key;
	if ((flags & ~(unsigned)(NODE_BIG | NODE_SUBDATA)) != 0 ||
	    ((flags & NODE_SUBDATA) != 0 && length != DB_SIZE))
		return bad(c, "a row in page %llu is of a wrong kind", (unsigned long long)pgno);
	if ((flags & NODE_BIG) != 0)
		return is_overflow(c, number(node, 8), length);
	return (flags & NODE_SUBDATA) == 0 || is_tree(c, read_db(node));
}

static bool is_subtree(struct check *c, uint64_t pgno, unsigned depth);

static bool
is_node(struct check *c, uint64_t pgno, size_t offset, unsigned depth)
{
	const unsigned char *node = page_at(c, pgno) + offset;
	size_t room = (size_t)c->page_size - offset;

	if (depth == 1)
		return is_leaf_node(c, pgno, node, room);
	if (NODE_HEAD + number(node + 6, 2) > room)
		return bad(c, "a key in page %llu leaves its page", (unsigned long long)pgno);
	return is_subtree(c, number(node, 6), depth - 1);
}

static bool
is_subtree(struct check *c, uint64_t pgno, unsigned depth)
{
	const unsigned char *page;
	uint64_t lower, upper, offset;

	if (!is_page(c, pgno, depth == 1 ? PAGE_LEAF : PAGE_BRANCH))
		return false;
	page = page_at(c, pgno);
	lower = number(page + 12, 2);
	upper = number(page + 14, 2);
	if (lower < PAGE_HEAD + 2 || lower > upper || upper > c->page_size || lower % 2 != 0)
		return bad(c, "page %llu has impossible bounds", (unsigned long long)pgno);
	for (uint64_t at = PAGE_HEAD; at < lower; at += 2) {
		offset = number(page + at, 2);
		if (offset < upper || offset + NODE_HEAD > c->page_size || offset % 2 != 0)
			return bad(c, "page %llu points out of itself", (unsigned long long)pgno);
		if (!is_node(c, pgno, (size_t)offset, depth))
			return false;
	}
	return true;
}

static bool
is_tree(struct check *c, struct db db)
{
	if (db.root == NO_PAGE)
		return db.depth == 0 ? true : bad(c, "a table has lost its root");
	if (db.depth == 0 || db.depth > DEPTH_MAX)
		return bad(c, "a table has an impossible depth");
	return is_subtree(c, db.root, db.depth);
}

static bool
is_meta(struct check *c, const unsigned char *page)
{
	const unsigned char *meta = page + PAGE_HEAD;

	if ((number(page + 10, 2) & PAGE_META) == 0 || number(meta, 4) != META_MAGIC)
		return bad(c, "this is no LMDB data file, or its first pages are overwritten");
	if (number(meta + 4, 4) != META_DATA_VERSION)
		return bad(c, "LMDB data version %llu is not known",
		    (unsigned long long)number(meta + 4, 4));
	if (number(meta + 24, 4) != c->page_size)
		return bad(c, "the page size makes no sense");
	return true;
}

static bool
is_sound(struct check *c, bool is_thorough)
{
	const unsigned char *newer, *other;

	if (c->size < PAGE_HEAD + META_SIZE)
		return bad(c, "the file is cut to %llu bytes", (unsigned long long)c->size);
	c->page_size = number(c->map + PAGE_HEAD + 24, 4);
	if (c->page_size < 512 || c->page_size > 65536 ||
	    (c->page_size & (c->page_size - 1)) != 0)
		return bad(c, "this is no LMDB data file, or its first pages are overwritten");
	c->pages = c->size / c->page_size;
	if (c->pages < 2)
		return bad(c, "the file is cut to %llu bytes", (unsigned long long)c->size);
	newer = c->map;
	other = c->map + c->page_size;
	if (!is_meta(c, newer) || !is_meta(c, other))
		return false;
	if (!is_thorough)
		return true;
	if (number(other + PAGE_HEAD + META_SIZE - 8, 8) >
	    number(newer + PAGE_HEAD + META_SIZE - 8, 8))
		newer = other;
	c->seen = calloc(1, (size_t)(c->pages / 8 + 1));
	if (c->seen == NULL)
		return bad(c, "not enough memory to check it");
	return is_tree(c, read_db(newer + PAGE_HEAD + 24)) &&
	    is_tree(c, read_db(newer + PAGE_HEAD + 24 + DB_SIZE));
}

bool
index_check(const char *path, bool is_thorough, uint64_t *size_out, char what[INDEX_CHECK_MAX])
{
	struct check c = { .what = what };
	struct stat st;
	bool is_good = true;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	void *map;

	*size_out = 0;
	what[0] = '\0';
	/* What cannot be opened is reported by LMDB's own attempt. */
	if (fd == -1)
		return errno == ELOOP ? bad(&c, "data.mdb is a symbolic link") : true;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		c.size = *size_out = (uint64_t)st.st_size;
		map = mmap(NULL, (size_t)c.size, PROT_READ, MAP_SHARED, fd, 0);
		if (map != MAP_FAILED) {
			c.map = map;
			is_good = is_sound(&c, is_thorough);
			munmap(map, (size_t)c.size);
		}
	}
	close(fd);
	free(c.seen);
	return is_good;
}
