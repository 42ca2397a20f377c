/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstepd: from a configuration to running processes, and back down in
 * order.  It parses nothing of the mail and links nothing that does. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "config.h"
#include "master/children.h"
#include "master/control.h"
#include "master/listen.h"
#include "master/notify.h"
#include "master/owners.h"
#include "master/waiting.h"

/* How long each kind may take to finish before it is killed. */
#define PHASE_LIMIT (30 * CLOCK_SECOND)

struct options {
	const char *conf_path, *libexec_dir;
	const char **overrides;
	size_t override_count;
	bool is_check, is_verbose;
};

struct signals {
	struct watch term, interrupt, hangup, child;
};

/* ---- before anything runs ---- */

static int
find_account(const char *setting, const char *name, struct ids *out, struct fail *why)
{
	const struct passwd *account = getpwnam(name);

	if (account == NULL)
		return fail_set(why, FAIL_PERM, 3, 5, 0, "",
		    "there is no account \"%s\" (setting %s): make it, or name another", name,
		    setting);
	if (account->pw_uid == 0 || account->pw_gid == 0)
		return fail_set(why, FAIL_PERM, 3, 5, 0, "",
		    "the account \"%s\" (setting %s) is root: name one without privileges", name,
		    setting);
	*out = (struct ids){ account->pw_uid, account->pw_gid };
	return 0;
}

static bool
has_virtual_users(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->domain_count; i++)
		if (strcmp(conf->domains[i].source, "passwd") != 0)
			return true;
	return false;
}

static int
find_accounts(struct master *m, struct fail *why)
{
	static const struct ids nobody = { (uid_t)-1, (gid_t)-1 };

	m->service = m->auth = m->virtual_owner = nobody;
	if (!m->is_root)
		return 0;
	if (find_account("user", m->conf->user, &m->service, why) == -1)
		return -1;
	if (find_account("auth_user", m->conf->auth_user, &m->auth, why) == -1)
		return -1;
	/* System users need no virtual one; it is used if it is there. */
	if (find_account("virtual_user", m->conf->virtual_user, &m->virtual_owner, why) == -1
	    && has_virtual_users(m->conf))
		return -1;
	return 0;
}

static int
make_dir(const char *path, mode_t mode, struct fail *why)
{
	struct stat st;

	if (file_make_dirs(path, 0755, why) == -1)
		return -1;
	if (lstat(path, &st) == -1)
		return fail_errno(why, errno, "look at", path);
	if (!S_ISDIR(st.st_mode))
		return fail_errno(why, ENOTDIR, "use", path);
	/* Whoever else could write here could put stores and sockets in our way. */
	if (st.st_uid != geteuid())
		return fail_set(why, FAIL_PERM, 3, 5, 0, "", "%s must belong to uid %ld", path,
		    (long)geteuid());
	if ((st.st_mode & 07777) != mode && chmod(path, mode) == -1)
		return fail_errno(why, errno, "set the mode of", path);
	return 0;
}

static int
make_dirs(const struct master *m, struct fail *why)
{
	struct buf empty = BUF_EMPTY;
	int rc = -1;

	buf_addf(&empty, "%s/empty", m->conf->runtime_dir);
	if (make_dir(m->conf->runtime_dir, 0755, why) == -1)
		goto out;
	/* A chroot in which nothing can be made. */
	if (make_dir(buf_cstr(&empty), 0555, why) == -1)
		goto out;
	rc = make_dir(m->conf->state_dir, 0711, why);
out:
	buf_fini(&empty);
	return rc;
}

/* Before any chroot, and whether or not the log goes there now: a reload may
 * want it. -1 when there is no syslog. */
static int
open_syslog(void)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX,
		.sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd != -1 && connect(fd, (const struct sockaddr *)&address, sizeof address) == -1)
		file_close(&fd);
	return fd;
}

