/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What a site has not set.  Knows no setting's meaning. */

#include "settings.h"

#include "limit.h"

void
sieve_settings_fill(struct sieve_settings *settings)
{
	if (settings->header_size_max == 0)
		settings->header_size_max = SIEVE_HEADER_SIZE_MAX;
	if (settings->includes_max == 0)
		settings->includes_max = SIEVE_INCLUDES_MAX;
	if (settings->include_depth_max == 0)
		settings->include_depth_max = SIEVE_INCLUDE_DEPTH_MAX;
	if (settings->value_size_max == 0)
		settings->value_size_max = SIEVE_VARIABLE_SIZE_MAX;
	if (settings->variables_max == 0)
		settings->variables_max = SIEVE_VARIABLES_MAX;
	if (settings->vacation_max == 0)
		settings->vacation_max = SIEVE_VACATION_MAX;
	if (settings->vacation_default == 0)
		settings->vacation_default = SIEVE_VACATION_DEFAULT;
	if (settings->duplicate_default == 0)
		settings->duplicate_default = SIEVE_DUPLICATE_DEFAULT;
	if (settings->duplicate_max == 0)
		settings->duplicate_max = SIEVE_DUPLICATE_MAX;
	if (settings->notifications_max == 0)
		settings->notifications_max = SIEVE_NOTIFICATIONS_MAX;
}
