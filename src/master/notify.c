/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The service manager's protocol in a few lines instead of a library. */
#include "master/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

static void
send_to(const char *path, struct str text)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	int fd;

	if (n == 0 || n >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, n);
	/* "@" is how an abstract socket is written. */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	(void)sendto(fd, text.p, text.n, MSG_NOSIGNAL, (const struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

void
notify_send(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct buf text = BUF_EMPTY;

	if (path == NULL)
		return;
	buf_add_cstr(&text, state);
	/* RELOADING=1 must say since when, on the monotonic clock. */
	if (strcmp(state, "RELOADING=1") == 0)
		buf_addf(&text, "\nMONOTONIC_USEC=%lld", (long long)clock_monotonic());
	send_to(path, buf_str(&text));
	buf_fini(&text);
}
