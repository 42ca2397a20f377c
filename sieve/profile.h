/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_PROFILE_H
#define SIEVE_PROFILE_H

#include "settings.h"

/* What the engine that is to run a script cannot do. */
struct sieve_refusal {
	const char *name;   /* of a command or test */
	const char *reason; /* behind "`NAME` " in the message */
};

/* Where `include` looks, RFC 6609 3.2. */
enum sieve_location { SIEVE_PERSONAL, SIEVE_GLOBAL };

enum sieve_found {
	SIEVE_FOUND,
	SIEVE_NOT_FOUND,
	SIEVE_UNREADABLE, /* there, or perhaps there: an error even when optional */
};

struct sieve_profile {
	const char *engine;
	const struct sieve_refusal *refusals; /* ends with name NULL, or NULL */
	const char *const *missing; /* extensions that it lacks; ends with NULL, or NULL */
	const char *const *only; /* those it has, likewise; NULL: all but the missing */
	sieve_set forbidden;   /* that the site allows to no script */
	sieve_set global_only; /* that it allows to its own scripts only */
	bool is_global;	       /* the script is one of the site's; included ones go by their place */
	const struct sieve_settings *settings; /* NULL: all defaults */
	bool has_own_regex; /* the engine says itself what a regular expression is */
	bool wants_warnings; /* the sink of sieve_compile gets them too, for scripts without errors */
	bool has_testsuite; /* scripts may require "vnd.dovecot.testsuite" */
	/* A script to be included; the text must stay until sieve_compile
	 * returns.  The name is one that RFC 5804 1.6 allows.  NULL: there are none. */
	enum sieve_found (*include)(void *arg, enum sieve_location location,
	    struct sieve_text name, struct sieve_text *script_out);
	/* Whether a method of notification is one that the host knows, RFC 5435
	 * 3.1: scheme known and the rest in order.  NULL: none is. */
	bool (*is_method)(void *arg, struct sieve_text uri);
	void *arg;
};

#endif
