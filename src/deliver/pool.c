/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A few threads and an eventfd that tells the loop what they have finished.
 * Knows nothing of what the work is. */

#include "deliver/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/file.h"
#include "base/xalloc.h"

#define POOL_THREADS_MAX 64

struct task {
	STAILQ_ENTRY(task) entry;
	pool_fn work, done;
	void *arg;
};

STAILQ_HEAD(task_queue, task);

struct pool {
	pthread_mutex_t lock; /* guards todo, finished, is_ending */
	pthread_cond_t more;
	struct task_queue todo, finished;
	bool is_ending;
	pthread_t threads[POOL_THREADS_MAX];
	unsigned thread_count;
	int event_fd;
	struct watch watch;
};

static void
finish(struct pool *pool, struct task *task)
{
	bool was_empty;
	uint64_t one = 1;

	pthread_mutex_lock(&pool->lock);
	was_empty = STAILQ_EMPTY(&pool->finished);
	STAILQ_INSERT_TAIL(&pool->finished, task, entry);
	pthread_mutex_unlock(&pool->lock);
	/* The loop takes the whole list at a time: only its first entry rings. */
	if (was_empty)
		BUG_ON(write(pool->event_fd, &one, sizeof one) != sizeof one);
}

static void *
serve(void *arg)
{
	struct pool *pool = arg;
	struct task *task;

	for (;;) {
		pthread_mutex_lock(&pool->lock);
		while (STAILQ_EMPTY(&pool->todo) && !pool->is_ending)
			pthread_cond_wait(&pool->more, &pool->lock);
		task = STAILQ_FIRST(&pool->todo);
		if (task != NULL)
			STAILQ_REMOVE_HEAD(&pool->todo, entry);
		pthread_mutex_unlock(&pool->lock);
		if (task == NULL)
			return NULL;
		task->work(task->arg);
		finish(pool, task);
	}
}

static void
deliver_finished(int fd, short what, void *arg)
{
	struct pool *pool = arg;
	struct task_queue finished = STAILQ_HEAD_INITIALIZER(finished);
	struct task *task;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof count) != sizeof count)
		return;
	pthread_mutex_lock(&pool->lock);
	STAILQ_CONCAT(&finished, &pool->finished);
	pthread_mutex_unlock(&pool->lock);
	while ((task = STAILQ_FIRST(&finished)) != NULL) {
		STAILQ_REMOVE_HEAD(&finished, entry);
		task->done(task->arg);
		free(task);
	}
}

static void
start_threads(struct pool *pool, unsigned threads)
{
	sigset_t all, before;

	/* Signals are the loop's business: no thread may be the one to get them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; pool->thread_count < threads; pool->thread_count++)
		BUG_ON(pthread_create(&pool->threads[pool->thread_count], NULL, serve, pool) != 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct pool *
pool_new(struct loop *loop, unsigned threads)
{
	struct pool *pool = xcalloc(1, sizeof *pool);

	BUG_ON(threads == 0 || threads > POOL_THREADS_MAX);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->more, NULL);
	STAILQ_INIT(&pool->todo);
	STAILQ_INIT(&pool->finished);
	pool->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	BUG_ON(pool->event_fd == -1);
	loop_watch(loop, &pool->watch, pool->event_fd, LOOP_READ, deliver_finished, pool);
	start_threads(pool, threads);
	return pool;
}

void
pool_free(struct pool **pool_ptr)
{
	struct pool *pool = *pool_ptr;
	struct task *task;
	unsigned i;

	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->is_ending = true;
	pthread_cond_broadcast(&pool->more);
	pthread_mutex_unlock(&pool->lock);
	for (i = 0; i < pool->thread_count; i++)
		pthread_join(pool->threads[i], NULL);
	while ((task = STAILQ_FIRST(&pool->finished)) != NULL) {
		STAILQ_REMOVE_HEAD(&pool->finished, entry);
		free(task);
	}
	loop_unwatch(&pool->watch);
	file_close(&pool->event_fd);
	pthread_cond_destroy(&pool->more);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
	*pool_ptr = NULL;
}

void
pool_run(struct pool *pool, pool_fn work, pool_fn done, void *arg)
{
	struct task *task = xmalloc(sizeof *task);

	*task = (struct task){ .work = work, .done = done, .arg = arg };
	pthread_mutex_lock(&pool->lock);
	STAILQ_INSERT_TAIL(&pool->todo, task, entry);
	pthread_cond_signal(&pool->more);
	pthread_mutex_unlock(&pool->lock);
}
