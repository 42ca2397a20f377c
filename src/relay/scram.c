/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * RFC 5802 as a client, by OpenSSL's hashes.  It refuses to know what it
 * proves itself to. */
#include "relay/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include "mail/transfer.h"

#define NONCE_BYTES 18
#define DIGEST_MAX 32 /* of SHA-256; SHA-1 has 20 */
#define GS2_HEADER "n,,"

static int
refuse(struct fail *why, const char *what)
{
	return fail_set(why, FAIL_TEMP, 7, 0, 0, "", "AUTH SCRAM: %s", what);
}

static const EVP_MD *
hash_of(const struct auth *auth)
{
	return auth->mechanism == AUTH_SCRAM_SHA_256 ? EVP_sha256() : EVP_sha1();
}

static size_t
size_of(const struct auth *auth)
{
	return auth->mechanism == AUTH_SCRAM_SHA_256 ? 32 : 20;
}

static bool
can_mac(const struct auth *auth, const unsigned char *key, struct str bytes, unsigned char *out)
{
	return HMAC(hash_of(auth), key, (int)size_of(auth), (const unsigned char *)bytes.p,
	    bytes.n, out, NULL) != NULL;
}

/* RFC 5802 5.1: `,` and `=` in a name. */
static void
add_name(struct buf *out, struct str name)
{
	size_t i;

	for (i = 0; i < name.n; i++) {
		if (name.p[i] == ',')
			buf_add_cstr(out, "=2C");
		else if (name.p[i] == '=')
			buf_add_cstr(out, "=3D");
		else
			buf_add_byte(out, name.p[i]);
	}
}

int
scram_begin(struct auth *auth, struct buf *line, struct fail *why)
{
	unsigned char random[NONCE_BYTES];
	struct buf message = BUF_EMPTY;

	if (RAND_bytes(random, sizeof random) != 1)
		return refuse(why, "no random numbers");
	transfer_encode_base64(&auth->nonce, (struct str){ (const char *)random, sizeof random });
	buf_add_cstr(&auth->first, "n=");
	add_name(&auth->first, auth->user);
	buf_add_cstr(&auth->first, ",r=");
	buf_add_str(&auth->first, buf_str(&auth->nonce));
	buf_add_cstr(&message, GS2_HEADER);
	buf_add_str(&message, buf_str(&auth->first));
	buf_addf(line, "AUTH SCRAM-SHA-%s ", size_of(auth) == 32 ? "256" : "1");
	transfer_encode_base64(line, buf_str(&message));
	buf_fini(&message);
	return 0;
}

/* The value of the attribute that must come next: `r=...,`. */
static bool
has_attribute(struct str *rest, char name, struct str *out)
{
	struct str item;

	if (!str_can_split(rest, ',', &item) || item.n < 2 || item.p[0] != name
	    || item.p[1] != '=')
		return false;
	*out = str_from(item, 2);
	return true;
}

struct challenge {
	struct str nonce;
	struct buf salt;
	uint64_t iterations;
};

static int
read_challenge(const struct auth *auth, struct str text, struct challenge *out, struct fail *why)
{
	struct str rest = text, salt, count;

	if (!has_attribute(&rest, 'r', &out->nonce) || !has_attribute(&rest, 's', &salt)
	    || !has_attribute(&rest, 'i', &count))
		return refuse(why, "the challenge is malformed");
	/* RFC 5802 5.1: ours with something of the server's behind it. */
	if (!str_has_prefix(out->nonce, buf_str(&auth->nonce))
	    || out->nonce.n == auth->nonce.n)
		return refuse(why, "the challenge is for somebody else");
	/* A server may not have us count for ever. */
	if (!str_is_number(count, AUTH_ITERATIONS_MAX, &out->iterations) || out->iterations == 0)
		return refuse(why, "the number of iterations is out of bounds");
	transfer_add_base64(&out->salt, salt);
	return out->salt.n > 0 ? 0 : refuse(why, "there is no salt");
}

/* RFC 5802 3: what proves us, into *proof, and what will prove the server. */
static bool
can_prove(struct auth *auth, const struct challenge *challenge, struct str signed_text,
    unsigned char *proof)
{
	unsigned char salted[DIGEST_MAX], key[DIGEST_MAX], stored[DIGEST_MAX];
	size_t n = size_of(auth), i;
	bool can;

	can = PKCS5_PBKDF2_HMAC(auth->password.p, (int)auth->password.n,
		  (const unsigned char *)challenge->salt.p, (int)challenge->salt.n,
		  (int)challenge->iterations, hash_of(auth), (int)n, salted) == 1
	    && can_mac(auth, salted, STR("Client Key"), key)
	    && EVP_Digest(key, n, stored, NULL, hash_of(auth), NULL) == 1
	    && can_mac(auth, stored, signed_text, proof);
	for (i = 0; can && i < n; i++)
		proof[i] ^= key[i];
	can = can && can_mac(auth, salted, STR("Server Key"), key)
	    && can_mac(auth, key, signed_text, auth->proof);
	OPENSSL_cleanse(salted, sizeof salted);
	OPENSSL_cleanse(key, sizeof key);
	return can;
}

static int
answer_challenge(struct auth *auth, struct str text, struct buf *line, struct fail *why)
{
	struct challenge challenge = { .salt = BUF_LIMIT(AUTH_CHALLENGE_MAX) };
	struct buf last = BUF_EMPTY, signed_text = BUF_EMPTY;
	unsigned char proof[DIGEST_MAX];
	int rc = -1;

	if (read_challenge(auth, text, &challenge, why) == -1)
		goto out;
	buf_add_cstr(&last, "c=");
	transfer_encode_base64(&last, STR(GS2_HEADER));
	buf_addf(&last, ",r=%.*s", STR_ARG(challenge.nonce));
	buf_addf(&signed_text, "%.*s,%.*s,%.*s", STR_ARG(buf_str(&auth->first)), STR_ARG(text),
	    STR_ARG(buf_str(&last)));
	if (!can_prove(auth, &challenge, buf_str(&signed_text), proof)) {
		refuse(why, "the hash cannot be computed");
		goto out;
	}
	buf_add_cstr(&last, ",p=");
	transfer_encode_base64(&last, (struct str){ (const char *)proof, size_of(auth) });
	transfer_encode_base64(line, buf_str(&last));
	rc = 0;
out:
	buf_fini(&challenge.salt);
	buf_fini(&last);
	buf_fini(&signed_text);
	return rc;
}

static int
check_server(const struct auth *auth, struct str text, struct fail *why)
{
	struct buf proof = BUF_LIMIT(DIGEST_MAX * 2);
	struct str rest = text, value;
	bool is_right = has_attribute(&rest, 'v', &value);

	if (is_right) {
		transfer_add_base64(&proof, value);
		is_right = proof.n == size_of(auth)
		    && CRYPTO_memcmp(proof.p, auth->proof, proof.n) == 0;
	}
	buf_fini(&proof);
	return is_right ? 0 : refuse(why, "the remote does not know the password itself");
}

int
scram_continue(struct auth *auth, struct str challenge, struct buf *line, struct fail *why)
{
	if (auth->step == 1)
		return answer_challenge(auth, challenge, line, why);
	if (auth->step == 2)
		return check_server(auth, challenge, why);
	return refuse(why, "it is over, and the remote asks on");
}
