/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The reply to EHLO as a set of what can be used.  Whether it will be is
 * envelope.c's and client.c's matter. */
#include "relay/capability.h"

#include <string.h>

static const struct keyword {
	struct str word;
	enum capability can;
} keywords[] = {
	{ { "PIPELINING", 10 }, CAN_PIPELINING },
	{ { "8BITMIME", 8 }, CAN_8BITMIME },
	{ { "CHUNKING", 8 }, CAN_CHUNKING },
	{ { "BINARYMIME", 10 }, CAN_BINARYMIME },
	{ { "SMTPUTF8", 8 }, CAN_SMTPUTF8 },
	{ { "DSN", 3 }, CAN_DSN },
	{ { "STARTTLS", 8 }, CAN_STARTTLS },
	{ { "REQUIRETLS", 10 }, CAN_REQUIRETLS },
	{ { "DELIVERBY", 9 }, CAN_DELIVERBY },
	{ { "SIZE", 4 }, CAN_SIZE },
	{ { "AUTH", 4 }, CAN_AUTH },
};

static const struct {
	struct str word;
	enum auth_mechanism mechanism;
} mechanisms[] = {
	{ { "PLAIN", 5 }, AUTH_PLAIN },
	{ { "LOGIN", 5 }, AUTH_LOGIN },
	{ { "SCRAM-SHA-1", 11 }, AUTH_SCRAM_SHA_1 },
	{ { "SCRAM-SHA-256", 13 }, AUTH_SCRAM_SHA_256 },
};

static void
take_mechanisms(struct str rest, struct capabilities *out)
{
	struct str word;
	size_t i;

	while (str_can_split(&rest, ' ', &word))
		for (i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++)
			if (str_is_equal_nocase(word, mechanisms[i].word))
				out->mechanisms |= mechanisms[i].mechanism;
}

static void
take_line(struct str line, struct capabilities *out)
{
	struct str rest = str_trim(line), word;
	size_t i;

	/* Before RFC 2554 some servers wrote AUTH=PLAIN, and still do. */
	if (str_has_prefix_nocase(rest, STR("AUTH=")))
		take_mechanisms(str_from(rest, 5), out);
	(void)str_can_split(&rest, ' ', &word);
	for (i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
		if (str_is_equal_nocase(word, keywords[i].word))
			break;
	if (i == sizeof keywords / sizeof keywords[0])
		return;
	out->can |= keywords[i].can;
	if (keywords[i].can == CAN_AUTH)
		take_mechanisms(rest, out);
	/* RFC 1870 4: without a number, or with 0, there is no fixed limit. */
	if (keywords[i].can == CAN_SIZE)
		(void)str_is_number(str_trim(rest), UINT64_MAX, &out->size);
}

void
capability_parse(struct str lines, struct capabilities *out)
{
	struct str rest = lines, line;

	memset(out, 0, sizeof *out);
	/* The first line greets. */
	(void)str_can_split(&rest, '\n', &line);
	while (str_can_split(&rest, '\n', &line))
		take_line(line, out);
}
