/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * For whom a deliver runs.  A session names an owner, but it is not believed:
 * the name must agree with the uid and the uid must be one that gets mail. */
#include "master/owners.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "master/waiting.h"

/* A deliver that fails again and again is not worth a client's wait. */
#define DELAY_TO_WAIT (2 * CLOCK_SECOND)

/* A session that waits for a deliver. */
struct want {
	TAILQ_ENTRY(want) entry;
	struct child *session, *deliver;
};

/* ---- who may be an owner ---- */

int
owners_parse(const struct master *m, struct str owner, uid_t *uid_out)
{
	uint64_t uid;

	if (str_is_equal(owner, STR("virtual"))) {
		*uid_out = m->virtual_owner.uid;
		return 0;
	}
	if (!str_has_prefix(owner, STR("uid."))
	    || !str_is_number(str_from(owner, 4), UINT32_MAX - 1, &uid))
		return -1;
	/* One name for each uid: "uid.01" would be a second store. */
	if (owner.n > 5 && owner.p[4] == '0')
		return -1;
	*uid_out = (uid_t)uid;
	return 0;
}

static int
refuse(struct fail *why, const char *owner, const char *reason)
{
	return fail_set(why, FAIL_POLICY, 3, 5, 0, "", "owner %s: %s", owner, reason);
}

/* As whom the deliver of an owner runs. */
static int
find_ids(const struct master *m, const char *owner, uid_t uid, struct ids *out, struct fail *why)
{
	const struct passwd *account;
	uid_t named;

	if (owners_parse(m, str_of(owner), &named) == -1)
		return refuse(why, owner, "is no owner's name");
	*out = (struct ids){ (uid_t)-1, (gid_t)-1 };
	/* One user owns everything: the names are keys and nothing more. */
	if (!m->is_root)
		return 0;
	if (strcmp(owner, "virtual") == 0) {
		if (named == (uid_t)-1)
			return refuse(why, owner, "the account of the setting virtual_user does not exist");
		if (named != uid)
			return refuse(why, owner, "its uid is another");
		*out = m->virtual_owner;
		return 0;
	}
	if (named != uid)
		return refuse(why, owner, "its uid is another");
	if (uid == 0 || (int64_t)uid < m->conf->first_valid_uid)
		return refuse(why, owner, "its uid is below first_valid_uid");
	if (uid == m->service.uid || uid == m->auth.uid)
		return refuse(why, owner, "its uid is one of ours");
	account = getpwuid(uid);
	if (account == NULL)
		return refuse(why, owner, "there is no account with its uid");
	if (account->pw_gid == 0)
		return refuse(why, owner, "its group is root's");
	*out = (struct ids){ uid, account->pw_gid };
	return 0;
}

/* STATE/OWNER, which only its owner may enter.  The state directory is ours
 * alone, so nobody can put a link in our way. */
static int
make_state_dir(const struct master *m, const char *owner, const struct ids *ids, struct fail *why)
{
	struct buf path = BUF_EMPTY;
	struct stat st;
	int rc = -1;

	buf_addf(&path, "%s/%s", m->conf->state_dir, owner);
	if (mkdir(buf_cstr(&path), 0700) == -1 && errno != EEXIST) {
		fail_errno(why, errno, "make", buf_cstr(&path));
		goto out;
	}
	if (lstat(buf_cstr(&path), &st) == -1) {
		fail_errno(why, errno, "look at", buf_cstr(&path));
		goto out;
	}
	if (!S_ISDIR(st.st_mode)) {
		fail_errno(why, ENOTDIR, "use", buf_cstr(&path));
		goto out;
	}
	if (m->is_root && st.st_uid != ids->uid
	    && lchown(buf_cstr(&path), ids->uid, ids->gid) == -1) {
		fail_errno(why, errno, "change the owner of", buf_cstr(&path));
		goto out;
	}
	rc = 0;
out:
	buf_fini(&path);
	return rc;
}

/* ---- starting ---- */

static void
add_filters(struct child *deliver)
{
	struct master *m = deliver->master;
	int64_t i;

	for (i = 0; i < m->conf->filter_processes; i++) {
		struct child *filter = children_find(m, ROLE_FILTER, deliver->owner, (uint32_t)i);

		if (filter == NULL)
			filter = children_add(m, ROLE_FILTER, (uint32_t)i, deliver->owner);
		filter->deliver = deliver;
		filter->after = CHILD_RESTARTS;
		/* One that is still dying starts when it is reaped. */
		if (filter->pid != 0)
			filter->after = CHILD_RESTARTS_NOW;
		else
			children_start(filter);
	}
}

void
owners_started(struct child *deliver)
{
	struct wants *wants = &deliver->master->wants;
	struct want *want, *next;

	add_filters(deliver);
	for (want = TAILQ_FIRST(wants); want != NULL; want = next) {
		next = TAILQ_NEXT(want, entry);
		if (want->deliver != deliver)
			continue;
		children_connect(want->session, deliver);
		TAILQ_REMOVE(wants, want, entry);
		free(want);
	}
}

struct child *
owners_need(struct master *m, const char *owner, uid_t uid, struct fail *why)
{
	struct child *deliver = children_find(m, ROLE_DELIVER, owner, 0);
	struct ids ids;

	/* Asked each time: a reload may have changed who gets mail. */
	if (find_ids(m, owner, uid, &ids, why) == -1)
		return NULL;
	if (m->phase >= PHASE_DELIVERS) {
		refuse(why, owner, "doorstepd is stopping");
		return NULL;
	}
	if (deliver != NULL) {
		if (deliver->pid == 0 && deliver->delay >= DELAY_TO_WAIT) {
			refuse(why, owner, "its deliver fails again and again");
			return NULL;
		}
		return deliver;
	}
	if (make_state_dir(m, owner, &ids, why) == -1)
		return NULL;
	deliver = children_add(m, ROLE_DELIVER, 0, owner);
	deliver->owner_ids = ids;
	children_start(deliver);
	return deliver;
}

