/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_TLS_H
#define DOORSTEP_RELAY_TLS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "conf/route.h"

/*
 * TLS as a client (OpenSSL 3), version 1.2 or later.  A certificate is always
 * checked; whether a bad one ends the connection is the caller's decision
 * (tls_is_verified), so that opportunistic TLS stays that.
 */
typedef struct ssl_ctx_st tls_context;
typedef struct ssl_st tls_session;

/* OpenSSL reads its configuration now, while files can be opened: hashes and
 * random numbers need it too. */
void tls_prepare(void);

/* Whose certificates are good is read from ca_file now: before the chroot.
 * Without one, or when it cannot be read (*why says it, and the context is made
 * all the same), none is good.  NULL: OpenSSL itself failed. */
tls_context *tls_context_new(const char *ca_file, struct fail *why);
void tls_context_free(tls_context **context);

/* On a connected, non-blocking socket; the name (or address) in the route is
 * the one that the certificate must be for.  NULL with *why. */
tls_session *tls_session_new(tls_context *context, int fd, const struct route *route,
    struct fail *why);
void tls_session_free(tls_session **session);

enum tls_result { TLS_DONE, TLS_WANTS_READ, TLS_WANTS_WRITE, TLS_ENDED, TLS_FAILED };
enum tls_result tls_handshake(tls_session *session, struct fail *why);
enum tls_result tls_read(tls_session *session, void *out, size_t room, size_t *n_out,
    struct fail *why);
enum tls_result tls_write(tls_session *session, struct str bytes, size_t *n_out, struct fail *why);
bool tls_has_pending(const tls_session *session); /* read, and not yet given out */
void tls_say_end(tls_session *session); /* close_notify, once */

/* A certificate of an authority that we trust, for that name. */
bool tls_is_verified(const tls_session *session);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384 verified", for the log. */
void tls_describe(const tls_session *session, struct buf *out);

#endif
