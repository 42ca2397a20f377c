/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A remote that says anything: first byte LMTP or SMTP and where its bytes are
 * cut; then all that it says, to a client with two mails. */

#include "../lib/relay_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* What leaves by DATA holds no bare CR or LF, whatever was replied. */
static void
check_said(void)
{
	size_t i;

	for (i = 0; i < world.said.n; i++) {
		char before = i > 0 ? world.said.p[i - 1] : 'x';
		char after = i + 1 < world.said.n ? world.said.p[i + 1] : '\n';

		if (world.said.p[i] == '\n' && before != '\r')
			abort();
		if (world.said.p[i] == '\r' && after != '\n')
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	unsigned how = n > 0 ? bytes[0] : 0;
	struct str in = str_from((struct str){ (const char *)bytes, n }, 1);
	size_t step = how / 4 == 0 ? in.n + 1 : how / 4;

	world_begin(how % 2 == 0);
	if (how % 4 >= 2) {
		world.config.user = STR("user");
		world.config.password = STR("pencil");
	}
	world_give("b@example.net", STR("Subject: \303\251\n\n.\n\377\nx"), 6);
	world_give("b@example.net", STR("\n..\n"), 0);
	for (; in.n > 0 && world.client != NULL; in = str_from(in, step))
		world_reply(str_sub(in, 0, step));
	world_hang_up();
	if (world.client != NULL || world.gone != 1)
		abort();
	check_said();
	world_end();
	return 0;
}
