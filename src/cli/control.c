/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The client of doorstepd's control socket: one packet there, one back. */
#include "cli/control.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>
#include <errno.h>

#include "base/file.h"
#include "cli/command.h"

static int
open_control(const char *runtime_dir, int *fd_out, struct fail *why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/control", runtime_dir);
	int fd;

	if (n < 0 || (size_t)n >= sizeof address.sun_path)
		return fail_set(why, FAIL_PERM, 3, 0, 0, "", "runtime_dir is too long: %s",
		    runtime_dir);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return fail_errno(why, errno, "make", "a socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) == -1) {
		int errnum = errno;

		close(fd);
		if (errnum == ENOENT || errnum == ECONNREFUSED)
			return fail_set(why, FAIL_TEMP, 3, 0, errnum, "",
			    "doorstepd does not run (%s)", address.sun_path);
		return fail_errno(why, errnum, "connect to", address.sun_path);
	}
	*fd_out = fd;
	return 0;
}

int
control_ask(struct control *c, const struct conf *conf, const char *command, const char *argument,
    struct fail *why)
{
	struct msg_CONTROL_ASKS question = { .command = str_of(command),
		.argument = str_of(argument), .fd = -1 };
	union msg_any message;
	enum msg m;
	int fd = -1, rc = -1;

	memset(c, 0, sizeof *c);
	arena_init(&c->arena);
	if (open_control(conf->runtime_dir, &fd, why) == -1)
		return -1;
	if (!wire_can_carry(MSG_CONTROL_ASKS, &question)) {
		fail_set(why, FAIL_PERM, 5, 4, 0, "", "the argument is too long");
		goto out;
	}
	if (wire_send_blocking(fd, MSG_CONTROL_ASKS, &question, &c->packet) != WIRE_OK
	    || wire_recv_blocking(fd, &c->packet, &c->arena, &m, &message) != WIRE_OK
	    || m != MSG_MASTER_ANSWERS_CONTROL) {
		fail_set(why, FAIL_TEMP, 3, 0, 0, "", "doorstepd gave no answer to %s", command);
		goto out;
	}
	c->answer = message.MASTER_ANSWERS_CONTROL;
	rc = 0;
out:
	file_close(&fd);
	return rc;
}

void
control_fini(struct control *c)
{
	buf_fini(&c->packet);
	arena_fini(&c->arena);
}

int
control_print(const struct conf *conf, const char *command, const char *argument)
{
	struct fail why = FAIL_EMPTY;
	struct control c;
	int status = EX_UNAVAILABLE;

	if (control_ask(&c, conf, command, argument, &why) == -1) {
		fprintf(stderr, "doorstep: %s\n", why.log);
	} else {
		FILE *to = c.answer.is_ok ? stdout : stderr;
		bool has_end = str_has_suffix(c.answer.text, STR("\n"));

		if (c.answer.text.n > 0)
			fprintf(to, "%.*s%s", STR_ARG(c.answer.text), has_end ? "" : "\n");
		status = c.answer.is_ok ? EX_OK : c.answer.status;
	}
	control_fini(&c);
	return status;
}

int
control_run_word(const struct command *command, const struct command_options *options, int argc)
{
	struct conf *conf;
	int status;

	if (argc != 1)
		return command_misused(command);
	conf = command_read_conf(options);
	if (conf == NULL)
		return EX_CONFIG;
	status = control_print(conf, command->name, "");
	conf_free(&conf);
	return status;
}
