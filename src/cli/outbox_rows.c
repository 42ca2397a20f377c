/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Rows of the outbox, out of LMDB and onto a terminal.  Changes nothing. */
#include "cli/outbox.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "cli/print.h"
#include "store/index.h"
#include "store/outbox.h"

/* Of a text, read at a time. */
#define CHUNK ((size_t)64 * 1024)

/* ---- a store ---- */

struct reading {
	struct index *index;
	struct index_txn *txn;
	struct arena arena;
};

static void
end_reading(struct reading *r)
{
	index_end(&r->txn);
	index_close(&r->index);
	arena_fini(&r->arena);
}

/* 0, or a status. */
static int
begin_reading(struct reading *r, const char *dir)
{
	struct buf path = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	struct stat st;
	int status = EX_OK;

	*r = (struct reading){ .index = NULL };
	arena_init(&r->arena);
	buf_addf(&path, "%s/index", dir);
	if (lstat(buf_cstr(&path), &st) == -1)
		status = OWNERS_NOT_HERE;
	else if (index_open(buf_cstr(&path), INDEX_READ, false, &r->index, &why) == -1 ||
	    index_begin(r->index, &r->txn, &why) == -1) {
		fprintf(stderr, "doorstep: %s\n", why.log);
		status = EX_TEMPFAIL;
	}
	buf_fini(&path);
	if (status != EX_OK)
		end_reading(r);
	return status;
}

/* ---- which owners ---- */

bool
outbox_is_there(const struct conf *conf, const char *owner)
{
	struct buf path = BUF_EMPTY;
	struct stat st;
	bool is;

	buf_addf(&path, "%s/%s/outbox", conf->state_dir, owner);
	is = lstat(buf_cstr(&path), &st) == 0 && S_ISDIR(st.st_mode);
	buf_fini(&path);
	return is;
}

char **
outbox_list_owners(const struct conf *conf, size_t *count_out)
{
	size_t count, kept = 0;
	char **owners = owners_list(conf, &count);

	for (size_t i = 0; i < count; i++)
		if (outbox_is_there(conf, owners[i]))
			owners[kept++] = owners[i];
		else
			free(owners[i]);
	*count_out = kept;
	return owners;
}

static int
count_rows(const char *dir, const char *owner, void *arg)
{
	struct reading r;
	struct fail why;
	int status = begin_reading(&r, dir);

	(void)owner;
	if (status != EX_OK)
		return status;
	if (index_count(r.txn, INDEX_OUTBOX, arg, &why) == -1)
		status = EX_TEMPFAIL;
	end_reading(&r);
	return status;
}

/* What a child process tells, when there is one (owners.h). */
static uint64_t *
share_number(void)
{
	void *p = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? xcalloc(1, sizeof(uint64_t)) : p;
}

uint64_t
outbox_count(const struct conf *conf, const char *owner)
{
	uint64_t *shared = share_number(), count;

	(void)owners_run_one(conf, owner, count_rows, shared);
	count = *shared;
	(void)munmap(shared, sizeof *shared);
	return count;
}

/* ---- a list ---- */

static void
print_str(struct arena *a, struct str text)
{
	print_text(stdout, arena_cstr(a, text));
}

static void
print_id(const char *owner, uint64_t id)
{
	struct buf text = BUF_EMPTY;

	buf_addf(&text, "%s/%" PRIu64, owner, id);
	printf("%-20s ", buf_cstr(&text));
	buf_fini(&text);
}

static void
print_line(struct arena *a, const char *owner, uint64_t id, const struct disk_outbox_row *row)
{
	print_id(owner, id);
	print_time(stdout, row->created);
	printf(" %8" PRIu64 " %5" PRIu32 " ", row->size, row->attempts);
	print_time(stdout, row->next);
	printf(" %-9.*s ", STR_ARG(row->cause));
	print_str(a, row->user);
	fputs(" to ", stdout);
	print_str(a, row->recipient);
	putchar('\n');
	if (row->reply.n == 0)
		return;
	fputs("    (", stdout);
	if (row->remote.n > 0) {
		print_str(a, row->remote);
		fputs(": ", stdout);
	}
	print_str(a, row->reply);
	fputs(")\n", stdout);
}

static void
print_pair(struct arena *a, const char *key, struct str text)
{
	printf(",\"%s\":", key);
	print_json(stdout, arena_cstr(a, text));
}

static void
print_object(struct arena *a, const char *owner, uint64_t id, const struct disk_outbox_row *row)
{
	printf("{\"id\":\"%s/%" PRIu64 "\",\"created\":%" PRId64 ",\"expires\":%" PRId64
	       ",\"next\":%" PRId64 ",\"attempts\":%" PRIu32 ",\"size\":%" PRIu64
	       ",\"line\":%" PRIu32,
	    owner, id, row->created, row->expires, row->next, row->attempts, row->size, row->line);
	print_pair(a, "cause", row->cause);
	print_pair(a, "user", row->user);
	print_pair(a, "sender", row->sender);
	print_pair(a, "recipient", row->recipient);
	print_pair(a, "script", row->script);
	print_pair(a, "rule", row->rule);
	print_pair(a, "status", row->status);
	print_pair(a, "remote", row->remote);
	print_pair(a, "reply", row->reply);
	print_pair(a, "trace_id", row->trace_id);
	putchar('}');
}

