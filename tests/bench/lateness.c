/* SPDX-License-Identifier: Apache-2.0
 *
 * lateness --brokers B --topic T [--partitions P] [--rate R] [--hops N] [--first N]
 * [--visits V] [--stage-delay MS] [--jitter X] [--retry-after MS,MS,...] [--workers W] [--max-waiting N]
 * [--slow P | --in-place P] [--visitor MS] [--waiting N | --backlog N] [--limit-seconds S]
 * [--histogram FILE] [--set name=value,...]
 * A stagger consumer whose handler always fails, and a bare producer that feeds main at a steady
 * pace, so that R messages per second are due in one stage of V visits (topics T, T.retry, T.dlt,
 * which must be new: what is left there from another run would come first and all at once).
 * The first N calls (--first) are a line of their own: first records of many new partitions take up to a
 * second on a broker that is cold.
 * With --retry-after the handler asks for one of these delays after the other.
 * With --slow or --in-place P partitions are put aside, 0 to P - 1: their handler takes 20 ms, or
 * calls are repeated in place, three a visit and 20 ms apart. Only the others are measured.
 * With --visitor another member comes to the group for so long and goes for as long, all the time.
 * With --waiting there are N more messages in one more stage, T.hour, where they wait for an hour.
 * With --backlog main holds N messages that do not fail, behind as many that do as are due in one
 * delay: main is read as fast as it goes, all the time, and its end is the run's, too.
 * Prints how late the handler was called, and a bare timer of the same process; the histogram is
 * that of the first line. Exit 1: a call was early; 3: the limit came first. */
#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "late.h"
#include "load.h"

#define TIMER_US 10000
#define N_BESIDE 4 /* threads beside the consumer's and that which stops it */

struct run {
	struct late late;
	struct late_member member; /* the one that stays */
};

/* Stops the consumer when there are enough calls, when main has none left beside them, or too late. */
static void *watch(void *user)
{
	struct run *run = user;
	struct late *late = &run->late;
	int64_t begin_us = bench_boot_us();

	for (int64_t i = 1; !late->enough && i <= late->limit_s * 10; i++) {
		load_pause_until(begin_us + i * 100000);
		if (late->backlog > 0 && late->finished == late->backlog)
			late->enough = true;
	}
	stagger_consumer_stop(run->member.consumer);
	return NULL;
}

/* How late a bare thread wakes in the same process, while all else goes on. */
static void *keep_time(void *user)
{
	struct late *late = user;
	int64_t begin_us = bench_boot_us();

	for (int64_t i = 1; !late->enough; i++) {
		load_pause_until(begin_us + i * TIMER_US);
		spread_add(&late->timer, bench_boot_us() - begin_us - i * TIMER_US);
	}
	return NULL;
}

static void print_spread(const char *what, const struct spread *spread, int64_t n)
{
	printf("%s: p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms, %" PRId64 " calls", what,
	       spread_share_ms(spread, n, 0.5), spread_share_ms(spread, n, 0.99),
	       spread_share_ms(spread, n, 0.999), spread_share_ms(spread, n, 1), n);
}

static void print_stats(const struct late *late, const struct stagger_stats *stats)
{
	printf("statistics: p50 %.2f ms, p99 %.2f ms, max %.2f ms, early %" PRId64
	       ", head_of_line %" PRId64 ", reparked %" PRId64 ", retried_in_place %" PRId64
	       ", hop_failures %" PRId64 ", commit_failures %" PRId64 ", clock_steps %" PRId64 "\n",
	       (double)stats->lateness_p50_us / 1000, (double)stats->lateness_p99_us / 1000,
	       (double)stats->lateness_max_us / 1000, late->stats_early, late->head_of_line,
	       late->reparked, late->retried_in_place, late->hop_failures, late->commit_failures,
	       late->clock_steps);
}

static void print(struct late *late, const struct stagger_stats *stats)
{
	int64_t n = spread_close(&late->stayed);
	int64_t n_moved = spread_close(&late->moved);
	int64_t n_again = spread_close(&late->again);
	int64_t n_timer = spread_close(&late->timer);
	int64_t n_first = spread_close(&late->beginning);

	if (n == 0) {
		puts("lateness: no call in the stage");
		return;
	}
	print_spread("lateness", &late->stayed, n);
	printf(", early %" PRId64 ", head_of_line %" PRId64 ", rate %" PRId64 "/s, %" PRId64
	       " partitions, stage %" PRId64 " ms, jitter %.0f %%, %s\n",
	       late->early, late->head_of_line, late->rate, late->partitions, late->delay_ms,
	       late->jitter * 100, stagger_version());
	if (n_first > 0) {
		print_spread("first", &late->beginning, n_first);
		puts("");
	}
	if (n_moved > 0) {
		print_spread("moved", &late->moved, n_moved);
		printf(", %" PRId64 " visits of another member\n", late->visits_of_others);
	}
	if (n_again > 0) {
		print_spread("in place", &late->again, n_again);
		printf(", least %.2f ms\n", spread_share_ms(&late->again, n_again, 0));
	}
	if (n_timer > 0) {
		print_spread("bare timer", &late->timer, n_timer);
		puts("");
	}
	if (late->n_slow > 0)
		printf("slow: %" PRId64 " calls\n", late->n_slow);
	if (late->backlog > 0)
		printf("main: %.3f M msg/s beside them\n",
		       (double)late->finished / (double)(bench_boot_us() - late->began_us));
	print_stats(late, stats);
	if (late->histogram != NULL)
		spread_write(&late->stayed, n, late->histogram);
}

