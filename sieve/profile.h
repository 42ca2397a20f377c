/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_PROFILE_H
#define SIEVE_PROFILE_H

/* What the engine that is to run a script cannot do. */
struct sieve_refusal {
	const char *name;   /* of a command or test */
	const char *reason; /* behind "`NAME` " in the message */
};

struct sieve_profile {
	const char *engine;
	const struct sieve_refusal *refusals; /* ends with name NULL, or NULL */
	const char *const *missing; /* extensions that it lacks; ends with NULL, or NULL */
};

#endif
