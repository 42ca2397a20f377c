/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Sums up /proc/PID/stat over a process tree. */

#include "tests/bench/usage.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"

struct process {
	long pid, parent;
	int64_t cpu_us, rss_kb;
	int is_ours;
};

/* Fields 3 to 24 of /proc/PID/stat, behind the name in parentheses. */
static int
read_process(const char *name, struct process *p)
{
	char path[300], text[2048], *at;
	unsigned long user, system, child_user, child_system;
	long parent, rss, hz = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "/proc/%s/stat", name);
	f = fopen(path, "re");
	if (f == NULL)
		return -1;
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	at = strrchr(text, ')');
	if (at == NULL ||
	    sscanf(at + 1,
		" %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu %*d %*d %*d %*d %*u "
		"%*u %ld",
		&parent, &user, &system, &child_user, &child_system, &rss) != 6)
		return -1;
	p->pid = strtol(name, NULL, 10);
	p->parent = parent;
	p->cpu_us = (int64_t)(user + system + child_user + child_system) * 1000000 / hz;
	p->rss_kb = (int64_t)rss * page / 1024;
	return 0;
}

static size_t
read_all(struct process **out)
{
	struct process *all = NULL;
	size_t n = 0, cap = 0;
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		XGROW(all, cap, n + 1);
		memset(&all[n], 0, sizeof all[n]);
		if (read_process(entry->d_name, &all[n]) == 0)
			n++;
	}
	closedir(dir);
	*out = all;
	return n;
}

/* Marks the descendants: as often as the tree is deep. */
static void
mark(struct process *all, size_t n, long pid)
{
	size_t i, j;
	int has_changed = 1;

	for (i = 0; i < n; i++)
		all[i].is_ours = all[i].pid == pid;
	while (has_changed) {
		has_changed = 0;
		for (i = 0; i < n; i++)
			for (j = 0; j < n && !all[i].is_ours; j++)
				if (all[j].is_ours && all[i].parent == all[j].pid)
					all[i].is_ours = has_changed = 1;
	}
}

void
usage_read(long pid, struct usage *out)
{
	struct process *all = NULL;
	size_t i, n;

	*out = (struct usage){ 0 };
	if (pid == 0)
		return;
	n = read_all(&all);
	mark(all, n, pid);
	for (i = 0; i < n; i++)
		if (all[i].is_ours) {
			out->cpu_us += all[i].cpu_us;
			out->rss_kb += all[i].rss_kb;
		}
	free(all);
}
