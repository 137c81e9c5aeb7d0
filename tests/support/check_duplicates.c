/* SPDX-License-Identifier: Apache-2.0
 *
 * bounded_duplicates. A record may be handled again only because a fault hit it after its verdict
 * and before its commit, and a message may end more often than once only as often as that
 * happened. */
#include <stdlib.h>

#include "check_tolls.h"

#define UNKNOWN (-2)
#define LEFT    0 /* in a lane's marks of commits: it was revoked */

enum state { IDLE, CALLING, CALLED, FINISHED };

struct round { /* the calls of one record by one owner */
	enum state state;
	bool moved;        /* its copy or dead letter was reported */
	bool reparked;     /* parked again to make room: beyond max_uncommitted */
	bool back;         /* counted as a copy that came back to main */
	int32_t attempt;
	size_t process, lane, changed; /* changed: its last event */
};
struct committer { /* its commits may have gone without their ahead sets */
	size_t process, at; /* at: its last one of that log */
};
struct commit { /* of a log */
	int64_t offset;
	size_t reset;         /* event: it is read from another place since then */
	struct committer *by; /* the newest last */
	size_t n;
};
struct duplicates {
	struct check *c;
	struct round *rounds;     /* of each record */
	struct marks *processes, *lanes, all;
	struct marks *acks;       /* of each lane: its commits, and LEFT where it went */
	struct mark *asleep;      /* of each process: the last time it was suspended */
	size_t *left;             /* of each lane: its last revoke */
	size_t *revoking;         /* of each process: the fault its present rebalance counts as */
	/* of each process: the event since which its session is lost; it may learn of it later */
	size_t *lost;
	struct tolls tolls;
	struct map logs;          /* (topic, partition) -> committed */
	struct commit *committed;
	size_t n_logs;
	size_t *unexplained, n_unexplained; /* events */
};

static struct commit *committed_of(struct duplicates *d, const struct history_event *event)
{
	size_t log = map_put(&d->logs, check_log(d->c, event), d->n_logs);

	if (log == d->n_logs) {
		d->committed = map_grow(d->committed, ++d->n_logs, sizeof(*d->committed));
		d->committed[log] = (struct commit){-1, 0, NULL, 0};
	}
	return &d->committed[log];
}

/* After a truncation a commit of before it may still arrive: nothing is known from then on. */
static void set_committed(struct duplicates *d, const struct history_event *event, int64_t offset)
{
	struct commit *committed = committed_of(d, event);
	size_t at = (size_t)(event - d->c->h->events), process = d->c->where[at].process;

	committed->offset = committed->offset == UNKNOWN ? UNKNOWN : offset;
	if (process == CHECK_NONE)
		return;
	if (committed->n == 0 || committed->by[committed->n - 1].process != process)
		committed->by = map_grow(committed->by, ++committed->n, sizeof(*committed->by));
	committed->by[committed->n - 1] = (struct committer){process, at};
}

/* The first fault after that event of those who committed since: the newest, who may not know of
 * what its commit left out, and those of whom no clean stop told how much that was (ahead_dropped). */
static struct mark committers_fault(const struct duplicates *d, const struct commit *committed,
				    size_t event)
{
	struct mark first = {CHECK_NONE, CHECK_NONE};

	for (size_t i = committed->n; i-- > 0;) {
		const struct committer *by = &committed->by[i];
		bool newest = i == committed->n - 1;
		if (!newest && (by->at < event || d->c->processes[by->process].stopped != CHECK_NONE))
			continue;
		struct mark mark = marks_after(&d->processes[by->process], event);
		if (mark.at < first.at)
			first = mark;
	}
	return first;
}

/* A producer that dies is followed by one that produces all again that had no report. */
static void take_dead_producer(struct duplicates *d, size_t process)
{
	for (size_t r = 0; r < d->c->n_records; r++) {
		size_t m = d->c->records[r].message;
		const struct round *round = &d->rounds[r];
		if (m != CHECK_NONE && round->process == process && round->state == CALLED)
			d->c->messages[m].repeated++;
	}
}

static void take_fault(struct duplicates *d, size_t i)
{
	const struct history_event *event = &d->c->h->events[i];
	const struct check_where *where = &d->c->where[i];

	if (check_fault(event, "producer"))
		take_dead_producer(d, where->process);
	if (check_fault(event, "lost") && where->process != CHECK_NONE)
		d->lost[where->process] = i;
	if (event->kind == HISTORY_FAULT) {
		struct mark mark = {i, tolls_add_fault(&d->tolls, event)};
		if (where->process != CHECK_NONE && check_fault(event, "suspend"))
			d->asleep[where->process] = mark;
		marks_add(where->process != CHECK_NONE ? &d->processes[where->process] : &d->all,
			 mark);
		return;
	}
	/* one rebalance takes many partitions */
	if (d->revoking[where->process] == CHECK_NONE)
		d->revoking[where->process] = tolls_add_fault(&d->tolls, event);
	marks_add(&d->lanes[where->lane], (struct mark){i, d->revoking[where->process]});
}

