/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_ENGINE_SETTINGS_H
#define DOORSTEP_FILTER_ENGINE_SETTINGS_H

#include "conf/conf.h"
#include "filter/compose.h"
#include "sieve/sieve.h"

/*
 * What doorstep.conf says about scripts, as the engine and the composer of
 * messages want it.  Filter has it from master, svtest from its own commands:
 * both by way of a struct conf, so that a setting means the same to all.
 */
struct engine_settings {
	struct sieve_settings sieve;
	struct sieve_limits limits;
	struct compose_settings compose;
	sieve_set forbidden;   /* extensions, as struct sieve_profile has them */
	sieve_set global_only; /* likewise */
	struct sieve_protected *protected; /* owned; sieve points to it */
	const struct conf_list *environment; /* NAME=VALUE */
};

/* Borrows from conf, which must outlive it. */
void engine_settings_init(struct engine_settings *settings, const struct conf *conf);
void engine_settings_fini(struct engine_settings *settings); /* legal on all zero */

/* What only the engine can judge: expressions.  Appends a line for each that
 * is wrong; scripts then find that nothing was tested. */
void engine_settings_check(const struct engine_settings *settings, struct buf *errors);

/* The extensions that need a directory of programs: off until they are named. */
sieve_set engine_settings_programs(void);

#endif
