/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* SipHash-1-3 for hash tables, whose keys strangers choose; and random bytes.
 * Its results change with every process: never for disk. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/bug.h"
#include "base/hash.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
mix(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static void
add_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	mix(s);
	s->v0 ^= word;
}

uint64_t
hash_sip13(const uint64_t key[2], struct str bytes)
{
	struct sip s = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};
	uint64_t word;
	size_t i = 0;

	for (; bytes.n - i >= sizeof word; i += sizeof word) {
		memcpy(&word, bytes.p + i, sizeof word);
		add_word(&s, le64toh(word));
	}
	word = 0;
	if (i < bytes.n)
		memcpy(&word, bytes.p + i, bytes.n - i);
	add_word(&s, le64toh(word) | (uint64_t)bytes.n << 56);
	s.v2 ^= 0xff;
	mix(&s);
	mix(&s);
	mix(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t
hash_seeded(struct str bytes)
{
	/* One a process: two tables may compare hashes, and a key costs a call
	 * that a closed sandbox does not allow. */
	static struct {
		bool made;
		uint64_t key[2];
	} seed;

	if (!seed.made) {
		hash_random(seed.key, sizeof seed.key);
		seed.made = true;
	}
	return hash_sip13(seed.key, bytes);
}

void
hash_random(void *out, size_t n)
{
	char *to = out;
	ssize_t got;

	while (n > 0) {
		got = getrandom(to, n, 0);
		BUG_ON(got == 0 || (got == -1 && errno != EINTR));
		if (got > 0) {
			to += got;
			n -= (size_t)got;
		}
	}
}
