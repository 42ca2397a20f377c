/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The settings of outgoing mail, looked at together. */
#include "conf/params.h"
#include "conf/route.h"

static int
refuse(struct buf *reason, const char *text)
{
	buf_add_cstr(reason, text);
	return -1;
}

int
params_check_relay(const struct conf *conf, struct buf *reason)
{
	struct route route;
	size_t i;

	for (i = 0; i < conf->relay_host.n; i++)
		if (route_parse(str_of(conf->relay_host.at[i]), &route, reason) == -1)
			return -1;
	if (conf->relay_host.n > ROUTES_MAX)
		return refuse(reason, "relay_host has more than 16 items");
	if (conf->relay_sendmail[0] != '\0' && conf->relay_sendmail[0] != '/')
		return refuse(reason, "relay_sendmail must begin with the absolute path of a program");
	if (conf->relay_sendmail[0] != '\0' && conf->relay_host.n > 0)
		return refuse(reason, "relay_host and relay_sendmail exclude each other");
	if (conf->relay_tls_ca_file[0] != '\0' && conf->relay_tls_ca_file[0] != '/')
		return refuse(reason, "relay_tls_ca_file must be an absolute path");
	if (conf->relay_password_file[0] != '\0' && conf->relay_password_file[0] != '/')
		return refuse(reason, "relay_password_file must be an absolute path");
	if ((conf->relay_user[0] == '\0') != (conf->relay_password_file[0] == '\0'))
		return refuse(reason, "relay_user and relay_password_file need each other");
	return 0;
}
