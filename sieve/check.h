/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_CHECK_H
#define SIEVE_CHECK_H

#include "parse.h"
#include "profile.h"
#include "regex.h"
#include "registry.h"

/* For the check functions of descriptors. */
struct sieve_checker {
	struct sieve_errors *errors;
	const struct sieve_profile *profile;
	bool has[SIEVE_EXTENSIONS_MAX]; /* by index in the registry: required */
	bool is_past_require;		/* a command other than require was seen */
	struct sieve_regex_pool *regexes; /* compiled to see whether they can be; NULL: none yet */
	bool has_method_test; /* a test on methods of notification was seen */
	bool is_lenient; /* an ihave asked for what is not there: RFC 5463 4, 2 */
};

/*
 * Binds every node of a tree to its descriptor and its arguments to their
 * meaning, or says in `errors` why not.  A tree that leaves no error may be
 * run by the profile's engine, as far as a table can tell.
 */
void sieve_check(struct sieve_tree *tree, const struct sieve_profile *profile,
    struct sieve_errors *errors);

/* parse and check in one: true when there is no error. */
bool sieve_check_script(struct sieve_text script, const struct sieve_profile *profile,
    struct sieve_errors *errors, struct sieve_tree *out);

bool sieve_check_has(const struct sieve_checker *checker, const struct sieve_extension *extension);
/* Whether the profile's engine has the extension, and the script may use it. */
bool sieve_check_is_there(const struct sieve_profile *profile, int index);
/* The error for one that is not; what: how the script says it. */
void sieve_check_complain_absent(const struct sieve_checker *checker, size_t offset, int index,
    const char *what, ...) __attribute__((format(printf, 4, 5)));
/* The one string of an argument that was checked to have one. */
struct sieve_text sieve_check_string(const struct sieve_argument *argument);

#endif
