/* SPDX-License-Identifier: Apache-2.0
 *
 * C11 threads on top of POSIX ones, linked into tests that run under ThreadSanitizer: librdkafka
 * uses glibc's <threads.h>, which the sanitizer of gcc 12 does not intercept, so that it crashes
 * in the first thread it does not know. The executable's definitions win over libc's. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "a mutex fits");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "a condition fits");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "a thread fits");

struct begin {
	thrd_start_t run;
	void *arg;
};

static void *run(void *user)
{
	struct begin begin = *(struct begin *)user;

	free(user);
	return (void *)(intptr_t)begin.run(begin.arg);
}

static int result(int code)
{
	return code == 0 ? thrd_success : thrd_error;
}

int thrd_create(thrd_t *thread, thrd_start_t start, void *arg)
{
	struct begin *begin = malloc(sizeof(*begin));

	if (begin == NULL)
		return thrd_nomem;
	*begin = (struct begin){start, arg};
	int code = pthread_create(thread, NULL, run, begin);
	if (code != 0)
		free(begin);
	return result(code);
}

int thrd_join(thrd_t thread, int *code)
{
	void *value = NULL;
	int failed = pthread_join(thread, &value);

	if (code != NULL)
		*code = (int)(intptr_t)value;
	return result(failed);
}

int thrd_detach(thrd_t thread)
{
	return result(pthread_detach(thread));
}

thrd_t thrd_current(void)
{
	return pthread_self();
}

int mtx_init(mtx_t *mutex, int type)
{
	(void)type; // librdkafka's are plain
	return result(pthread_mutex_init((pthread_mutex_t *)(void *)mutex, NULL));
}

int mtx_lock(mtx_t *mutex)
{
	return result(pthread_mutex_lock((pthread_mutex_t *)(void *)mutex));
}

int mtx_trylock(mtx_t *mutex)
{
	return pthread_mutex_trylock((pthread_mutex_t *)(void *)mutex) == 0 ? thrd_success
									    : thrd_busy;
}

int mtx_unlock(mtx_t *mutex)
{
	return result(pthread_mutex_unlock((pthread_mutex_t *)(void *)mutex));
}

void mtx_destroy(mtx_t *mutex)
{
	pthread_mutex_destroy((pthread_mutex_t *)(void *)mutex);
}

int cnd_init(cnd_t *condition)
{
	return result(pthread_cond_init((pthread_cond_t *)(void *)condition, NULL));
}

int cnd_signal(cnd_t *condition)
{
	return result(pthread_cond_signal((pthread_cond_t *)(void *)condition));
}

int cnd_broadcast(cnd_t *condition)
{
	return result(pthread_cond_broadcast((pthread_cond_t *)(void *)condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
	return result(pthread_cond_wait((pthread_cond_t *)(void *)condition,
					(pthread_mutex_t *)(void *)mutex));
}

int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until)
{
	int code = pthread_cond_timedwait((pthread_cond_t *)(void *)condition,
					  (pthread_mutex_t *)(void *)mutex, until);

	return code == 0 ? thrd_success : thrd_timedout;
}

void cnd_destroy(cnd_t *condition)
{
	pthread_cond_destroy((pthread_cond_t *)(void *)condition);
}
