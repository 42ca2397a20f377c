/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_IPC_DROP_H
#define DOORSTEP_IPC_DROP_H

#include <sys/types.h>

#include "base/fail.h"
#include "ipc/roles.h"

/*
 * Steps a child takes, in this order, before it reads a byte from outside:
 *   drop_identity: chroot (if the role says), setgroups, setgid, setuid, and a
 *                  check that they cannot be taken back;
 *   sandbox_enter: rlimits, no_new_privs, seccomp.
 * Without root only the steps that need none are taken.  Any step that fails
 * is fatal: the program ends and says which step and why.
 * uid (uid_t)-1 means: stay who we are.
 */
int drop_identity(enum role role, uid_t uid, gid_t gid, const char *chroot_dir, struct fail *why);
int sandbox_enter(enum role role, struct fail *why);

#endif
