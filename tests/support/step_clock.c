/* SPDX-License-Identifier: Apache-2.0
 *
 * LD_PRELOAD=libstep-clock.so STEP_CLOCK=FILE: moves the wall clock of one process while it runs.
 * The file holds three int64 of this host: microseconds to add, parts per million by which the
 * clock runs fast, and since when (boot-time clock, microseconds). The boot-time and the monotonic
 * clock stay true, as they do on a host. libfaketime 0.9.10 cannot do this: after a step it sets
 * timers of CLOCK_BOOTTIME wrong. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct step {
	int64_t add_us, ppm, since_us;
};

static const volatile struct step *step;

__attribute__((constructor)) static void open_step(void)
{
	const char *path = getenv("STEP_CLOCK");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		abort();
	void *at = mmap(NULL, sizeof(*step), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		abort();
	step = at;
}

static int64_t real_us(clockid_t id)
{
	struct timespec now;

	syscall(SYS_clock_gettime, id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t wall_us(void)
{
	int64_t us = real_us(CLOCK_REALTIME);

	if (step == NULL) /* before the constructor */
		return us;
	us += step->add_us;
	if (step->ppm != 0)
		us += (real_us(CLOCK_BOOTTIME) - step->since_us) * step->ppm / 1000000;
	return us;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)
		return (int)syscall(SYS_clock_gettime, id, now);
	int64_t us = wall_us();
	now->tv_sec = us / 1000000;
	now->tv_nsec = us % 1000000 * 1000;
	return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	int64_t us = wall_us();

	(void)zone;
	now->tv_sec = us / 1000000;
	now->tv_usec = us % 1000000;
	return 0;
}

time_t time(time_t *out)
{
	time_t now = wall_us() / 1000000;

	if (out != NULL)
		*out = now;
	return now;
}
