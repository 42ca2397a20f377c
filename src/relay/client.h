/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_CLIENT_H
#define DOORSTEP_RELAY_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/loop.h"
#include "conf/route.h"
#include "relay/auth.h"
#include "relay/channel.h"
#include "relay/envelope.h"
#include "relay/mail.h"
#include "relay/response.h"

/*
 * One connection to a remote, and the conversation on it (RFC 5321, RFC 2033):
 * from the connect to QUIT, one mail at a time.  Who has mail for it, and
 * whether another should be tried, is the owner's matter (queue.h).
 */
struct client;

enum client_tls { CLIENT_TLS_MAY, CLIENT_TLS_NO, CLIENT_TLS_REQUIRE, CLIENT_TLS_VERIFY };

/* Outlives the client. */
struct client_config {
	struct route route;
	const char *hostname; /* ours, for EHLO */
	struct str user, password; /* for AUTH; empty user: none */
	tls_context *tls_context;  /* NULL: TLS cannot be used */
	enum client_tls tls;
	int64_t connect_timeout, timeout, end_timeout, idle_timeout; /* microseconds */
};

/* Why a client is gone. */
enum client_end {
	CLIENT_IS_OVER,	   /* after QUIT, or the remote closed an idle connection */
	CLIENT_LOST,	   /* amid work: the mail has had its outcome */
	CLIENT_TLS_FAILED, /* opportunistic TLS did not go: once more, without it */
	CLIENT_NO_WAY	   /* it never became ready: the remote cannot be used now */
};

struct client_owner {
	/* Idle: client_send may be called, now or later. */
	void (*ready)(struct client *client, void *arg);
	/* The mail is the owner's again. */
	void (*done)(struct client *client, struct mail *mail, const struct outcome *outcome,
	    void *arg);
	/* Nothing of it was said: it is to be sent over another connection. */
	void (*give_back)(struct client *client, struct mail *mail, void *arg);
	/* The owner frees it, now or later.  why->log says what happened. */
	void (*gone)(struct client *client, enum client_end how, const struct fail *why,
	    void *arg);
};

/* RFC 5321 4.5.3.2.4 and .5: never longer than these, whatever the settings. */
#define CLIENT_DATA_TIMEOUT (120 * CLOCK_SECOND)
#define CLIENT_BLOCK_TIMEOUT (180 * CLOCK_SECOND)
#define CLIENT_QUIT_TIMEOUT (5 * CLOCK_SECOND)
/* A remote that takes a byte now and then does not hold a mail for ever. */
#define CLIENT_MAIL_TIMEOUT (2 * 3600 * CLOCK_SECOND)
/* Mails over one connection: Postfix and others draw a line somewhere too. */
#define CLIENT_MAILS_MAX 1000
#define CLIENT_ADDRESSES_MAX 16

enum client_state {
	CLIENT_CONNECTING, /* the socket is not connected yet */
	CLIENT_SHAKING,	   /* TLS handshake */
	CLIENT_GREETING,   /* waiting for the 220 */
	CLIENT_HELLO,	   /* for the reply to EHLO or LHLO */
	CLIENT_HELO,	   /* to HELO, after EHLO was refused */
	CLIENT_STARTTLS,   /* to STARTTLS */
	CLIENT_AUTH,	   /* to AUTH or to one of its steps */
	CLIENT_IDLE,	   /* nothing is asked */
	CLIENT_MAIL,	   /* waiting for the reply to MAIL */
	CLIENT_RCPT,	   /* to RCPT */
	CLIENT_DATA,	   /* to DATA */
	CLIENT_BODY,	   /* the message is being written */
	CLIENT_FINAL,	   /* it is written: waiting for the reply that decides */
	CLIENT_EMPTY,	   /* a lone dot was sent behind a refused recipient */
	CLIENT_RESET,	   /* waiting for the reply to RSET */
	CLIENT_QUIT,	   /* to QUIT */
	CLIENT_STATES
};

struct client {
	TAILQ_ENTRY(client) entry; /* the owner's */
	const struct client_config *config;
	const struct client_owner *owner;
	void *arg;
	struct loop *loop;
	struct watch timer;
	struct channel channel;
	struct response response;
	enum client_state state;
	struct net_address addresses[CLIENT_ADDRESSES_MAX];
	size_t address_count, address_next;
	struct buf name; /* host[address]:port, for log and report */
	struct terms terms;
	struct auth auth;
	struct mail *mail;
	int64_t mail_began;
	struct plan plan;
	struct content_saying saying;
	unsigned mails;	   /* begun over this connection */
	bool is_tls_avoided; /* it failed before */
	bool is_ready;	   /* it has been idle once */
	bool is_heard;	   /* the remote has said something since MAIL */
	bool is_piped;	   /* MAIL, RCPT and DATA went together */
	bool is_retiring;  /* QUIT as soon as it is idle */
	bool is_ended;	   /* gone was called */
};

/* config and owner are borrowed. */
struct client *client_new(struct loop *loop, const struct client_config *config,
    const struct client_owner *owner, void *arg);
void client_free(struct client **client); /* closes; a mail that it has is the caller's loss */

/* Either: tries addresses in turn (their ports are set), or uses a socket. */
void client_connect(struct client *client, const struct net_address *addresses, size_t n);
void client_take_socket(struct client *client, int fd);

/* Only to an idle one.  done may be called before it returns. */
void client_send(struct client *client, struct mail *mail);
bool client_is_idle(const struct client *client);
void client_retire(struct client *client); /* QUIT, at once or after its mail */

/* The peer of its mail is gone: ends the connection if the message is not said
 * to its end yet, so that it is not taken twice.  May call gone. */
void client_drop_mail(struct client *client);

#endif