/* Whether a lane was committed after that event, before it went. One commit may have been on its way
 * already, the second one had it. */
static bool is_committed(const struct marks *acks, size_t event)
{
	struct mark ack = marks_after(acks, event);

	if (ack.at != CHECK_NONE && ack.fault != LEFT)
		ack = marks_after(acks, ack.at);
	return ack.at != CHECK_NONE && ack.fault != LEFT;
}

/* Of the faults that hit a round after its last event the one that took it away: the first one. But
 * when it was committed after that event, a commit that left out its ahead set did it: the last one. */
static size_t fault_since(const struct duplicates *d, const struct round *round,
			  const struct commit *committed)
{
	const struct marks *hits[] = {
		&d->all,
		round->process != CHECK_NONE ? &d->processes[round->process] : NULL,
		round->lane != CHECK_NONE ? &d->lanes[round->lane] : NULL,
	};
	struct mark first = committers_fault(d, committed, round->changed);
	struct mark last = first.at == CHECK_NONE ? (struct mark){0, CHECK_NONE} : first;

	for (size_t i = 0; i < sizeof(hits) / sizeof(*hits); i++) {
		if (hits[i] == NULL || hits[i]->n == 0)
			continue;
		struct mark after = marks_after(hits[i], round->changed);
		struct mark newest = hits[i]->list[hits[i]->n - 1];
		if (after.at < first.at)
			first = after;
		if (after.at != CHECK_NONE && newest.at > last.at)
			last = newest;
	}
	if (first.at == CHECK_NONE || round->lane == CHECK_NONE)
		return first.fault;
	return is_committed(&d->acks[round->lane], round->changed) ? last.fault : first.fault;
}

/* A process that was suspended works on until it hears that its lane is gone, perhaps on what
 * others have committed since. */
static bool is_late(const struct duplicates *d, const struct check_where *where)
{
	return where->process != CHECK_NONE && where->lane != CHECK_NONE &&
	       d->asleep[where->process].at > d->left[where->lane];
}

/* What a process does after its session had ended, that took away, too. */
static size_t changed_at(const struct duplicates *d, size_t process, size_t i)
{
	size_t lost = process == CHECK_NONE ? CHECK_NONE : d->lost[process];

	return lost != CHECK_NONE ? lost - 1 : i;
}

static void take_again(struct duplicates *d, size_t i)
{
	struct check *c = d->c;
	const struct history_event *event = &c->h->events[i];
	const struct round *round = &d->rounds[c->where[i].record];
	const struct commit *committed = committed_of(d, event);
	size_t message = c->where[i].message, caller = c->where[i].process;
	bool late = is_late(d, &c->where[i]);
	size_t fault = late ? d->asleep[caller].fault : fault_since(d, round, committed);
	bool cut = round->lane != CHECK_NONE && d->left[round->lane] > round->changed;
	bool gone = round->process != CHECK_NONE && c->processes[round->process].stopped < i;

	if (d->lost[caller] != CHECK_NONE) { /* it goes on without knowing that it is not its own */
		fault = d->processes[caller].list[d->processes[caller].n - 1].fault;
		late = true;
	} else if (!late && committed->offset > event->offset) {
		check_fail(c, CHECKER_BOUNDED_DUPLICATES,
			   "id %s handled again in %s, partition %d offset %lld, "
			   "which was committed",
			   check_id(event), check_stage(event), event->partition,
			   (long long)event->offset);
		return;
	}
	if (fault == CHECK_NONE && round->state == CALLED && (cut || gone))
		return; /* an in-place wait that a revoke or a stop dropped: nothing was finished */
	c->result->called_again++;
	if (message != CHECK_NONE)
		c->messages[message].called_again++;
	if (fault == CHECK_NONE && (round->state == FINISHED || !cut))
		d->unexplained[d->n_unexplained++] = i;
	else if (fault != CHECK_NONE && !round->reparked && event->kind == HISTORY_HANDLING &&
		 committed->reset <= round->changed) /* else all of the log comes */
		tolls_charge(&d->tolls, c->where[i].record, fault,
			     late ? caller : round->process, late);
}

static void take_handling(struct duplicates *d, size_t i)
{
	const struct check_where *where = &d->c->where[i];
	struct round *round = &d->rounds[where->record];
	int32_t attempt = d->c->h->events[i].attempt;
	bool in_place = round->state == CALLED && round->process == where->process &&
			d->left[where->lane] < round->changed && attempt == round->attempt + 1;

	if (round->state != IDLE && !in_place)
		take_again(d, i);
	*round = (struct round){.state = CALLING,
				.back = round->back,
				.attempt = attempt,
				.process = where->process,
				.lane = where->lane,
				.changed = changed_at(d, where->process, i)};
}

