/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * For builds configured --without-seccomp: identity, chroot and limits are
 * then all that holds a process. */
#include "ipc/sandbox.h"

int
sandbox_load(enum role_sandbox profile, struct fail *why)
{
	(void)profile;
	(void)why;
	return 0;
}
