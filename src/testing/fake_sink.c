/* SPDX-License-Identifier: Apache-2.0
 *
 * The sink port of one life of a member: an idempotent producer. A record becomes durable when its
 * report is due, not before; while reports are held it is durable without a report, which is how a
 * kill then makes a true duplicate. Topic numbers are the broker's. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "base/bytes.h"
#include "testing/broker.h"

struct fake_job { /* one record handed over */
	struct list link;
	struct fake_log *log;
	struct fake_record *record; /* until it is durable */
	size_t size;
	int64_t made_us, due_us;    /* boot clock */
	int64_t offset;             /* once it is durable */
	bool refused;               /* it, or one of its batch, is too large */
	bool orphaned;              /* the observer knows */
	struct port_report report;
};
struct fake_sink {
	struct stagger_world *world;
	struct fake_member *member;
	struct list queued;   // fake_job.link, oldest first: not durable
	struct list held;     // fake_job.link: decided, the report is held back
	struct list reported; // fake_job.link: for reports()
	struct list taken;    // fake_job.link: by reports(), in this turn
	bool dead;            /* after a fatal error, until rebuild() */
};

static int32_t kafka_code(enum port_fault fault)
{
	switch (fault) {
	case PORT_FINE:
		return 0;
	case PORT_RETRIABLE:
		return 7; /* REQUEST_TIMED_OUT */
	case PORT_TOO_LARGE:
		return 10;
	case PORT_NO_TOPIC:
		return 3;
	case PORT_DENIED:
		return 29;
	case PORT_REBALANCE:
		return 27;
	case PORT_METADATA_TOO_LARGE:
		return 12;
	case PORT_REFUSED:
		return 87; /* INVALID_RECORD */
	case PORT_FATAL:
		return -150; /* librdkafka's _FATAL */
	}
	return -1;
}

static struct fake_job *job_first(const struct list *jobs)
{
	struct list *first = list_first(jobs);
	return first == NULL ? NULL : container_of(first, struct fake_job, link);
}

static void job_free(struct fake_job *job)
{
	list_remove(&job->link);
	fake_record_free(&job->record);
	free(job);
}

static void jobs_clear(struct list *jobs)
{
	for (struct fake_job *job = job_first(jobs); job != NULL; job = job_first(jobs))
		job_free(job);
}

static void job_report(struct fake_sink *s, struct fake_job *job, enum port_fault fault, bool hold)
{
	job->report.fault = fault;
	job->report.kafka_code = kafka_code(fault);
	list_remove(&job->link);
	list_push_back(hold ? &s->held : &s->reported, &job->link);
	if (!hold)
		s->member->news = true;
}

/* What has no report yet fails, durable or not; what is reported as good stays so. */
static void sink_die(struct fake_sink *s)
{
	s->dead = true;
	for (struct fake_job *job = job_first(&s->held); job != NULL; job = job_first(&s->held))
		job_report(s, job, PORT_FATAL, false);
	for (struct fake_job *job = job_first(&s->queued); job != NULL; job = job_first(&s->queued))
		job_report(s, job, PORT_FATAL, false);
}

/* -- the port ---------------------------------------------------------------------------- */
static int32_t topic(void *self, const char *name)
{
	struct fake_sink *s = self;
	const struct fake_topic *t = fake_topic_need(s->world, name);
	return t == NULL ? -1 : t->number;
}

static struct fake_topic *topic_at(const struct fake_sink *s, int32_t number, const char *call)
{
	if (number >= 0 && (size_t)number < s->world->n_topics)
		return s->world->topics[number];
	fake_violation(s->world, s->member->number, "%s of unknown topic number %d", call, number);
	return NULL;
}

static int32_t partitions(void *self, int32_t number)
{
	const struct fake_sink *s = self;
	const struct fake_topic *t = topic_at(s, number, "partitions");
	return t == NULL ? -1 : t->n_logs;
}

/* In the order in which they become durable, which is that of each log. */
static void job_queue(struct fake_sink *s, struct fake_job *job)
{
	struct fake_log *log = job->log;
	if (job->due_us < log->produce_us)
		job->due_us = log->produce_us;
	if (job->due_us < log->last_due_us)
		job->due_us = log->last_due_us;
	log->last_due_us = job->due_us;
	struct list *after = s->queued.prev;
	while (after != &s->queued &&
	       container_of(after, struct fake_job, link)->due_us > job->due_us)
		after = after->prev;
	list_insert_after(after, &job->link);
}

