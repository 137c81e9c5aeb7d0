/* SPDX-License-Identifier: Apache-2.0
 *
 * C11's threads by POSIX's, to be preloaded. librdkafka uses the former, which ThreadSanitizer does
 * not know: a thread of thrd_create() crashes it, and what a mtx_t orders it does not see. In glibc
 * a mtx_t has room for a pthread_mutex_t, a cnd_t for a pthread_cond_t. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "a mtx_t holds a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "a cnd_t holds a pthread_cond_t");

struct start {
	thrd_start_t function;
	void *argument;
};

static int status(int error)
{
	switch (error) {
	case 0:
		return thrd_success;
	case ETIMEDOUT:
		return thrd_timedout;
	case ENOMEM:
		return thrd_nomem;
	default:
		return thrd_error;
	}
}

static void *run(void *argument)
{
	struct start start = *(struct start *)argument;

	free(argument);
	return (void *)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
	struct start *start = malloc(sizeof(*start));

	if (start == NULL)
		return thrd_nomem;
	*start = (struct start){ function, argument };
	int error = pthread_create(thread, NULL, run, start);
	if (error != 0)
		free(start);
	return status(error);
}

int thrd_join(thrd_t thread, int *result)
{
	void *returned = NULL;
	int error = pthread_join(thread, &returned);

	if (error == 0 && result != NULL)
		*result = (int)(intptr_t)returned;
	return status(error);
}

int mtx_init(mtx_t *mutex, int type)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	if ((type & mtx_recursive) != 0)
		pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	int error = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
	pthread_mutexattr_destroy(&attributes);
	return status(error);
}

int mtx_lock(mtx_t *mutex)
{
	return status(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

int mtx_unlock(mtx_t *mutex)
{
	return status(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

void mtx_destroy(mtx_t *mutex)
{
	pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

int cnd_init(cnd_t *condition)
{
	return status(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

int cnd_signal(cnd_t *condition)
{
	return status(pthread_cond_signal((pthread_cond_t *)condition));
}

int cnd_broadcast(cnd_t *condition)
{
	return status(pthread_cond_broadcast((pthread_cond_t *)condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
	return status(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
		  const struct timespec *restrict until)
{
	return status(pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex,
					     until));
}

void cnd_destroy(cnd_t *condition)
{
	pthread_cond_destroy((pthread_cond_t *)condition);
}
