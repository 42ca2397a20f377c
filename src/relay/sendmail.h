/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_SENDMAIL_H
#define DOORSTEP_RELAY_SENDMAIL_H

#include "base/fail.h"
#include "base/loop.h"
#include "base/str.h"

/*
 * Runs a program as sendmail is run, without a shell:
 *
 *	PATH ARGUMENT ... -i -f SENDER -- RECIPIENT
 *
 * with the message as a file on its standard input (so that it is whole,
 * whatever becomes of us), a small environment, and what it writes as the text
 * of the outcome.  Its exit status is one of sysexits.h: 0 is taken; what is
 * the mail's fault (65, 67, 68, 77) is permanent; everything else, a signal and
 * our time limit among it, is temporary.
 */
#define SENDMAIL_OUTPUT_MAX 2048
#define SENDMAIL_ARGUMENTS_MAX 64

struct sendmail;
/* text: one printable line, borrowed. */
typedef void (*sendmail_fn)(uint64_t id, const struct fail *outcome, struct str text, void *arg);

/* command: of the settings, words with blanks between.  It takes SIGCHLD over. */
struct sendmail *sendmail_new(struct loop *loop, const char *command, int64_t time_limit,
    sendmail_fn fn, void *arg);
void sendmail_free(struct sendmail **sendmail); /* programs that run go on */
/* fn is called from the loop, in any case.  fd stays the caller's. */
void sendmail_run(struct sendmail *sendmail, uint64_t id, struct str sender, struct str recipient,
    int fd);

/* What a wait status means; text is added to. */
void sendmail_judge(int status, struct fail *out);

#endif
