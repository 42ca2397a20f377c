/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Versions of script files. */

#include "tests/unit/directory_setup.h"

#include <errno.h>
#include <sys/stat.h>

#include "deliver/script.h"

#define SIZE_MAX_HERE 100

/* The ids that were told to be gone, and an errno to spoil the caller's. */
struct gone {
	uint64_t ids[8];
	size_t n;
};

static const struct script_dirs no_dirs = { { "", 0 }, { "", 0 }, false };

static void
remember(uint64_t id, void *arg)
{
	struct gone *gone = arg;

	assert_true(gone->n < 8);
	gone->ids[gone->n++] = id;
	errno = EIO;
}

static struct script *
take(struct scripts *scripts, struct str path)
{
	struct fail why = FAIL_EMPTY;
	struct script *script;

	if (scripts_take(scripts, path, no_dirs, SIZE_MAX_HERE, &script, &why) == -1)
		fail_msg("%s", why.log);
	return script;
}

static void
changed_file_is_a_new_version(void **state)
{
	struct place *place = *state;
	struct gone gone = { .n = 0 };
	struct scripts *scripts = scripts_new(remember, &gone);
	struct str path = write_text(place, "s", STR("keep;"));
	struct script *one = take(scripts, path), *same = take(scripts, path), *two;

	assert_ptr_equal(one, same);
	assert_str_equal(one->text, "keep;");
	write_text(place, "s", STR("stop;"));
	two = take(scripts, path);
	assert_str_equal(two->text, "stop;");
	assert_true(two->id > one->id);
	/* The old one lives as long as somebody holds it. */
	assert_str_equal(one->text, "keep;");
	assert_int_equal(gone.n, 0);
	scripts_give(scripts, &one);
	assert_int_equal(gone.n, 0);
	scripts_give(scripts, &same);
	assert_int_equal(gone.n, 1);
	assert_int_equal(gone.ids[0], 1);
	scripts_give(scripts, &two);
	assert_int_equal(gone.n, 1);
	scripts_give(scripts, &two);
	scripts_free(&scripts);
}

static void
removed_file_is_no_script(void **state)
{
	struct place *place = *state;
	struct gone gone = { .n = 0 };
	struct scripts *scripts = scripts_new(remember, &gone);
	struct str path = write_text(place, "s", STR("keep;"));
	struct script *script;

	assert_null(take(scripts, path_of(place, "none")));
	assert_null(take(scripts, path_of(place, "s/below")));
	script = take(scripts, path);
	scripts_give(scripts, &script);
	assert_int_equal(unlink(path.p), 0);
	assert_null(take(scripts, path));
	assert_int_equal(gone.n, 1);
	scripts_free(&scripts);
}

static void
what_is_no_script_of_the_owner_is_refused(void **state)
{
	struct place *place = *state;
	struct gone gone = { .n = 0 };
	struct scripts *scripts = scripts_new(remember, &gone);
	char text[SIZE_MAX_HERE + 1];
	struct str path;
	struct script *script;
	struct fail why = FAIL_EMPTY;

	assert_int_equal(scripts_take(scripts, str_of(place->path), no_dirs, SIZE_MAX_HERE, &script, &why),
	    -1);
	assert_null(script);
	assert_int_equal(why.class, FAIL_POLICY);
	path = path_of(place, "fifo");
	assert_int_equal(mkfifo(path.p, 0600), 0);
	assert_int_equal(scripts_take(scripts, path, no_dirs, SIZE_MAX_HERE, &script, &why), -1);
	memset(text, '#', sizeof text);
	path = write_text(place, "large", (struct str){ text, sizeof text });
	assert_int_equal(scripts_take(scripts, path, no_dirs, SIZE_MAX_HERE, &script, &why), -1);
	path = write_text(place, "large", (struct str){ text, SIZE_MAX_HERE });
	assert_int_equal(scripts_take(scripts, path, no_dirs, SIZE_MAX_HERE, &script, &why), 0);
	scripts_give(scripts, &script);
	if (geteuid() == 0) {
		assert_int_equal(chown(path.p, 1, 1), 0);
		assert_int_equal(scripts_take(scripts, path, no_dirs, SIZE_MAX_HERE, &script, &why), -1);
		assert_int_equal(why.class, FAIL_POLICY);
	}
	scripts_free(&scripts);
}

static void
newest_stays_when_all_others_are_held(void **state)
{
	static struct script *held[SCRIPT_CACHE_MAX + 1];
	struct place *place = *state;
	struct gone gone = { .n = 0 };
	struct scripts *scripts = scripts_new(remember, &gone);
	struct str path = write_text(place, "s", STR("keep;"));
	size_t i;

	for (i = 0; i <= SCRIPT_CACHE_MAX; i++) {
		struct str name = arena_printf(&place->arena, "%s.%zu", path.p, i);

		assert_int_equal(link(path.p, name.p), 0);
		held[i] = take(scripts, name);
		assert_str_equal(held[i]->text, "keep;");
	}
	for (i = 0; i <= SCRIPT_CACHE_MAX; i++)
		scripts_give(scripts, &held[i]);
	assert_int_equal(gone.n, 0);
	scripts_free(&scripts);
}

static void
user_is_told_beside_the_script(void **state)
{
	struct place *place = *state;
	struct str path = write_text(place, "s", STR("keep;")), log = path_of(place, "s.log");
	struct str other = write_text(place, "other", STR("untouched"));
	char line[128];
	FILE *file;
	struct stat st;

	script_tell_user(path, STR("line 1: nonsense"));
	script_tell_user(path, STR("again\n"));
	assert_int_equal(stat(log.p, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	file = fopen(log.p, "r");
	assert_non_null(fgets(line, sizeof line, file));
	assert_string_equal(line + sizeof "2026-01-01T00:00:00Z" , "line 1: nonsense\n");
	assert_non_null(fgets(line, sizeof line, file));
	assert_string_equal(line + sizeof "2026-01-01T00:00:00Z", "again\n");
	assert_null(fgets(line, sizeof line, file));
	fclose(file);
	/* Beyond its bound it starts anew. */
	assert_int_equal(truncate(log.p, 65 * 1024), 0);
	script_tell_user(path, STR("anew"));
	assert_int_equal(stat(log.p, &st), 0);
	assert_true(st.st_size < 100);
	/* A link is somebody's way to another file. */
	assert_int_equal(unlink(log.p), 0);
	assert_int_equal(symlink(other.p, log.p), 0);
	script_tell_user(path, STR("through a link"));
	assert_int_equal(stat(other.p, &st), 0);
	assert_int_equal(st.st_size, sizeof "untouched" - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changed_file_is_a_new_version),
		cmocka_unit_test(removed_file_is_no_script),
		cmocka_unit_test(what_is_no_script_of_the_owner_is_refused),
		cmocka_unit_test(newest_stays_when_all_others_are_held),
		cmocka_unit_test(user_is_told_beside_the_script),
	};

	return cmocka_run_group_tests_name("script", tests, open_place, close_place);
}