/* What goes back to main is not called before: a second copy, made after a fault that left the
 * first one untold, shows only there. */
static void take_back(struct duplicates *d, size_t i)
{
	const struct check_where *where = &d->c->where[i];
	struct check_message *message = &d->c->messages[where->message];
	struct round *round = &d->rounds[where->record];

	message->back += where->back && !round->back;
	round->back = round->back || where->back;
	message->told_back += d->c->h->events[i].kind == HISTORY_HOPPED && where->to == 0;
}

static void take_handled(struct duplicates *d, size_t i)
{
	struct check *c = d->c;
	const struct history_event *event = &c->h->events[i];
	struct round *round = &d->rounds[c->where[i].record];
	bool done = check_verdict(event, "done");

	size_t lane = c->where[i].lane;
	if (done && c->where[i].message != CHECK_NONE)
		c->messages[c->where[i].message].endings++;
	if (round->process != c->where[i].process || check_verdict(event, "deferred"))
		return; /* late: somebody else has the record */
	if (d->left[lane] > round->changed)
		return; /* late: it counts only if the offset is read here again */
	if (round->state == CALLING)
		round->state = done ? FINISHED : CALLED;
	round->changed = changed_at(d, round->process, i);
}

static void take_moved(struct duplicates *d, size_t i)
{
	const struct check_where *where = &d->c->where[i];
	struct round *round = &d->rounds[where->record];
	/* its session is over and it does not know: it moves what another one has finished */
	bool late = d->lost[where->process] != CHECK_NONE && round->process != where->process;

	if (round->state == FINISHED && round->moved)
		take_again(d, i);
	else if (round->state == FINISHED && late && where->message != CHECK_NONE)
		d->c->messages[where->message].called_again++;
	round->state = FINISHED;
	round->moved = true;
	round->reparked = d->c->h->events[i].kind == HISTORY_REPARKED;
	round->process = where->process;
	round->lane = where->lane;
	round->changed = changed_at(d, round->process, i);
}

static void take_reset(struct duplicates *d, size_t i)
{
	const struct history_event *event = &d->c->h->events[i];

	set_committed(d, event, -1);
	committed_of(d, event)->reset = i;
}

static void take_left(struct duplicates *d, size_t i)
{
	size_t lane = d->c->where[i].lane;

	d->left[lane] = i;
	marks_add(&d->acks[lane], (struct mark){i, LEFT});
}

static void take_commit(struct duplicates *d, size_t i)
{
	const struct history_event *event = &d->c->h->events[i];
	size_t lane = d->c->where[i].lane;

	set_committed(d, event, event->next_offset);
	if (lane != CHECK_NONE)
		marks_add(&d->acks[lane], (struct mark){i, CHECK_NONE});
}

static void take(struct duplicates *d, size_t i)
{
	const struct history_event *event = &d->c->h->events[i];
	const struct check_where *where = &d->c->where[i];
	bool record = where->record != CHECK_NONE && where->lane != CHECK_NONE;

	if (check_fault(event, "copy")) {
		if (where->message != CHECK_NONE)
			d->c->messages[where->message].repeated++;
		return;
	}
	if (check_hits(d->c, event) && (event->kind == HISTORY_FAULT || where->lane != CHECK_NONE))
		take_fault(d, i);
	if (record && where->message != CHECK_NONE)
		take_back(d, i);
	if (event->kind == HISTORY_REVOKED && where->lane != CHECK_NONE)
		take_left(d, i);
	else if (event->kind == HISTORY_ASSIGNED && where->process != CHECK_NONE)
		d->revoking[where->process] = d->lost[where->process] = CHECK_NONE;
	else if (event->kind == HISTORY_COMMITTED && event->topic != NULL)
		take_commit(d, i);
	else if (event->kind == HISTORY_RESET && event->topic != NULL)
		take_reset(d, i);
	else if (check_truncates(event))
		set_committed(d, event, UNKNOWN);
	else if (event->kind == HISTORY_HANDLING && record)
		take_handling(d, i);
	else if (event->kind == HISTORY_HANDLED && record)
		take_handled(d, i);
	else if ((event->kind == HISTORY_HOPPED || event->kind == HISTORY_DEAD_LETTERED ||
		  event->kind == HISTORY_REPARKED) && record)
		take_moved(d, i);
}