void
owners_start_virtual(struct master *m)
{
	struct fail why = FAIL_EMPTY;
	size_t i;

	for (i = 0; i < m->conf->domain_count; i++) {
		if (strcmp(m->conf->domains[i].source, "passwd") == 0)
			continue;
		if (owners_need(m, "virtual", m->virtual_owner.uid, &why) == NULL)
			log_error("%s", why.log);
		return;
	}
}

/* ---- what sessions and delivers say ---- */

static void
refuse_session(struct child *session, struct str owner, const char *reason)
{
	struct msg_MASTER_REFUSES_OWNER answer = { .owner = owner, .reason = str_of(reason) };

	children_tell(session, MSG_MASTER_REFUSES_OWNER, &answer);
}

static void
add_want(struct child *session, struct child *deliver)
{
	struct want *want = xcalloc(1, sizeof *want);

	want->session = session;
	want->deliver = deliver;
	TAILQ_INSERT_TAIL(&session->master->wants, want, entry);
}

void
owners_asked(struct child *session, const struct msg_SESSION_ASKS_OWNER *asked)
{
	struct fail why = FAIL_EMPTY;
	struct child *deliver;
	char *owner = xstrndup(asked->owner);

	deliver = owners_need(session->master, owner, asked->uid, &why);
	if (deliver == NULL) {
		log_warn("%s", why.log);
		refuse_session(session, asked->owner, why.log);
	} else if (children_is_alive(deliver)) {
		children_connect(session, deliver);
	} else {
		/* Waiting for its start, or for the end of its retirement. */
		add_want(session, deliver);
	}
	free(owner);
}

void
owners_idle(struct child *deliver)
{
	struct msg_MASTER_RETIRES_OWNER message = { .owner = str_of(deliver->owner) };
	struct child *c;

	if (!children_is_alive(deliver))
		return;
	/* It ends once no session holds a link to it; who asks meanwhile waits. */
	deliver->state = CHILD_RETIRING;
	deliver->after = CHILD_IS_FORGOTTEN;
	TAILQ_FOREACH(c, &deliver->master->children, entry)
		if (c->role == ROLE_SESSION && children_is_alive(c))
			children_tell(c, MSG_MASTER_RETIRES_OWNER, &message);
	/* Last: links given to it before this are in its socket already. */
	children_tell(deliver, MSG_MASTER_RETIRES_OWNER, &message);
}

void
owners_report(struct child *deliver, const struct msg_DELIVER_REPORTS_FILTER *report)
{
	struct child *filter = children_find(deliver->master, ROLE_FILTER, deliver->owner,
	    report->worker);
	bool is_renewal = str_is_equal(report->reason, STR("renew"));

	if (filter == NULL || filter->pid == 0 || filter->deliver != deliver)
		return;
	if (!is_renewal)
		log_warn("filter %u of %s, process %ld, is killed: %.*s", filter->worker,
		    deliver->owner, (long)filter->pid, STR_ARG(report->reason));
	children_kill(filter, is_renewal ? CHILD_RESTARTS_NOW : CHILD_RESTARTS);
}

/* ---- ends ---- */

static void
drop_wants(struct child *c, const char *reason)
{
	struct wants *wants = &c->master->wants;
	struct want *want, *next;

	for (want = TAILQ_FIRST(wants); want != NULL; want = next) {
		next = TAILQ_NEXT(want, entry);
		if (want->session != c && want->deliver != c)
			continue;
		if (want->session != c && want->session->wire != NULL)
			refuse_session(want->session, str_of(c->owner), reason);
		TAILQ_REMOVE(wants, want, entry);
		free(want);
	}
}

static bool
is_wanted(const struct child *deliver)
{
	const struct want *want;

	TAILQ_FOREACH(want, &deliver->master->wants, entry)
		if (want->deliver == deliver)
			return true;
	return false;
}

/* The filters of a deliver that crashed hold links to nobody and half a
 * question: they are ended.  Those of one that went in order finish. */
static void
end_filters(struct child *deliver, bool is_for_good)
{
	struct child *c, *next;

	for (c = TAILQ_FIRST(&deliver->master->children); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (c->role != ROLE_FILTER || c->deliver != deliver)
			continue;
		if (!is_for_good) {
			children_kill(c, CHILD_STAYS_DOWN);
			continue;
		}
		c->deliver = NULL;
		children_say_stop(c, CHILD_IS_FORGOTTEN);
	}
}

void
owners_ended(struct child *c, int status)
{
	bool is_done = c->state == CHILD_RETIRING && WIFEXITED(status) && WEXITSTATUS(status) == 0;

	if (c->role == ROLE_SESSION) {
		drop_wants(c, "");
		return;
	}
	if (c->state == CHILD_RETIRING)
		c->after = is_done && !is_wanted(c) ? CHILD_IS_FORGOTTEN
		    : is_done ? CHILD_RESTARTS_NOW : CHILD_RESTARTS;
	if (c->after == CHILD_RESTARTS && c->delay >= DELAY_TO_WAIT)
		drop_wants(c, "its deliver fails again and again");
	if (c->after == CHILD_IS_FORGOTTEN) {
		waiting_look_soon(c->master);
		drop_wants(c, "doorstepd is stopping");
	}
	if (c->master->phase < PHASE_DELIVERS)
		end_filters(c, c->after == CHILD_IS_FORGOTTEN);
}
