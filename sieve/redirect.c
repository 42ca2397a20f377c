/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* redirect, RFC 5228 4.2.  Sends nothing. */

#include "redirect.h"

#include "actions.h"
#include "addrspec.h"

void
sieve_redirect_check(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *address = node->bound.positional[0]->strings;
	const char *fault = sieve_actions_address_fault(address->text);

	if (fault != NULL && !address->has_references)
		sieve_error_add(checker->errors, address->offset, "%s", fault);
}

void
sieve_redirect_run(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text text = sieve_interp_argument(in, call, 0);
	const char *fault = sieve_actions_address_fault(text);
	struct sieve_addrspec address;

	if (fault != NULL)
		sieve_interp_fail(in, "`redirect`: %s", fault);
	else if (sieve_addrspec_is_mailbox(text, &address))
		sieve_actions_add(in, call, SIEVE_REDIRECT, sieve_addrspec_text(&address));
}
