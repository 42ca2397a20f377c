/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MASTER_NOTIFY_H
#define DOORSTEP_MASTER_NOTIFY_H

/* Tells the service manager (sd_notify(3)'s protocol) over NOTIFY_SOCKET, if
 * there is one.  That nobody listens is no failure. */
void notify_send(const char *state);

#endif