static struct fake_job *job_new(const struct fake_sink *s, const struct port_hop *hop,
				struct fake_log *log)
{
	const struct stagger_world *w = s->world;
	struct world_record seen = {
		.timestamp_ms = world_wall_of(w, s->member->number),
		.key = hop->key,
		.value = hop->value,
		.headers = hop->headers,
		.n_headers = hop->n_headers,
	};
	struct fake_job *job = calloc(1, sizeof(*job));
	if (job == NULL)
		return NULL;
	list_init(&job->link);
	job->log = log;
	job->record = fake_record_new(&seen);
	job->size = fake_record_size(&seen);
	job->made_us = w->clock.boot_us;
	job->due_us = fake_delayed_us(s->world, w->options.report_delay_ms);
	job->report.opaque = hop->opaque;
	if (job->record == NULL) {
		free(job);
		return NULL;
	}
	return job;
}

static enum port_fault fault_now(const struct fake_sink *s, struct fake_topic *t, bool at_once)
{
	struct stagger_world *w = s->world;
	struct fake_fault *next = t->produce_fault.n > 0 ? &t->produce_fault : &w->produce_fault;
	enum port_fault fault = next->at_once == at_once ? fake_fault_take(next) : PORT_FINE;
	if (fault != PORT_FINE && w->watch.struck != NULL)
		w->watch.struck(w->watch.user, s->member->number, false, fault);
	return fault;
}

static enum port_fault produce(void *self, const struct port_hop *hop, bool *full)
{
	struct fake_sink *s = self;
	struct stagger_world *w = s->world;
	*full = false;
	struct fake_topic *t = topic_at(s, hop->topic, "produce");
	if (hop->opaque == NULL)
		fake_violation(w, s->member->number, "produce without an opaque");
	if (s->dead)
		return PORT_FATAL;
	if (t == NULL || hop->partition < 0 || hop->partition >= t->n_logs)
		return PORT_NO_TOPIC;
	*full = w->queue_full;
	if (*full)
		return PORT_FINE;
	enum port_fault fault = fault_now(s, t, true);
	if (fault == PORT_FATAL)
		sink_die(s);
	if (fault != PORT_FINE)
		return fault;
	struct fake_job *job = job_new(s, hop, t->logs[hop->partition]);
	if (job == NULL)
		return PORT_RETRIABLE;
	job_queue(s, job);
	return PORT_FINE;
}

static size_t reports(void *self, struct port_report *out, size_t max)
{
	struct fake_sink *s = self;
	size_t n = 0;
	for (; n < max && !list_empty(&s->reported); n++) {
		struct fake_job *job = job_first(&s->reported);
		out[n] = job->report;
		list_remove(&job->link);
		list_push_back(&s->taken, &job->link);
	}
	return n;
}

static enum stagger_status rebuild(void *self, struct stagger_error *err)
{
	struct fake_sink *s = self;
	(void)err;
	if (!s->dead)
		fake_violation(s->world, s->member->number, "rebuild of a producer that lives");
	jobs_clear(&s->queued);
	jobs_clear(&s->held);
	jobs_clear(&s->reported);
	jobs_clear(&s->taken);
	s->dead = false;
	return STAGGER_OK;
}

/* -- the broker's side ------------------------------------------------------------------- */
static bool same_batch(const struct fake_job *a, const struct fake_job *b)
{
	return a->log == b->log && a->made_us == b->made_us;
}

/* A batch is refused whole: for one record all of the same instant and partition. */
static void refuse_batches(struct fake_sink *s)
{
	for (struct list *l = s->queued.next; l != &s->queued; l = l->next) {
		struct fake_job *large = container_of(l, struct fake_job, link);
		size_t limit = large->log->topic->max_message;
		if (large->due_us > s->world->clock.boot_us)
			return;
		if (large->refused || limit == 0 || large->size <= limit)
			continue;
		for (struct list *k = s->queued.next; k != &s->queued; k = k->next) {
			struct fake_job *job = container_of(k, struct fake_job, link);
			job->refused |= same_batch(job, large);
		}
	}
}

