/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_IPC_SANDBOX_H
#define DOORSTEP_IPC_SANDBOX_H

#include "base/fail.h"
#include "ipc/roles.h"

/*
 * The seccomp part of sandbox_enter (ipc/drop.h), in a file of its own because
 * it may be configured out.  Any system call that the profile does not name
 * kills the process; the kernel's audit log names the call.  A profile that
 * is not filtered, and a build with the address sanitizer, load nothing.
 */
int sandbox_load(enum role_sandbox profile, struct fail *why);

#endif