static int finish(struct run *run, bool whole, enum stagger_status status,
		  const struct stagger_error *error)
{
	struct late *late = &run->late;
	const struct stagger_stats *stats = NULL;

	if (status != STAGGER_OK)
		warnx("%s: %s", stagger_status_name(status), error->text);
	late_member_close(&run->member, &stats);
	print(late, stats);
	stagger_stats_free(&stats);
	spread_clear(&late->stayed);
	spread_clear(&late->moved);
	spread_clear(&late->again);
	spread_clear(&late->beginning);
	spread_clear(&late->timer);
	free(late->at);
	if (late->early + late->stats_early > 0 || status != STAGGER_OK)
		return 1;
	if (!whole)
		warnx("not enough hops within %" PRId64 " s", late->limit_s);
	return whole ? 0 : 3;
}

/* "MS,MS,..." or NULL */
static void take_wishes(struct late *late, const char *text)
{
	char *end;

	while (text != NULL && *text != '\0') {
		int64_t wish_ms = strtoll(text, &end, 10);
		if (end == text || (*end != ',' && *end != '\0') || wish_ms < 1 ||
		    late->n_wishes == LATE_WISHES)
			errx(2,
			     "--retry-after is up to %d times of 1 ms or more, with commas "
			     "between them, not '%s'",
			     LATE_WISHES, text);
		late->wishes_ms[late->n_wishes++] = wish_ms;
		text = *end == ',' ? end + 1 : end;
	}
}

static void take_options(struct late *late, int argc, char **argv)
{
	const char *wishes = NULL;
	const struct bench_option options[] = {
		{ "--brokers", &late->brokers, NULL, NULL },
		{ "--topic", &late->topic, NULL, NULL },
		{ "--set", &late->set, NULL, NULL },
		{ "--histogram", &late->histogram, NULL, NULL },
		{ "--retry-after", &wishes, NULL, NULL },
		{ "--partitions", NULL, &late->partitions, NULL },
		{ "--rate", NULL, &late->rate, NULL },
		{ "--hops", NULL, &late->hops, NULL },
		{ "--first", NULL, &late->first, NULL },
		{ "--visits", NULL, &late->visits, NULL },
		{ "--stage-delay", NULL, &late->delay_ms, NULL },
		{ "--workers", NULL, &late->workers, NULL },
		{ "--max-waiting", NULL, &late->max_waiting, NULL },
		{ "--slow", NULL, &late->slow, NULL },
		{ "--in-place", NULL, &late->in_place, NULL },
		{ "--visitor", NULL, &late->visitor_ms, NULL },
		{ "--limit-seconds", NULL, &late->limit_s, NULL },
		{ "--waiting", NULL, &late->waiting, NULL },
		{ "--backlog", NULL, &late->backlog, NULL },
		{ "--jitter", NULL, NULL, &late->jitter },
	};

	if (!bench_options(options, sizeof(options) / sizeof(*options), argc, argv) ||
	    late->brokers == NULL || late->visits < 1 || late->rate < 1 || late->hops < 1)
		errx(2, "--brokers is needed; --rate, --hops and --visits are at least 1");
	if (late->slow < 0 || late->in_place < 0 || (late->slow > 0 && late->in_place > 0) ||
	    late->partitions <= late_aside(late))
		errx(2, "--slow or --in-place, and of fewer than the %" PRId64 " partitions",
		     late->partitions);
	take_wishes(late, wishes);
}

static void make_room(struct late *late)
{
	late->messages = (late->first + late->hops + late->visits - 1) / late->visits;
	if (late->backlog > 0) // they go round and round
		late->messages = late->rate * late->delay_ms / 1000;
	spread_init(&late->stayed, late->hops);
	spread_init(&late->moved, late->hops);
	spread_init(&late->again, late->hops);
	spread_init(&late->beginning, late->first + 1);
	spread_init(&late->timer, late->limit_s * (1000000 / TIMER_US));
	late->at = calloc((size_t)late->partitions, sizeof(*late->at));
	if (late->at == NULL)
		errx(1, "out of memory");
}

int main(int argc, char **argv)
{
	struct run run = { .late = { .topic = "lateness",
				     .set = "",
				     .partitions = 8,
				     .rate = 1000,
				     .hops = 100000,
				     .visits = 10,
				     .delay_ms = 1000,
				     .workers = 4,
				     .limit_s = 300 },
			   .member = { .late = &run.late, .number = 1 } };
	struct late *late = &run.late;
	void *(*const beside[N_BESIDE])(void *) = { late_feed, late_feed_aside, late_visitors,
						    keep_time };
	pthread_t threads[N_BESIDE + 1];
	struct stagger_error error;

	take_options(late, argc, argv);
	make_room(late);
	bench_fresh_name("lateness", late->group, sizeof(late->group));
	if (late_member_open(&run.member, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
	late_preload(late);
	late->began_us = bench_boot_us();
	bool started = pthread_create(&threads[N_BESIDE], NULL, watch, &run) == 0;
	for (int i = 0; i < N_BESIDE && started; i++)
		started = pthread_create(&threads[i], NULL, beside[i], late) == 0;
	if (!started)
		errx(1, "threads");
	enum stagger_status status = stagger_consumer_run(run.member.consumer, &error);
	bool whole = late->enough;
	late->enough = true; // whatever ended it: no more is needed
	for (int i = 0; i <= N_BESIDE; i++)
		pthread_join(threads[i], NULL);
	return finish(&run, whole, status, &error);
}
