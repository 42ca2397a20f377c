/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Hashes against published values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"

static void
crc32c_is_that_of_rfc_3720(void **state)
{
	static const unsigned char up[32] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };
	char bytes[32];

	(void)state;
	/* RFC 3720 B.4. */
	memset(bytes, 0, sizeof bytes);
	assert_int_equal(hash_crc32c(0, (struct str){ bytes, 32 }), 0x8a9136aa);
	memset(bytes, 0xff, sizeof bytes);
	assert_int_equal(hash_crc32c(0, (struct str){ bytes, 32 }), 0x62a8ab43);
	assert_int_equal(hash_crc32c(0, (struct str){ (const char *)up, 32 }), 0x46dd794e);
	assert_int_equal(hash_crc32c(0, STR("123456789")), 0xe3069283);
	assert_int_equal(hash_crc32c(0, STR_EMPTY), 0);
}

static void
crc32c_goes_on_from_any_split(void **state)
{
	const struct str text = STR("From here to there, in parts of every length.");
	uint32_t whole = hash_crc32c(0, text);
	size_t n;

	(void)state;
	for (n = 0; n <= text.n; n++)
		assert_int_equal(hash_crc32c(hash_crc32c(0, str_sub(text, 0, n)), str_from(text, n)),
		    whole);
}

static void
siphash_agrees_with_another_implementation(void **state)
{
	static const uint64_t key[2] = { 0, 0 };
	static const struct {
		const char *text;
		uint64_t want;
	} cases[] = {
		{ "a", UINT64_C(0x407448d2b89b1813) },
		{ "abc", UINT64_C(0xc03bc3a0042630f2) },
		{ "abcdefg", UINT64_C(0x6db12aae9070f506) },
		{ "abcdefgh", UINT64_C(0x3f7b849c0b8e35ea) },
		{ "abcdefghi", UINT64_C(0xf89b34a3d11eb6e5) },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_true(hash_sip13(key, str_of(cases[i].text)) == cases[i].want);
}

static void
the_seed_is_kept_and_not_zero(void **state)
{
	static const uint64_t zero[2] = { 0, 0 };

	(void)state;
	assert_true(hash_seeded(STR("a")) == hash_seeded(STR("a")));
	assert_true(hash_seeded(STR("a")) != hash_seeded(STR("b")));
	assert_true(hash_seeded(STR("a")) != hash_sip13(zero, STR("a")));
}

static void
assert_sha256(struct hash_sha256 *h, const char *want)
{
	unsigned char out[HASH_SHA256_SIZE];
	struct buf hex = BUF_EMPTY;

	hash_sha256_end(h, out);
	buf_add_hex(&hex, out, sizeof out);
	assert_string_equal(buf_cstr(&hex), want);
	buf_fini(&hex);
}

static void
sha256_is_that_of_fips_180(void **state)
{
	struct hash_sha256 *h = hash_sha256_new();

	(void)state;
	hash_sha256_add(h, STR("ab"));
	hash_sha256_add(h, STR_EMPTY);
	hash_sha256_add(h, STR("c"));
	assert_sha256(h, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash_sha256_begin(h);
	assert_sha256(h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hash_sha256_free(&h);
	assert_null(h);
	hash_sha256_free(&h);
}

static void
fields_do_not_run_into_each_other(void **state)
{
	struct hash_sha256 *h = hash_sha256_new();
	unsigned char one[HASH_SHA256_SIZE];
	unsigned char other[HASH_SHA256_SIZE];

	(void)state;
	hash_sha256_add_field(h, STR("ab"));
	hash_sha256_add_field(h, STR("c"));
	hash_sha256_end(h, one);
	hash_sha256_begin(h);
	hash_sha256_add_field(h, STR("a"));
	hash_sha256_add_field(h, STR("bc"));
	hash_sha256_end(h, other);
	assert_memory_not_equal(one, other, sizeof one);
	hash_sha256_begin(h);
	hash_sha256_add(h, STR("\2\0\0\0\0\0\0\0ab\1\0\0\0\0\0\0\0c"));
	hash_sha256_end(h, other);
	assert_memory_equal(one, other, sizeof one);
	hash_sha256_free(&h);
}

/* Every length up to three blocks: the padding falls everywhere. */
static void
short_texts_hash_as_long_ones_do(void **state)
{
	struct hash_sha256 *h = hash_sha256_new();
	unsigned char want[HASH_SHA256_SIZE], got[HASH_SHA256_SIZE];
	struct str parts[2];
	char text[192];
	size_t n;

	(void)state;
	for (n = 0; n < sizeof text; n++)
		text[n] = (char)(n * 7 + 130);
	for (n = 0; n <= sizeof text; n++) {
		hash_sha256_begin(h);
		hash_sha256_add(h, (struct str){ text, n });
		hash_sha256_end(h, want);
		parts[0] = (struct str){ text, n / 3 };
		parts[1] = (struct str){ text + n / 3, n - n / 3 };
		hash_short_sha256(parts, 2, got);
		assert_memory_equal(got, want, sizeof want);
	}
	hash_short_sha256(NULL, 0, got);
	assert_int_equal(got[0], 0xe3);
	hash_sha256_free(&h);
}

static void
random_bytes_fill_all_that_was_asked(void **state)
{
	unsigned char bytes[1000] = { 0 };
	size_t zeros = 0;
	size_t i;

	(void)state;
	hash_random(bytes, sizeof bytes - 1);
	for (i = 0; i < sizeof bytes - 1; i++)
		zeros += bytes[i] == 0;
	assert_true(zeros < 60);
	assert_int_equal(bytes[sizeof bytes - 1], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc32c_is_that_of_rfc_3720),
		cmocka_unit_test(crc32c_goes_on_from_any_split),
		cmocka_unit_test(siphash_agrees_with_another_implementation),
		cmocka_unit_test(the_seed_is_kept_and_not_zero),
		cmocka_unit_test(sha256_is_that_of_fips_180),
		cmocka_unit_test(fields_do_not_run_into_each_other),
		cmocka_unit_test(short_texts_hash_as_long_ones_do),
		cmocka_unit_test(random_bytes_fill_all_that_was_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