static void
apply_log(const struct master *m)
{
	static const char *const words[] = { [LOG_L_ERROR] = "error", [LOG_L_WARN] = "warn",
		[LOG_L_INFO] = "info", [LOG_L_DEBUG] = "debug" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i], m->conf->log_level) == 0)
			log_set_level((enum log_level)i);
	if (m->conf->log_syslog && m->syslog_fd == -1)
		log_warn("log_syslog is set, but there is no /dev/log: lines go to standard error");
	log_use_syslog(m->conf->log_syslog ? m->syslog_fd : -1);
}

/* ---- configuration ---- */

static int
read_conf(const struct master *m, struct conf **out, struct buf *errors)
{
	if (conf_read_with(m->conf_path, m->overrides, m->override_count, out, errors) == -1)
		return -1;
	if (!children_can_carry(*out))
		buf_addf(errors, "%s: too large: use one domain \"*\" or fewer of them\n",
		    m->conf_path);
	else if (conf_check_usable(*out, m->conf_path, errors) == 0)
		return 0;
	conf_free(out);
	return -1;
}

static void
keep(char **new_value, const char *old_value, const char *name)
{
	if (strcmp(*new_value, old_value) == 0)
		return;
	log_warn("a new %s needs a restart: the old one stays", name);
	free(*new_value);
	*new_value = xstrdup(old_value);
}

int
master_reload(struct master *m, struct buf *errors)
{
	struct listeners *listeners = NULL;
	struct conf *conf = NULL;
	struct fail why = FAIL_EMPTY;

	if (m->phase != PHASE_RUNNING) {
		buf_add_cstr(errors, "doorstepd is stopping\n");
		return -1;
	}
	if (read_conf(m, &conf, errors) == -1)
		return -1;
	if (listeners_open(conf, m->listeners, &listeners, &why) == -1) {
		buf_addf(errors, "%s\n", why.log);
		conf_free(&conf);
		return -1;
	}
	keep(&conf->runtime_dir, m->conf->runtime_dir, "runtime_dir");
	keep(&conf->state_dir, m->conf->state_dir, "state_dir");
	keep(&conf->user, m->conf->user, "user");
	keep(&conf->auth_user, m->conf->auth_user, "auth_user");
	keep(&conf->virtual_user, m->conf->virtual_user, "virtual_user");
	listeners_close(&m->listeners, listeners);
	m->listeners = listeners;
	conf_free(&m->conf);
	m->conf = conf;
	apply_log(m);
	children_give_conf(m);
	owners_start_virtual(m);
	log_info("configuration reloaded from %s", m->conf_path);
	return 0;
}

/* ---- stopping ---- */

static bool
is_of_phase(const struct child *c, enum master_phase phase)
{
	return children_phase(c->role) == phase;
}

static void
kill_phase(void *arg)
{
	struct master *m = arg;
	struct child *c;

	TAILQ_FOREACH(c, &m->children, entry) {
		if (!is_of_phase(c, m->phase) || c->pid == 0)
			continue;
		log_warn("%s, process %ld, did not finish in time: it is killed",
		    role_spec(c->role)->name, (long)c->pid);
		children_kill(c, CHILD_IS_FORGOTTEN);
	}
}

static bool
has_phase_children(const struct master *m)
{
	const struct child *c;

	TAILQ_FOREACH(c, &m->children, entry)
		if (is_of_phase(c, m->phase))
			return true;
	return false;
}

static void
say_stop_to_phase(struct master *m)
{
	struct child *c, *next;

	for (c = TAILQ_FIRST(&m->children); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (is_of_phase(c, m->phase))
			children_say_stop(c, CHILD_IS_FORGOTTEN);
	}
	loop_timer(m->loop, &m->phase_timer, PHASE_LIMIT, kill_phase, m);
}

void
master_check_stop(struct master *m)
{
	while (m->phase != PHASE_RUNNING && m->phase != PHASE_OVER && !has_phase_children(m)) {
		m->phase++;
		if (m->phase != PHASE_OVER)
			say_stop_to_phase(m);
	}
	if (m->phase == PHASE_OVER)
		loop_stop(m->loop);
}