static void judge_calls(struct duplicates *d)
{
	struct check *c = d->c;

	tolls_judge(&d->tolls, c);
	if ((int64_t)d->n_unexplained <= c->sums.ahead_dropped)
		return;
	for (size_t i = 0; i < d->n_unexplained; i++) {
		const struct history_event *event = &c->h->events[d->unexplained[i]];
		c->at = d->unexplained[i];
		check_fail(c, CHECKER_BOUNDED_DUPLICATES,
			   "id %s handled again in %s, partition %d offset %lld, without a fault",
			   check_id(event), check_stage(event), event->partition,
			   (long long)event->offset);
	}
}

/* How often a message may end. */
static size_t endings_allowed(const struct duplicates *d, const struct check_message *message)
{
	size_t faults = 0;

	for (size_t i = 0; i < d->tolls.n_faults; i++) {
		size_t at = (size_t)(d->tolls.faults[i] - d->c->h->events);
		faults += at >= message->first && at <= message->last;
	}
	size_t again = message->called_again + message->repeated;
	if (faults > 0 && message->back > message->told_back)
		again += message->back - message->told_back;
	return 1 + (faults > again ? faults : again);
}

static void judge_endings(struct duplicates *d)
{
	struct check *c = d->c;
	enum history_kind dead = check_drained(c) ? HISTORY_DEAD : HISTORY_DEAD_LETTERED;
	int64_t excess = 0;

	for (size_t i = 0; i < c->h->n; i++)
		if (c->h->events[i].kind == dead && c->where[i].message != CHECK_NONE)
			c->messages[c->where[i].message].endings++;
	for (int judge = 0; judge < 2; judge++) {
		if (judge == 1 && excess <= c->sums.hop_repeated)
			break;
		for (size_t m = 0; m < c->n_messages; m++) {
			const struct check_message *message = &c->messages[m];
			if (judge == 0 && message->endings > 1)
				c->result->extra_copies += message->endings - 1;
			if (message->endings <= 1)
				continue;
			size_t allowed = endings_allowed(d, message);
			if (message->endings <= allowed)
				continue;
			excess += (int64_t)(message->endings - allowed);
			c->at = message->last;
			if (judge == 1)
				check_fail(c, CHECKER_BOUNDED_DUPLICATES,
					   "id %s ended %zu times, its faults allow %zu",
					   message->id, message->endings, allowed);
		}
	}
}

void check_duplicates(struct check *c)
{
	struct duplicates d = {.c = c};

	d.rounds = map_grow(NULL, c->n_records + 1, sizeof(*d.rounds));
	d.processes = map_grow(NULL, c->n_processes + 1, sizeof(*d.processes));
	d.asleep = map_grow(NULL, c->n_processes + 1, sizeof(*d.asleep));
	d.revoking = map_grow(NULL, c->n_processes + 1, sizeof(*d.revoking));
	d.lost = map_grow(NULL, c->n_processes + 1, sizeof(*d.lost));
	d.lanes = map_grow(NULL, c->n_lanes + 1, sizeof(*d.lanes));
	d.acks = map_grow(NULL, c->n_lanes + 1, sizeof(*d.acks));
	d.left = map_grow(NULL, c->n_lanes + 1, sizeof(*d.left));
	d.unexplained = map_grow(NULL, c->h->n + 1, sizeof(*d.unexplained));
	for (size_t i = 0; i < c->n_records; i++)
		d.rounds[i] = (struct round){.process = CHECK_NONE, .lane = CHECK_NONE};
	for (size_t i = 0; i < c->n_processes; i++) {
		d.processes[i] = (struct marks){NULL, 0};
		d.asleep[i] = (struct mark){0, 0};
		d.revoking[i] = CHECK_NONE;
		d.lost[i] = CHECK_NONE;
	}
	for (size_t i = 0; i < c->n_lanes; i++) {
		d.lanes[i] = d.acks[i] = (struct marks){NULL, 0};
		d.left[i] = 0;
	}
	for (size_t i = 0; i < c->h->n; i++) {
		c->at = i;
		take(&d, i);
	}
	c->result->faults = d.tolls.n_faults;
	judge_calls(&d);
	judge_endings(&d);
	for (size_t i = 0; i < c->n_processes; i++)
		marks_clear(&d.processes[i]);
	for (size_t i = 0; i < c->n_lanes; i++) {
		marks_clear(&d.lanes[i]);
		marks_clear(&d.acks[i]);
	}
	marks_clear(&d.all);
	tolls_clear(&d.tolls);
	map_clear(&d.logs);
	for (size_t i = 0; i < d.n_logs; i++)
		free(d.committed[i].by);
	free(d.committed);
	free(d.rounds);
	free(d.processes);
	free(d.asleep);
	free(d.revoking);
	free(d.lost);
	free(d.lanes);
	free(d.acks);
	free(d.left);
	free(d.unexplained);
}
