/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The one place that knows OpenSSL's way of doing it.  It decides nothing: who
 * must be whom, and what happens when he is not, is client.c's matter. */
#include "relay/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/xalloc.h"

/* The oldest of OpenSSL's complaints is the cause; the queue is left empty. */
static int
refuse(struct fail *why, const char *what)
{
	unsigned long error = ERR_get_error();
	const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);

	ERR_clear_error();
	return fail_set(why, FAIL_TEMP, 7, 5, 0, "", "%s: %s", what,
	    reason == NULL ? "the connection ended" : reason);
}

/* The check goes on whatever it finds: SSL_get_verify_result has the outcome. */
static int
go_on(int is_fine, X509_STORE_CTX *store)
{
	(void)is_fine;
	(void)store;
	return 1;
}

void
tls_prepare(void)
{
	unsigned char byte;

	(void)OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL);
	(void)RAND_bytes(&byte, 1);
}

tls_context *
tls_context_new(const char *ca_file, struct fail *why)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 0) {
		refuse(why, "TLS cannot be used");
		SSL_CTX_free(context);
		return NULL;
	}
	(void)SSL_CTX_set_mode(context,
	    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
	    | SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, go_on);
	if (*ca_file != '\0' && SSL_CTX_load_verify_file(context, ca_file) == 0)
		refuse(why, ca_file);
	return context;
}

void
tls_context_free(tls_context **context)
{
	SSL_CTX_free(*context);
	*context = NULL;
}

/* RFC 6066 3: an address is no server name.  RFC 6125 6.4: no name by parts. */
static bool
is_named(SSL *ssl, const struct route *route, const char *host)
{
	if (route->kind == ROUTE_NUMERIC)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

tls_session *
tls_session_new(tls_context *context, int fd, const struct route *route, struct fail *why)
{
	char *host = xstrndup(route->host);
	SSL *ssl = SSL_new(context);

	if (ssl == NULL || SSL_set_fd(ssl, fd) == 0 || !is_named(ssl, route, host)) {
		refuse(why, "TLS cannot be begun");
		SSL_free(ssl);
		ssl = NULL;
	} else {
		SSL_set_connect_state(ssl);
	}
	free(host);
	return ssl;
}

void
tls_session_free(tls_session **session)
{
	SSL_free(*session);
	*session = NULL;
}

static enum tls_result
judge(const SSL *ssl, int rc, const char *what, struct fail *why)
{
	int errnum = errno;

	switch (SSL_get_error(ssl, rc)) {
	case SSL_ERROR_NONE:
		return TLS_DONE;
	case SSL_ERROR_WANT_READ:
		return TLS_WANTS_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANTS_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_ENDED;
	case SSL_ERROR_SYSCALL:
		if (errnum != 0 && ERR_peek_error() == 0) {
			fail_set(why, FAIL_TEMP, 4, 2, errnum, "", "%s", what);
			return TLS_FAILED;
		}
		break;
	default:
		break;
	}
	refuse(why, what);
	return TLS_FAILED;
}

/* What an earlier call left in OpenSSL's queue must not be taken for this one's. */
static void
forget_errors(void)
{
	ERR_clear_error();
	errno = 0;
}

enum tls_result
tls_handshake(tls_session *session, struct fail *why)
{
	forget_errors();
	return judge(session, SSL_do_handshake(session), "TLS handshake", why);
}

enum tls_result
tls_read(tls_session *session, void *out, size_t room, size_t *n_out, struct fail *why)
{
	*n_out = 0;
	forget_errors();
	return judge(session, SSL_read_ex(session, out, room, n_out), "read over TLS", why);
}

enum tls_result
tls_write(tls_session *session, struct str bytes, size_t *n_out, struct fail *why)
{
	*n_out = 0;
	forget_errors();
	return judge(session, SSL_write_ex(session, bytes.p, bytes.n, n_out), "write over TLS", why);
}

bool
tls_has_pending(const tls_session *session)
{
	return SSL_pending(session) > 0;
}

void
tls_say_end(tls_session *session)
{
	forget_errors();
	/* Whether it was heard makes no difference any more. */
	(void)SSL_shutdown(session);
	ERR_clear_error();
}

bool
tls_is_verified(const tls_session *session)
{
	return SSL_get0_peer_certificate(session) != NULL
	    && SSL_get_verify_result(session) == X509_V_OK;
}

void
tls_describe(const tls_session *session, struct buf *out)
{
	long result = SSL_get_verify_result(session);

	buf_addf(out, "%s %s ", SSL_get_version(session), SSL_get_cipher_name(session));
	if (tls_is_verified(session))
		buf_add_cstr(out, "verified");
	else
		buf_addf(out, "not verified: %s", X509_verify_cert_error_string(result));
}