static void job_decide(struct fake_sink *s, struct fake_job *job)
{
	if (job->log->produce_us > s->world->clock.boot_us) { /* its leader has gone meanwhile */
		list_remove(&job->link);
		job_queue(s, job);
		return;
	}
	enum port_fault fault = fault_now(s, job->log->topic, false);
	if (fault == PORT_FINE && job->refused)
		fault = PORT_TOO_LARGE;
	job->offset = job->log->end;
	if (fault == PORT_FINE
	    && !fake_log_append(s->world, job->log, &job->record, s->member->number))
		fault = PORT_RETRIABLE;
	if (fault == PORT_FATAL)
		sink_die(s);
	else
		job_report(s, job, fault, s->world->hold_reports);
}

bool fake_sink_step(struct fake_sink *s)
{
	bool busy = false;
	if (!s->member->dying)
		jobs_clear(&s->taken);
	while (!s->world->hold_reports && !list_empty(&s->held)) {
		struct fake_job *job = job_first(&s->held);
		job_report(s, job, job->report.fault, false);
		busy = true;
	}
	if (s->world->silent || fake_sink_next_us(s) > s->world->clock.boot_us)
		return busy;
	refuse_batches(s);
	while (!s->member->dying && fake_sink_next_us(s) <= s->world->clock.boot_us)
		job_decide(s, job_first(&s->queued));
	return true;
}

int64_t fake_sink_next_us(const struct fake_sink *s)
{
	const struct fake_job *first = job_first(&s->queued);
	return first == NULL ? INT64_MAX : first->due_us;
}

/* What is durable was moved into its log. */
static const struct world_record *job_record(const struct fake_job *job)
{
	if (job->record != NULL)
		return &job->record->seen;
	size_t at = fake_log_from(job->log, job->offset);
	return at < job->log->n_records ? &job->log->records[at]->seen : NULL;
}

static void orphan_all(const struct fake_sink *s, const struct list *jobs)
{
	const struct world_watch *watch = &s->world->watch;
	for (struct list *l = jobs->next; l != jobs; l = l->next) {
		struct fake_job *job = container_of(l, struct fake_job, link);
		bool failed = jobs != &s->queued && job->report.fault != PORT_FINE;
		const struct world_record *record = failed ? NULL : job_record(job);
		if (record != NULL && !job->orphaned)
			watch->orphaned(watch->user, s->member->number, job->log->topic->name,
					record);
		job->orphaned = true;
	}
}

void fake_sink_orphan(struct fake_sink *s)
{
	if (s->world->watch.orphaned == NULL)
		return;
	orphan_all(s, &s->queued);
	orphan_all(s, &s->held);
	orphan_all(s, &s->reported);
	if (s->member->dying) /* it may have died before it looked at them */
		orphan_all(s, &s->taken);
}

/* -- life -------------------------------------------------------------------------------- */
struct fake_sink *fake_sink_new(struct fake_member *m)
{
	struct fake_sink *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->world = m->world;
	s->member = m;
	list_init(&s->queued);
	list_init(&s->held);
	list_init(&s->reported);
	list_init(&s->taken);
	return s;
}

void fake_sink_free(struct fake_sink **sink)
{
	struct fake_sink *s = *sink;
	if (s == NULL)
		return;
	jobs_clear(&s->queued);
	jobs_clear(&s->held);
	jobs_clear(&s->reported);
	jobs_clear(&s->taken);
	free(s);
	*sink = NULL;
}

struct port_sink fake_sink_port(struct fake_sink *s)
{
	return (struct port_sink){ .self = s,
				   .topic = topic,
				   .partitions = partitions,
				   .produce = produce,
				   .reports = reports,
				   .rebuild = rebuild };
}

/* -- the world's functions --------------------------------------------------------------- */
void world_fail_produce(struct stagger_world *w, const char *name, enum port_fault fault,
			int64_t n, bool at_once)
{
	struct fake_fault injected = { .fault = fault, .n = n, .at_once = at_once };
	struct fake_topic *t = name == NULL ? NULL : fake_topic_need(w, name);
	if (name == NULL)
		w->produce_fault = injected;
	else if (t != NULL)
		t->produce_fault = injected;
}