static void
see_row(struct outbox_listing *l, struct arena *a, const char *owner, uint64_t id,
    const struct disk_outbox_row *row)
{
	if (l->user != NULL && !str_is_equal(row->user, str_of(l->user)))
		return;
	if (l->is_json) {
		fputs(*l->printed == 0 ? "\n" : ",\n", stdout);
		print_object(a, owner, id, row);
	} else {
		if (*l->printed == 0)
			printf("%-20s %-19s %8s %5s %-19s %-9s %s\n", "ID", "CREATED", "SIZE", "TRIES",
			    "NEXT", "CAUSE", "USER AND RECIPIENT");
		print_line(a, owner, id, row);
	}
	++*l->printed;
}

static int
print_rows(const char *dir, const char *owner, void *arg)
{
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct disk_outbox_row row;
	struct str key, value;
	struct fail why;
	struct reading r;
	int rc, status = begin_reading(&r, dir);

	if (status != EX_OK)
		return status;
	rc = index_walk_table(r.txn, INDEX_OUTBOX, STR_EMPTY, &walk, &why);
	while (rc == 0 && (rc = index_next(&walk, &key, &value, &why)) == 0) {
		if (key.n == 8 &&
		    pack_is_read(disk_outbox_row_fields, value, false, &row, sizeof row, &r.arena))
			see_row(arg, &r.arena, owner,
			    format_number((const unsigned char *)key.p, key.n), &row);
		arena_empty(&r.arena);
	}
	if (rc == -1) {
		fprintf(stderr, "doorstep: %s\n", why.log);
		status = EX_TEMPFAIL;
	}
	index_walk_end(&walk);
	end_reading(&r);
	return status;
}

int
outbox_print_rows(const struct conf *conf, const char *owner, struct outbox_listing *listing)
{
	if (listing->printed == NULL)
		listing->printed = share_number();
	return owners_run_one(conf, owner, print_rows, listing);
}

/* ---- one ---- */

static void
print_field(struct arena *a, const char *label, struct str text)
{
	if (text.n == 0)
		return;
	printf("%-10s ", label);
	print_str(a, text);
	putchar('\n');
}

static void
print_when(const char *label, int64_t at)
{
	if (at == 0)
		return;
	printf("%-10s ", label);
	print_time(stdout, at);
	putchar('\n');
}

static void
print_fields(struct arena *a, const struct disk_outbox_row *row)
{
	print_field(a, "cause", row->cause);
	print_field(a, "user", row->user);
	print_field(a, "script", row->script);
	if (row->line > 0)
		printf("%-10s %" PRIu32 "\n", "line", row->line);
	print_field(a, "rule", row->rule);
	fputs("sender     <", stdout);
	print_str(a, row->sender);
	fputs(">\n", stdout);
	print_field(a, "recipient", row->recipient);
	print_field(a, "orcpt", row->orcpt);
	print_field(a, "envid", row->envid);
	print_field(a, "by", row->by);
	print_when("created", row->created);
	print_when("expires", row->expires);
	print_when("next", row->next);
	print_when("tried", row->tried);
	printf("%-10s %" PRIu32 "\n", "attempts", row->attempts);
	print_field(a, "status", row->status);
	print_field(a, "remote", row->remote);
	print_field(a, "reply", row->reply);
	print_field(a, "trace", row->trace_id);
	printf("%-10s %" PRIu64 "\n\n", "size", row->size);
}

static int
print_file(const char *dir, struct str file)
{
	char *chunk = xmalloc(CHUNK);
	int fd = -1, status = EX_OK;
	struct fail why;
	ssize_t n = 0;

	if (outbox_open(dir, file, &fd, &why) == -1) {
		fprintf(stderr, "doorstep: %s\n", why.log);
		status = EX_IOERR;
	}
	while (fd != -1 && (n = read(fd, chunk, CHUNK)) > 0)
		fwrite(chunk, 1, (size_t)n, stdout);
	file_close(&fd);
	free(chunk);
	return n == -1 ? EX_IOERR : status;
}

/* As it is, for a program; made harmless for a terminal. */
static void
print_message(struct arena *a, struct str text)
{
	struct str line;

	if (!isatty(STDOUT_FILENO)) {
		fwrite(text.p, 1, text.n, stdout);
		return;
	}
	while (str_can_split(&text, '\n', &line)) {
		print_str(a, line);
		putchar('\n');
	}
}

static int
print_row(const char *dir, const char *owner, void *arg)
{
	const uint64_t *id = arg;
	unsigned char key[FORMAT_KEY_MAX];
	struct disk_outbox_row row;
	struct str value;
	struct fail why;
	struct reading r;
	int rc, status = begin_reading(&r, dir);

	(void)owner;
	if (status != EX_OK)
		return status;
	rc = index_get(r.txn, INDEX_OUTBOX,
	    (struct str){ (const char *)key, format_key_outbox(key, *id) }, &value, &why);
	if (rc == 0 && !pack_is_read(disk_outbox_row_fields, value, false, &row, sizeof row, &r.arena))
		rc = fail_set(&why, FAIL_OURS, 3, 0, 0, "", "%s: this row cannot be read", dir);
	if (rc == 0) {
		print_fields(&r.arena, &row);
		if (row.file.n == 0)
			print_message(&r.arena, row.text);
		else
			status = print_file(dir, row.file);
	} else if (rc == 1)
		status = OWNERS_NOT_HERE;
	else {
		fprintf(stderr, "doorstep: %s\n", why.log);
		status = EX_TEMPFAIL;
	}
	end_reading(&r);
	return status;
}

int
outbox_print_row(const struct conf *conf, const char *owner, uint64_t id)
{
	return owners_run_one(conf, owner, print_row, &id);
}
