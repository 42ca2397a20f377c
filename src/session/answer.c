/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Failure classes turned into replies, here alone.  Decides no failure. */

#include "mail/reply.h"
#include "session/answer.h"

struct answer
answer_of(uint8_t class, uint8_t subject, uint8_t detail, struct str text)
{
	if (class > FAIL_OURS)
		return ANSWER_FAIL(FAIL_OURS, 3, 0, "Internal error");
	return (struct answer){ (enum fail_class)class, subject, detail, text, false };
}

static bool
is_about(const struct answer *a, unsigned subject, unsigned detail)
{
	return a->subject == subject && a->detail == detail;
}

int
answer_code(const struct answer *a)
{
	switch (a->class) {
	case FAIL_NONE:
		return 250;
	case FAIL_PERM:
		return is_about(a, 2, 2) || is_about(a, 3, 4) ? 552 : 550;
	case FAIL_POLICY:
		return is_about(a, 7, 1) ? 550 : 554;
	case FAIL_TEMP:
	case FAIL_OURS:
		break;
	}
	return is_about(a, 2, 2) || is_about(a, 3, 1) ? 452 : 451;
}

void
answer_add(struct buf *out, const struct answer *a, struct str about)
{
	static const char *const fallback[] = {
		[FAIL_NONE] = "OK",
		[FAIL_TEMP] = "Try again later",
		[FAIL_PERM] = "Not deliverable",
		[FAIL_POLICY] = "Refused",
		[FAIL_OURS] = "Internal error, try again later",
	};
	struct buf enhanced = BUF_EMPTY;
	struct buf text = BUF_EMPTY;
	int code = answer_code(a);

	/* RFC 2034 4: the first digits agree. */
	buf_addf(&enhanced, "%d.%u.%u", code / 100, a->subject, a->detail);
	if (about.n > 0)
		buf_addf(&text, "<%.*s> ", STR_ARG(about));
	buf_add_str(&text, a->text.n > 0 ? a->text : str_of(fallback[a->class]));
	(a->is_utf8 ? reply_add_utf8 : reply_add)(out, code, buf_cstr(&enhanced), buf_str(&text));
	buf_fini(&enhanced);
	buf_fini(&text);
}

bool
answer_is_worse(const struct answer *a, const struct answer *than)
{
	static const int weight[] = {
		[FAIL_NONE] = 0,
		[FAIL_PERM] = 1,
		[FAIL_POLICY] = 1,
		[FAIL_TEMP] = 2,
		[FAIL_OURS] = 2,
	};

	return weight[a->class] > weight[than->class];
}
