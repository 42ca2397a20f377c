/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* A failure's class and words, kept from where it was found to where it is
 * said.  Does not know the protocols that say it. */
#include "base/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"

/* The reason of errnum behind the text already there, as far as it fits. */
static void
add_reason(struct fail *why, int errnum)
{
	size_t n = strlen(why->log);
	const char *reason = strerrordesc_np(errnum);

	/* Not strerror: several threads fail at once in deliver's sync pool. */
	if (reason == NULL)
		snprintf(why->log + n, sizeof why->log - n, ": error %d", errnum);
	else
		snprintf(why->log + n, sizeof why->log - n, ": %s", reason);
}

/* Whatever a stranger put into the words, an answer stays one line. */
static void
set_text(struct fail *why, const char *text)
{
	char *p;

	snprintf(why->text, sizeof why->text, "%s", text);
	for (p = why->text; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	}
}

int
fail_set(struct fail *why, enum fail_class class, unsigned subject, unsigned detail, int errnum,
    const char *text, const char *format, ...)
{
	va_list ap;

	BUG_ON(class == FAIL_NONE || subject > 255 || detail > 255);
	if (why == NULL)
		return -1;
	why->class = class;
	why->subject = (unsigned char)subject;
	why->detail = (unsigned char)detail;
	why->errnum = errnum;
	set_text(why, text);
	va_start(ap, format);
	vsnprintf(why->log, sizeof why->log, format, ap);
	va_end(ap);
	if (errnum != 0)
		add_reason(why, errnum);
	return -1;
}

int
fail_errno(struct fail *why, int errnum, const char *what, const char *path)
{
	/* RFC 3463 3.4: x.3.1 mail system full; 3.3: x.2.2 mailbox full. */
	if (errnum == ENOSPC)
		return fail_set(why, FAIL_TEMP, 3, 1, errnum, "System storage is full",
		    "cannot %s %s", what, path);
	if (errnum == EDQUOT)
		return fail_set(why, FAIL_TEMP, 2, 2, errnum, "Mailbox is full",
		    "cannot %s %s", what, path);
	return fail_set(why, FAIL_TEMP, 3, 0, errnum, "Local error, try again later",
	    "cannot %s %s", what, path);
}

void
fail_enhanced(const struct fail *why, char out[12])
{
	static const char first[] = {
		[FAIL_NONE] = '2',
		[FAIL_TEMP] = '4',
		[FAIL_PERM] = '5',
		[FAIL_POLICY] = '5',
		[FAIL_OURS] = '4',
	};

	snprintf(out, 12, "%c.%u.%u", first[why->class],
	    why->class == FAIL_NONE ? 0U : why->subject,
	    why->class == FAIL_NONE ? 0U : why->detail);
}
