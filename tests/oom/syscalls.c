/* SPDX-License-Identifier: Apache-2.0
 *
 * See syscalls.h. Each call fails with the errno that is most likely for it. */
#define _GNU_SOURCE
#include "syscalls.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CRUMB 3 /* bytes */

static struct {
	pthread_mutex_t lock;
	bool armed;
	long n, fail_at;
	const char *failed;
	int code;
} calls = {.lock = PTHREAD_MUTEX_INITIALIZER};
static atomic_bool crumbles, refuses_accept;
static atomic_int crumb;
static atomic_long accepts;

static bool fails(const char *name, int code)
{
	pthread_mutex_lock(&calls.lock);
	bool now = calls.armed && ++calls.n == calls.fail_at;
	if (now) {
		calls.failed = name;
		calls.code = code;
		errno = code;
	}
	pthread_mutex_unlock(&calls.lock);
	return now;
}

/* -- what the linker makes of the names --------------------------------------------------- */

#define WRAP(name, code, params, args)                                                             \
	int __real_##name params;                                                                  \
	int __wrap_##name params;                                                                  \
	int __wrap_##name params                                                                   \
	{                                                                                          \
		return fails(#name, code) ? -1 : __real_##name args;                               \
	}

WRAP(fstat64, EIO, (int fd, struct stat *about), (fd, about))
WRAP(epoll_create1, EMFILE, (int flags), (flags))
WRAP(epoll_ctl, ENOSPC, (int fd, int what, int of, struct epoll_event *e), (fd, what, of, e))
WRAP(eventfd, EMFILE, (unsigned n, int flags), (n, flags))
WRAP(timerfd_create, ENFILE, (int clock, int flags), (clock, flags))
WRAP(socket, EMFILE, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(setsockopt, ENOMEM, (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
WRAP(bind, EACCES, (int fd, const struct sockaddr *at, socklen_t size), (fd, at, size))
WRAP(listen, ENOBUFS, (int fd, int n), (fd, n))
WRAP(connect, ECONNREFUSED, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
WRAP(gethostname, EPERM, (char *name, size_t size), (name, size))

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...) // none of ours makes a file
{
	return fails("open", EMFILE) ? -1 : __real_open64(path, flags);
}

int __real_fcntl64(int fd, int what, ...);
int __wrap_fcntl64(int fd, int what, ...);
int __wrap_fcntl64(int fd, int what, ...)
{
	va_list args;
	va_start(args, what);
	int value = va_arg(args, int);
	va_end(args);
	return fails("fcntl", EIO) ? -1 : __real_fcntl64(fd, what, value);
}

int __real_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*run)(void *),
			  void *user);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*run)(void *),
			  void *user);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*run)(void *),
			  void *user)
{
	return fails("pthread_create", EAGAIN) ? EAGAIN
					       : __real_pthread_create(id, attr, run, user);
}

ssize_t __real_getrandom(void *to, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *to, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *to, size_t size, unsigned flags)
{
	return fails("getrandom", ENOSYS) ? -1 : __real_getrandom(to, size, flags);
}

int __real_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags)
{
	atomic_fetch_add(&accepts, 1);
	if (!atomic_load(&refuses_accept))
		return __real_accept4(fd, from, size, flags);
	errno = EMFILE;
	return -1;
}

/* True: interrupted. *size is what may go at once. */
static bool is_interrupted(size_t *size)
{
	if (!atomic_load(&crumbles))
		return false;
	if (*size > CRUMB)
		*size = CRUMB;
	errno = EINTR;
	return atomic_fetch_add(&crumb, 1) % 2 == 0;
}

ssize_t __real_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size)
{
	return is_interrupted(&size) || fails("read", EIO) ? -1 : __real_read(fd, to, size);
}

ssize_t __real_write(int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size)
{
	return is_interrupted(&size) ? -1 : __real_write(fd, from, size);
}

/* -- for tests --------------------------------------------------------------------------- */

void syscalls_arm(long n)
{
	pthread_mutex_lock(&calls.lock);
	calls.armed = true;
	calls.n = 0;
	calls.fail_at = n;
	calls.failed = NULL;
	pthread_mutex_unlock(&calls.lock);
}

void syscalls_disarm(void)
{
	pthread_mutex_lock(&calls.lock);
	calls.armed = false;
	pthread_mutex_unlock(&calls.lock);
}

const char *syscalls_failed(int *code)
{
	pthread_mutex_lock(&calls.lock);
	const char *failed = calls.failed;
	*code = calls.code;
	pthread_mutex_unlock(&calls.lock);
	return failed;
}

void syscalls_crumble(bool on)
{
	atomic_store(&crumbles, on);
}

void syscalls_refuse_accept(bool on)
{
	atomic_store(&accepts, 0);
	atomic_store(&refuses_accept, on);
}

long syscalls_accepts(void)
{
	return atomic_load(&accepts);
}
