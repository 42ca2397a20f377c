/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Which mechanism, and the plain ones of them; scram.c has the others.  It
 * knows the password of the route, and no connection. */
#include "relay/auth.h"

#include <openssl/crypto.h>

#include "mail/transfer.h"
#include "relay/scram.h"

static int
refuse(struct fail *why, const char *what)
{
	return fail_set(why, FAIL_TEMP, 7, 0, 0, "", "AUTH: %s", what);
}

/* What holds the password does not stay in memory. */
static void
wipe(struct buf *secret)
{
	if (secret->p != NULL)
		OPENSSL_cleanse(secret->p, secret->cap);
	buf_fini(secret);
}

static void
begin_plain(const struct auth *auth, struct buf *line)
{
	struct buf message = BUF_EMPTY;

	/* RFC 4616 2: no authorization identity. */
	buf_add_byte(&message, '\0');
	buf_add_str(&message, auth->user);
	buf_add_byte(&message, '\0');
	buf_add_str(&message, auth->password);
	buf_add_cstr(line, "AUTH PLAIN ");
	transfer_encode_base64(line, buf_str(&message));
	wipe(&message);
}

static void
begin_login(const struct auth *auth, struct buf *line)
{
	(void)auth;
	buf_add_cstr(line, "AUTH LOGIN");
}

static int
continue_plain(struct auth *auth, struct str challenge, struct buf *line, struct fail *why)
{
	(void)auth;
	(void)challenge;
	(void)line;
	return refuse(why, "PLAIN is over, and the remote asks on");
}

/* The two prompts come in this order, whatever they say. */
static int
continue_login(struct auth *auth, struct str challenge, struct buf *line, struct fail *why)
{
	(void)challenge;
	if (auth->step > 2)
		return refuse(why, "LOGIN is over, and the remote asks on");
	transfer_encode_base64(line, auth->step == 1 ? auth->user : auth->password);
	return 0;
}

/* The best first. */
static const struct {
	enum auth_mechanism mechanism;
	bool is_plain; /* whoever listens learns the password */
	void (*begin)(const struct auth *, struct buf *);
	int (*go_on)(struct auth *, struct str, struct buf *, struct fail *);
} ways[] = {
	{ AUTH_SCRAM_SHA_256, false, NULL, scram_continue },
	{ AUTH_SCRAM_SHA_1, false, NULL, scram_continue },
	{ AUTH_PLAIN, true, begin_plain, continue_plain },
	{ AUTH_LOGIN, true, begin_login, continue_login },
};

#define WAYS (sizeof ways / sizeof ways[0])

int
auth_begin(struct auth *auth, unsigned mechanisms, bool is_private, struct str user,
    struct str password, struct buf *line, struct fail *why)
{
	size_t i;

	auth_fini(auth);
	auth->user = user;
	auth->password = password;
	for (i = 0; i < WAYS; i++)
		if ((mechanisms & (unsigned)ways[i].mechanism) != 0
		    && (is_private || !ways[i].is_plain))
			break;
	if (i == WAYS)
		return refuse(why, mechanisms == 0 ? "the remote offers no mechanism that we know"
		    : "the remote offers only mechanisms that show the password, and there is no "
		      "TLS");
	auth->mechanism = ways[i].mechanism;
	if (ways[i].begin != NULL)
		ways[i].begin(auth, line);
	else if (scram_begin(auth, line, why) == -1)
		return -1;
	buf_add_cstr(line, "\r\n");
	return 0;
}

int
auth_continue(struct auth *auth, struct str challenge, struct buf *line, struct fail *why)
{
	struct buf bytes = BUF_LIMIT(AUTH_CHALLENGE_MAX);
	size_t i;
	int rc = -1;

	auth->step++;
	transfer_add_base64(&bytes, challenge);
	if (!buf_is_ok(&bytes)) {
		refuse(why, "the remote's challenge is too long");
		goto out;
	}
	for (i = 0; i < WAYS; i++)
		if (ways[i].mechanism == auth->mechanism)
			rc = ways[i].go_on(auth, buf_str(&bytes), line, why);
	buf_add_cstr(line, "\r\n");
out:
	buf_fini(&bytes);
	return rc;
}

bool
auth_is_over(const struct auth *auth)
{
	return (auth->mechanism != AUTH_SCRAM_SHA_1 && auth->mechanism != AUTH_SCRAM_SHA_256)
	    || auth->step >= SCRAM_STEPS;
}

void
auth_fini(struct auth *auth)
{
	buf_fini(&auth->first);
	buf_fini(&auth->nonce);
	OPENSSL_cleanse(auth->proof, sizeof auth->proof);
	*auth = AUTH_EMPTY;
}
