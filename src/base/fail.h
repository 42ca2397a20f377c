/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_FAIL_H
#define DOORSTEP_BASE_FAIL_H

#include "base/str.h"

/*
 * Why something in the world (disk, quota, DNS, syntax of a message) did not
 * go.  The class and the enhanced code (RFC 3463) are decided where the
 * failure is found; session/answer.c alone turns them into 4yz or 5yz.
 */
enum fail_class {
	FAIL_NONE,   /* nothing failed */
	FAIL_TEMP,   /* will pass: the sender should try again (4yz) */
	FAIL_PERM,   /* will not pass (5yz) */
	FAIL_POLICY, /* forbidden by a rule of the site or the user (5yz) */
	FAIL_OURS,   /* our own doubt: always answered as temporary (4yz) */
};

#define FAIL_LOG_MAX 512
#define FAIL_TEXT_MAX 200

struct fail {
	enum fail_class class;
	unsigned char subject, detail; /* RFC 3463: x.subject.detail */
	int errnum;		       /* errno at the time, 0 when none */
	char text[FAIL_TEXT_MAX];      /* for the client: one line, no secrets */
	char log[FAIL_LOG_MAX];	       /* for the operator: what, on what, why, what to do */
};

#define FAIL_EMPTY ((struct fail){ .class = FAIL_NONE })

/*
 * Fills *why (NULL is allowed) and returns -1, so that a failing function can
 * end with `return fail_set(...)`.  `text` is for the client; `format` for
 * the log.  errnum is errno as the caller read it, or 0; when not 0, its
 * strerror is appended to the log text.
 */
int fail_set(struct fail *why, enum fail_class class, unsigned subject, unsigned detail,
    int errnum, const char *text, const char *format, ...) __attribute__((format(printf, 7, 8)));

/*
 * For a system call that failed with errnum while doing `what` on `path`:
 * ENOSPC is 4.3.1 (system full), EDQUOT 4.2.2, anything else TEMP 4.3.0.
 * Returns -1.
 */
int fail_errno(struct fail *why, int errnum, const char *what, const char *path);

/* "4.2.2" into out (8 bytes), by the class; "2.0.0" for FAIL_NONE. */
void fail_enhanced(const struct fail *why, char out[12]);

#endif
