/* SPDX-License-Identifier: Apache-2.0
 *
 * no_silent_drop and clean_stop: what a process counted against what it told, and how it ended. */
#include <inttypes.h>
#include <stdlib.h>

#include "check.h"

#define DRAIN_MS 30000      /* the library's default */
#define STOP_MARGIN_MS 5000 /* to leave the group and end */

struct told { /* lines of one process */
	int64_t handling, handled, done, dead_lettered, hopped, reparked;
	bool lost; /* its session, and it got no other: what was on its way is nobody's any more */
};

static void tell(struct told *told, const struct history_event *event)
{
	told->handling += event->kind == HISTORY_HANDLING;
	told->handled += event->kind == HISTORY_HANDLED && !event->settled;
	told->done += check_verdict(event, "done");
	told->dead_lettered += event->kind == HISTORY_DEAD_LETTERED;
	told->hopped += event->kind == HISTORY_HOPPED;
	told->reparked += event->kind == HISTORY_REPARKED;
	if (event->kind == HISTORY_REVOKED || event->kind == HISTORY_ASSIGNED)
		told->lost = event->lost;
}

static void judge_sum(struct check *c, const char *member, const char *what, const int64_t n[3])
{
	if (n[0] < n[1] || n[0] > n[2])
		check_fail(c, CHECKER_NO_SILENT_DROP,
			   "%s counted %" PRId64 " %s, its lines say %" PRId64 "..%" PRId64, member,
			   n[0], what, n[1], n[2]);
}

static void judge_counters(struct check *c, const struct history_event *stopped,
			   const struct told *told)
{
	const struct history_counters *n = stopped->counters;
	const char *member = stopped->member;
	int64_t moved = told->hopped + told->dead_lettered;
	int64_t reasons = n->expired + n->attempts_exhausted + n->not_retriable + n->undecodable +
			  n->too_large; /* foreign ones need not be dead letters */

	judge_sum(c, member, "calls", (int64_t[]){n->handled, told->handled, told->handled});
	judge_sum(c, member, "done",
		  (int64_t[]){n->done, told->done - n->late_completion, told->done});
	judge_sum(c, member, "dead letters",
		  (int64_t[]){n->dead_lettered, told->dead_lettered, told->dead_lettered});
	judge_sum(c, member, "hops", (int64_t[]){n->hops, moved, moved + told->reparked});
	judge_sum(c, member, "reparked",
		  (int64_t[]){n->reparked, told->reparked, told->reparked});
	judge_sum(c, member, "dead letters by reason", (int64_t[]){reasons, 0, n->dead_lettered});
}

static void judge_end(struct check *c, const struct check_process *process,
		      const struct told *told)
{
	const struct history_event *events = c->h->events;
	int64_t drain_ms = c->h->config.drain_timeout_ms;

	if (drain_ms <= 0)
		drain_ms = DRAIN_MS;
	if (process->stopped == CHECK_NONE) {
		if (process->killed == CHECK_NONE &&
		    (process->started != CHECK_NONE || process->stop != CHECK_NONE))
			check_fail(c, CHECKER_CLEAN_STOP, "%s never stopped", process->member);
		return;
	}
	const struct history_event *stopped = &events[process->stopped];
	if (process->stop != CHECK_NONE &&
	    stopped->at_ms - events[process->stop].at_ms > drain_ms + STOP_MARGIN_MS)
		check_fail(c, CHECKER_CLEAN_STOP,
			   "%s took %" PRId64 " ms to stop, its drain_timeout is %" PRId64 " ms",
			   process->member, stopped->at_ms - events[process->stop].at_ms, drain_ms);
	if (told->handling != told->handled)
		check_fail(c, CHECKER_CLEAN_STOP, "%s stopped with %" PRId64 " calls running",
			   process->member, told->handling - told->handled);
	if (stopped->counters != NULL && !told->lost &&
	    (stopped->counters->in_flight != 0 || stopped->counters->deferred != 0))
		check_fail(c, CHECKER_CLEAN_STOP,
			   "%s stopped with %" PRId64 " in flight and %" PRId64 " deferred",
			   process->member, stopped->counters->in_flight,
			   stopped->counters->deferred);
}

void check_stops(struct check *c)
{
	struct told *told = map_grow(NULL, c->n_processes + 1, sizeof(*told));

	for (size_t p = 0; p < c->n_processes; p++)
		told[p] = (struct told){.handling = 0};
	for (size_t i = 0; i < c->h->n; i++)
		if (c->where[i].process != CHECK_NONE)
			tell(&told[c->where[i].process], &c->h->events[i]);
	for (size_t p = 0; p < c->n_processes; p++) {
		const struct check_process *process = &c->processes[p];
		c->at = process->stopped != CHECK_NONE ? process->stopped : c->h->n;
		judge_end(c, process, &told[p]);
		if (process->stopped != CHECK_NONE &&
		    c->h->events[process->stopped].counters != NULL)
			judge_counters(c, &c->h->events[process->stopped], &told[p]);
	}
	free(told);
}