void
master_stop(struct master *m)
{
	if (m->phase != PHASE_RUNNING)
		return;
	log_info("stopping");
	notify_send("STOPPING=1");
	/* New clients are refused from here on; those inside finish. */
	listeners_close(&m->listeners, NULL);
	m->phase = PHASE_SESSIONS;
	say_stop_to_phase(m);
	master_check_stop(m);
}

/* ---- running ---- */

void
master_check_ready(struct master *m)
{
	const struct child *c;

	if (m->is_notified)
		return;
	TAILQ_FOREACH(c, &m->children, entry)
		if (c->state != CHILD_RUNNING)
			return;
	m->is_notified = true;
	log_info("ready");
	notify_send("READY=1");
}

static int64_t
count_sessions(const struct conf *conf)
{
	cpu_set_t cores;

	if (conf->session_processes > 0)
		return conf->session_processes;
	if (sched_getaffinity(0, sizeof cores, &cores) == -1)
		return 1;
	return CPU_COUNT(&cores);
}

static void
start_children(struct master *m)
{
	int64_t i;

	/* Those that others depend on first: a client's first question is answered. */
	children_start(children_add(m, ROLE_DIRECTORY, 0, ""));
	children_start(children_add(m, ROLE_RELAY, 0, ""));
	owners_start_virtual(m);
	for (i = 0; i < count_sessions(m->conf); i++)
		children_start(children_add(m, ROLE_SESSION, (uint32_t)i, ""));
}

static void
on_stop_signal(int signal, short what, void *arg)
{
	(void)signal;
	(void)what;
	master_stop(arg);
}

static void
on_hangup(int signal, short what, void *arg)
{
	struct master *m = arg;
	struct buf errors = BUF_EMPTY;
	struct str rest, line;

	(void)signal;
	(void)what;
	notify_send("RELOADING=1");
	if (master_reload(m, &errors) == -1) {
		rest = buf_str(&errors);
		while (str_can_split(&rest, '\n', &line))
			if (line.n > 0)
				log_error("%.*s", STR_ARG(line));
		log_error("the configuration was not reloaded: the old one stays");
	}
	notify_send("READY=1");
	buf_fini(&errors);
}

static void
on_child(int signal, short what, void *arg)
{
	(void)signal;
	(void)what;
	children_reap(arg);
}

static void
run(struct master *m)
{
	struct signals signals = { 0 };

	loop_signal(m->loop, &signals.term, SIGTERM, on_stop_signal, m);
	loop_signal(m->loop, &signals.interrupt, SIGINT, on_stop_signal, m);
	loop_signal(m->loop, &signals.hangup, SIGHUP, on_hangup, m);
	loop_signal(m->loop, &signals.child, SIGCHLD, on_child, m);
	start_children(m);
	waiting_begin(m);
	loop_run(m->loop);
	loop_unwatch(&signals.term);
	loop_unwatch(&signals.interrupt);
	loop_unwatch(&signals.hangup);
	loop_unwatch(&signals.child);
	loop_unwatch(&m->phase_timer);
	waiting_end(m);
}

/* A status of sysexits(3). */
static int
prepare(struct master *m, struct fail *why)
{
	if (find_accounts(m, why) == -1)
		return EX_NOUSER;
	if (make_dirs(m, why) == -1)
		return EX_CANTCREAT;
	/* Whatever is made from here on says itself who may read it. */
	umask(077);
	if (control_open(m, why) == -1)
		return EX_UNAVAILABLE;
	if (listeners_open(m->conf, NULL, &m->listeners, why) == -1)
		return EX_UNAVAILABLE;
	return EX_OK;
}

