/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Structs to bytes and back, by tables.  The bytes may come from anybody: no
 * count or length in them is believed before the bytes themselves are there. */
#include "base/pack.h"

#include <endian.h>
#include <string.h>

#include "base/bug.h"

/* What is still to be read, and where lists go. */
struct reader {
	struct str rest;
	struct arena *arena;
};

/* One a type: the least room it takes, how it is written, how it is read. */
struct codec {
	size_t least;
	void (*add)(const struct pack_field *field, const char *member, struct buf *out);
	bool (*can_read)(const struct pack_field *field, struct reader *from, char *member);
};

static const struct codec codecs[];

static bool
can_take(struct reader *from, size_t n, struct str *out)
{
	if (n > from->rest.n)
		return false;
	*out = str_sub(from->rest, 0, n);
	from->rest = str_from(from->rest, n);
	return true;
}

static void
add_u32_value(uint32_t value, struct buf *out)
{
	value = htole32(value);
	buf_add(out, &value, sizeof value);
}

static bool
can_take_u32(struct reader *from, uint32_t *value_out)
{
	struct str bytes;

	if (!can_take(from, sizeof *value_out, &bytes))
		return false;
	memcpy(value_out, bytes.p, sizeof *value_out);
	*value_out = le32toh(*value_out);
	return true;
}

static void
add_u8(const struct pack_field *field, const char *member, struct buf *out)
{
	(void)field;
	buf_add_byte(out, *member);
}

static bool
can_read_u8(const struct pack_field *field, struct reader *from, char *member)
{
	struct str bytes;

	(void)field;
	if (!can_take(from, 1, &bytes))
		return false;
	*member = bytes.p[0];
	return true;
}

static void
add_u32(const struct pack_field *field, const char *member, struct buf *out)
{
	uint32_t value;

	(void)field;
	memcpy(&value, member, sizeof value);
	add_u32_value(value, out);
}

static bool
can_read_u32(const struct pack_field *field, struct reader *from, char *member)
{
	uint32_t value;

	(void)field;
	if (!can_take_u32(from, &value))
		return false;
	memcpy(member, &value, sizeof value);
	return true;
}

/* For I64 too: the same bits. */
static void
add_u64(const struct pack_field *field, const char *member, struct buf *out)
{
	uint64_t value;

	(void)field;
	memcpy(&value, member, sizeof value);
	value = htole64(value);
	buf_add(out, &value, sizeof value);
}

static bool
can_read_u64(const struct pack_field *field, struct reader *from, char *member)
{
	struct str bytes;
	uint64_t value;

	(void)field;
	if (!can_take(from, sizeof value, &bytes))
		return false;
	memcpy(&value, bytes.p, sizeof value);
	value = le64toh(value);
	memcpy(member, &value, sizeof value);
	return true;
}

static void
add_str(const struct pack_field *field, const char *member, struct buf *out)
{
	struct str s;

	(void)field;
	memcpy(&s, member, sizeof s);
	if (s.n > UINT32_MAX) {
		out->bad = true;
		return;
	}
	add_u32_value((uint32_t)s.n, out);
	buf_add_str(out, s);
}

static bool
can_read_str(const struct pack_field *field, struct reader *from, char *member)
{
	struct str s;
	uint32_t n;

	(void)field;
	if (!can_take_u32(from, &n) || !can_take(from, n, &s))
		return false;
	memcpy(member, &s, sizeof s);
	return true;
}

static void
add_fd(const struct pack_field *field, const char *member, struct buf *out)
{
	(void)field;
	(void)member;
	(void)out;
}

/* init_record has set it to -1. */
static bool
can_read_fd(const struct pack_field *field, struct reader *from, char *member)
{
	(void)field;
	(void)from;
	(void)member;
	return true;
}

static void
add_list(const struct pack_field *field, const char *member, struct buf *out)
{
	struct pack_list list;
	size_t i;

	memcpy(&list, member, sizeof list);
	if (list.n > PACK_LIST_MAX) {
		out->bad = true;
		return;
	}
	add_u32_value((uint32_t)list.n, out);
	for (i = 0; i < list.n; i++)
		pack_add(field->record, (const char *)list.at + i * field->record_size, out);
}

static size_t
measure_least(const struct pack_field *fields)
{
	size_t least = 0;

	for (; fields->type != PACK_END; fields++)
		least += codecs[fields->type].least;
	return least;
}

static void
init_record(const struct pack_field *fields, char *record)
{
	const int none = -1;

	for (; fields->type != PACK_END; fields++) {
		if (fields->type == PACK_FD)
			memcpy(record + fields->offset, &none, sizeof none);
	}
}

static bool
can_read_record(const struct pack_field *fields, struct reader *from, char *record)
{
	init_record(fields, record);
	for (; fields->type != PACK_END; fields++) {
		if (!codecs[fields->type].can_read(fields, from, record + fields->offset))
			return false;
	}
	return true;
}

static bool
can_read_list(const struct pack_field *field, struct reader *from, char *member)
{
	struct pack_list list = { NULL, 0 };
	size_t least = measure_least(field->record);
	uint32_t count;
	uint32_t i;

	/* A record of no bytes would let a count alone allocate. */
	BUG_ON(least == 0);
	/* So a list takes memory in proportion to bytes that did arrive. */
	if (!can_take_u32(from, &count) || count > PACK_LIST_MAX || count > from->rest.n / least)
		return false;
	if (count == 0)
		return true;
	list.n = count;
	list.at = arena_array(from->arena, count, field->record_size);
	if (list.at == NULL)
		return false;
	for (i = 0; i < count; i++) {
		if (!can_read_record(field->record, from, (char *)list.at + i * field->record_size))
			return false;
	}
	memcpy(member, &list, sizeof list);
	return true;
}

static const struct codec codecs[] = {
	[PACK_U8] = { 1, add_u8, can_read_u8 },
	[PACK_U32] = { 4, add_u32, can_read_u32 },
	[PACK_U64] = { 8, add_u64, can_read_u64 },
	[PACK_I64] = { 8, add_u64, can_read_u64 },
	[PACK_STR] = { 4, add_str, can_read_str },
	[PACK_FD] = { 0, add_fd, can_read_fd },
	[PACK_LIST] = { 4, add_list, can_read_list },
};

void
pack_add(const struct pack_field *fields, const void *from, struct buf *out)
{
	for (; fields->type != PACK_END && buf_is_ok(out); fields++)
		codecs[fields->type].add(fields, (const char *)from + fields->offset, out);
}

/* A stored record ends between two fields, before or behind our last one. */
static bool
can_read_stored(const struct pack_field *fields, struct reader *from, char *record)
{
	init_record(fields, record);
	for (; fields->type != PACK_END && from->rest.n > 0; fields++) {
		if (!codecs[fields->type].can_read(fields, from, record + fields->offset))
			return false;
	}
	return true;
}

bool
pack_is_read(const struct pack_field *fields, struct str bytes, bool exact, void *out,
    size_t out_size, struct arena *a)
{
	struct reader from = { bytes, a };

	memset(out, 0, out_size);
	if (!exact)
		return can_read_stored(fields, &from, out);
	return can_read_record(fields, &from, out) && from.rest.n == 0;
}
