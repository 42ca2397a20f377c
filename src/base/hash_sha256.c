/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* SHA-256 by libcrypto: the one file of base that links it, so that a program
 * which needs only the other hashes does not. */
#include <endian.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/xalloc.h"

struct hash_sha256 {
	EVP_MD *kind; /* fetched once: a fetch costs more than hashing a header */
	EVP_MD_CTX *ctx;
};

struct hash_sha256 *
hash_sha256_new(void)
{
	struct hash_sha256 *h = xmalloc(sizeof *h);

	h->kind = EVP_MD_fetch(NULL, "SHA256", NULL);
	h->ctx = EVP_MD_CTX_new();
	BUG_ON(h->kind == NULL || h->ctx == NULL);
	hash_sha256_begin(h);
	return h;
}

void
hash_sha256_free(struct hash_sha256 **h)
{
	if (*h == NULL)
		return;
	EVP_MD_CTX_free((*h)->ctx);
	EVP_MD_free((*h)->kind);
	free(*h);
	*h = NULL;
}

void
hash_sha256_begin(struct hash_sha256 *h)
{
	BUG_ON(EVP_DigestInit_ex2(h->ctx, h->kind, NULL) != 1);
}

void
hash_sha256_add(struct hash_sha256 *h, struct str bytes)
{
	if (bytes.n > 0)
		BUG_ON(EVP_DigestUpdate(h->ctx, bytes.p, bytes.n) != 1);
}

void
hash_sha256_add_field(struct hash_sha256 *h, struct str bytes)
{
	uint64_t n = htole64(bytes.n);

	hash_sha256_add(h, (struct str){ (const char *)&n, sizeof n });
	hash_sha256_add(h, bytes);
}

void
hash_sha256_end(struct hash_sha256 *h, unsigned char out[HASH_SHA256_SIZE])
{
	BUG_ON(EVP_DigestFinal_ex(h->ctx, out, NULL) != 1);
}
