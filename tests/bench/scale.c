/* SPDX-License-Identifier: Apache-2.0
 *
 * scale --brokers B --topic T --count N [--share PERCENT] [--members M] [--delays MS,MS,...]
 * [--workers W] [--expected P] [--in-flight N] [--rest S] [--limit-seconds S] [--set name=value,...]
 * The N messages that preload wrote into T through a group of M members, each a process of its own.
 * PERCENT of them fail at every call and go through all stages, T.retry.1, T.retry.2 and so on, to
 * T.dlt. Ends when each message was called and each that fails is dead, S seconds of rest later;
 * prints figures as one JSON object. T's stages and T.dlt must be new.
 * Exit 1: a call was early, or the broker does not say that all is committed and that the DLT has
 * the dead letters alone; 3: the limit came first. */
#define _GNU_SOURCE
#include "scale.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

bool scale_fails(int64_t id, int64_t percent)
{
	uint64_t x = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);

	return (int64_t)((x >> 32) % 100) < percent;
}

static bool read_delays(struct scale_run *run)
{
	char *end;

	for (const char *at = run->delays; *at != '\0'; at = *end == ',' ? end + 1 : end) {
		int64_t ms = strtoll(at, &end, 10);
		if (end == at || (*end != ',' && *end != '\0') || ms < 1 ||
		    run->n_stages == SCALE_MAX_STAGES)
			return false;
		run->delays_ms[run->n_stages++] = ms;
	}
	return run->n_stages > 0;
}

/* Of a process that has no thread yet. */
static void share(struct scale_run *run)
{
	size_t size = sizeof(struct scale_shared) + (size_t)run->count / 4 + 2;

	for (int64_t id = 0; id < run->count; id++)
		run->failing += scale_fails(id, run->share);
	run->shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run->shared == MAP_FAILED || sem_init(&run->shared->over, 1, 0) != 0)
		err(1, "shared memory");
	run->shared->began_us = bench_boot_us();
}

/* True when all have ended well. */
static bool run_members(struct scale_run *run)
{
	bool good = true;
	int status;

	for (int64_t i = 0; i < run->members; i++) {
		pid_t pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (pid > 0)
			continue;
		scale_member_run(run, i);
		exit(0);
	}
	for (int64_t i = 0; i < run->members; i++)
		good = wait(&status) > 0 && status == 0 && good;
	return good;
}

static void print_member(const struct scale_member *m, int64_t rest_s, bool first)
{
	printf("%s{\"calls\": %" PRId64 ", \"start_cpu_s\": %.3f, \"work_cpu_s\": %.3f, "
	       "\"rest_percent\": %.2f, \"rest_kib\": %" PRId64 ", \"peak_kib\": %" PRId64
	       ", \"hop_failures\": %" PRId64 ", \"commit_failures\": %" PRId64
	       ", \"head_of_line\": %" PRId64 ", \"assigned\": %" PRId64
	       ", \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"max_ms\": %.2f}",
	       first ? "" : ", ", m->calls, (double)m->start_cpu_us / 1e6,
	       (double)m->work_cpu_us / 1e6,
	       rest_s > 0 ? (double)m->rest_cpu_us / (double)rest_s / 1e4 : 0.0, m->rest_kib,
	       m->peak_kib, m->hop_failures, m->commit_failures, m->head_of_line, m->assigned,
	       (double)m->p50_us / 1000, (double)m->p99_us / 1000, (double)m->max_us / 1000);
}

/* The code to exit with. */
static int finish(const struct scale_run *run)
{
	const struct scale_shared *s = run->shared;
	int64_t early = 0;
	int64_t calls = 0;

	for (int64_t i = 0; i < run->members; i++) {
		early += s->members[i].early;
		calls += s->members[i].calls;
	}
	int64_t dead = scale_dead_letters(run);
	int64_t behind = scale_uncommitted(run);
	int64_t again = calls - run->count - run->failing * run->n_stages;
	printf("{\"messages\": %" PRId64 ", \"failing\": %" PRId64 ", \"stages\": %d, "
	       "\"calls\": %" PRId64 ", \"called_again\": %" PRId64 ", \"early\": %" PRId64
	       ", \"dead_letters\": %" PRId64 ", \"uncommitted\": %" PRId64
	       ", \"start_s\": %.3f, \"main_s\": %.3f, \"whole_s\": %.3f, \"members\": [",
	       run->count, run->failing, run->n_stages, calls, again, early, dead, behind,
	       (double)(s->first_us - s->began_us) / 1e6, (double)(s->main_us - s->first_us) / 1e6,
	       (double)(s->last_us - s->first_us) / 1e6);
	for (int64_t i = 0; i < run->members; i++)
		print_member(&s->members[i], run->rest_s, i == 0);
	puts("]}");
	if (dead != run->failing)
		warnx("%" PRId64 " dead letters, not %" PRId64, dead, run->failing);
	if (behind != 0)
		warnx("%" PRId64 " messages are not committed", behind);
	if (early > 0)
		warnx("%" PRId64 " calls were early", early);
	return dead != run->failing || behind != 0 || early > 0;
}

int main(int argc, char **argv)
{
	struct scale_run run = {.topic = "scale", .delays = "1000,2000,3000,5000", .set = "",
				.count = 1000000, .members = 1, .workers = 1, .limit_s = 240};
	const struct bench_option options[] = {
		{"--brokers", &run.brokers, NULL, NULL},
		{"--topic", &run.topic, NULL, NULL},
		{"--delays", &run.delays, NULL, NULL},
		{"--set", &run.set, NULL, NULL},
		{"--count", NULL, &run.count, NULL},
		{"--share", NULL, &run.share, NULL},
		{"--members", NULL, &run.members, NULL},
		{"--workers", NULL, &run.workers, NULL},
		{"--expected", NULL, &run.expected, NULL},
		{"--in-flight", NULL, &run.in_flight, NULL},
		{"--rest", NULL, &run.rest_s, NULL},
		{"--limit-seconds", NULL, &run.limit_s, NULL},
	};

	if (!bench_options(options, sizeof(options) / sizeof(*options), argc, argv) ||
	    run.brokers == NULL || run.count < 1 || run.members < 1 ||
	    run.members > SCALE_MAX_MEMBERS || !read_delays(&run))
		errx(2, "--brokers is needed; --count is at least 1, --members 1..%d, --delays "
			"1..%d numbers", SCALE_MAX_MEMBERS, SCALE_MAX_STAGES);
	bench_fresh_name("scale", run.group, sizeof(run.group));
	share(&run);
	bool good = run_members(&run);
	if (good && !run.shared->complete) {
		warnx("%" PRId64 " of %" PRId64 " messages were called and %" PRId64 " of %" PRId64
		      " are dead after %" PRId64 " s", run.shared->seen, run.count,
		      run.shared->dead, run.failing, run.limit_s);
		return 3;
	}
	return good ? finish(&run) : 1;
}
