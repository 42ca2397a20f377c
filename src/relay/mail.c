/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * A mail as deliver has given it.  Where it goes is queue.c's matter. */
#include "relay/mail.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"

struct mail *
mail_new(const union msg_any *any, struct peer *peer)
{
	const struct msg_DELIVER_GIVES_MAIL *from = &any->DELIVER_GIVES_MAIL;
	struct mail *mail = xcalloc(1, sizeof *mail);
	struct arena *a = &mail->arena;
	struct msg_DELIVER_GIVES_MAIL *to = &mail->said;

	arena_init(a);
	mail->peer = peer;
	mail->since = clock_monotonic();
	*to = *from;
	to->cause = arena_str(a, from->cause);
	to->trace_id = arena_str(a, from->trace_id);
	to->user = arena_str(a, from->user);
	to->sender = arena_str(a, from->sender);
	to->recipient = arena_str(a, from->recipient);
	to->envid = arena_str(a, from->envid);
	to->orcpt = arena_str(a, from->orcpt);
	to->by = arena_str(a, from->by);
	to->text = STR_EMPTY;
	to->fd = -1;
	content_init(&mail->content, from->text, wire_take_fd(any, &from->fd), from->size);
	return mail;
}

void
mail_free(struct mail **mail)
{
	if (*mail == NULL)
		return;
	content_fini(&(*mail)->content);
	arena_fini(&(*mail)->arena);
	free(*mail);
	*mail = NULL;
}