static int
serve(const struct options *options, struct conf *conf)
{
	struct master m = { .conf = conf, .conf_path = options->conf_path,
		.overrides = options->overrides, .override_count = options->override_count,
		.libexec_dir = options->libexec_dir, .is_root = geteuid() == 0 };
	struct fail why = FAIL_EMPTY;
	int status;

	TAILQ_INIT(&m.children);
	TAILQ_INIT(&m.wants);
	m.syslog_fd = open_syslog();
	apply_log(&m);
	m.loop = loop_new();
	status = prepare(&m, &why);
	if (status == EX_OK)
		run(&m);
	else
		log_error("%s", why.log);
	children_free(&m);
	listeners_close(&m.listeners, NULL);
	control_close(&m);
	loop_free(&m.loop);
	file_close(&m.syslog_fd);
	conf_free(&m.conf);
	return status;
}

/* ---- the command line ---- */

/* The build tree has all programs in one directory; an installation has them
 * where configure said. Owned. */
static char *
find_libexec(void)
{
	struct buf path = BUF_LIMIT(4096);
	char *room = buf_reserve(&path, 2048), *out = NULL, *slash;
	ssize_t n = readlink("/proc/self/exe", room, 2048);

	if (n > 0 && n < 2048) {
		buf_grew(&path, (size_t)n);
		out = xstrndup(buf_str(&path));
		slash = strrchr(out, '/');
		*slash = '\0';
		buf_clear(&path);
		buf_addf(&path, "%s/doorstep-session", out);
		if (access(buf_cstr(&path), X_OK) == -1) {
			free(out);
			out = NULL;
		}
	}
	buf_fini(&path);
	return out == NULL ? xstrdup(DOORSTEP_LIBEXEC_DIR) : out;
}

static int
parse_options(int argc, char **argv, struct options *o)
{
	int option;

	while ((option = getopt(argc, argv, "c:no:vx:")) != -1) {
		if (option == 'c')
			o->conf_path = optarg;
		else if (option == 'n')
			o->is_check = true;
		else if (option == 'o')
			o->overrides[o->override_count++] = optarg;
		else if (option == 'v')
			o->is_verbose = true;
		else if (option == 'x')
			o->libexec_dir = optarg;
		else
			return -1;
	}
	if (o->is_verbose)
		o->overrides[o->override_count++] = "log_level=debug";
	return optind == argc ? 0 : -1;
}

/* 0, 1 and 2 must be something, or the next descriptor opened would be taken
 * for standard error. */
static void
fill_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd != -1 && fd <= STDERR_FILENO && fcntl(fd, F_SETFD, 0) != -1);
	file_close(&fd);
}

int
main(int argc, char **argv)
{
	struct options options = { .conf_path = DOORSTEP_CONF_FILE };
	struct master reader = { .conf_path = NULL };
	struct buf errors = BUF_EMPTY;
	struct conf *conf = NULL;
	char *libexec = find_libexec();
	int status = EX_USAGE;

	fill_standard_fds();
	(void)signal(SIGPIPE, SIG_IGN);
	log_init("doorstepd", STDERR_FILENO, LOG_L_INFO);
	options.libexec_dir = libexec;
	options.overrides = xcalloc((size_t)argc + 1, sizeof *options.overrides);
	if (parse_options(argc, argv, &options) == -1) {
		fprintf(stderr, "usage: doorstepd [-nv] [-c FILE] [-x LIBEXEC_DIR] "
				"[-o KEY=VALUE]...\n");
		goto out;
	}
	reader.conf_path = options.conf_path;
	reader.overrides = options.overrides;
	reader.override_count = options.override_count;
	status = EX_CONFIG;
	if (read_conf(&reader, &conf, &errors) == -1) {
		fputs(buf_cstr(&errors), stderr);
		goto out;
	}
	status = EX_OK;
	if (options.is_check)
		conf_free(&conf);
	else
		status = serve(&options, conf);
out:
	buf_fini(&errors);
	free(options.overrides);
	free(libexec);
	return status;
}
