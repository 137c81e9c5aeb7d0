/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole consumers with real threads on the embedded broker: four workers each, settles and statistics
 * from other threads, a second member that joins and stops. Runs under ThreadSanitizer. */
#define _GNU_SOURCE
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <pthread.h>
#include <unistd.h>

#include <cmocka.h>

#include <librdkafka/rdkafka.h>

#include <stagger/stagger.h>

#include "kafka/kafka.h"

#define MESSAGES 2000
#define PARTITIONS 4
#define WORKERS 4
#define SETTLES_MAX (2 * MESSAGES)
#define LIMIT_MS 60000

struct settle {
	struct stagger_consumer *consumer;
	struct stagger_ticket ticket;
};
struct member {
	struct stagger_consumer *consumer;
	struct shared *shared;
	pthread_t thread;
	enum stagger_status status;
	struct stagger_error err;
};
struct shared { /* of all members; settles behind the lock */
	pthread_mutex_t lock;
	struct settle settles[SETTLES_MAX];
	size_t n_settles;
	atomic_bool stop;
	atomic_int done[MESSAGES]; /* by id: how often it ended */
	atomic_int ended;          /* ids that ended at least once */
	atomic_int assigned;
};

static void ended(struct shared *s, const struct stagger_message *m)
{
	int id = atoi(m->value.data);
	if (id >= 0 && id < MESSAGES && atomic_fetch_add(&s->done[id], 1) == 0)
		atomic_fetch_add(&s->ended, 1);
}

/* Every fourth fails once, every fourth is deferred, every fortieth is dead. */
static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	struct member *member = user;
	struct shared *s = member->shared;
	struct settle settle = {.consumer = member->consumer};
	int id = atoi(m->value.data);
	if (id % 40 == 7)
		return stagger_dead_letter(why, "Dead", "id %d", id);
	if (id % 4 == 1 && m->attempt == 1)
		return stagger_retry(why, "Again", "id %d", id);
	if (id % 4 == 2) {
		if (stagger_defer(m, &settle.ticket) == NULL)
			return stagger_retry(why, "NoTicket", "id %d", id);
		pthread_mutex_lock(&s->lock);
		if (s->n_settles < SETTLES_MAX)
			s->settles[s->n_settles++] = settle;
		pthread_mutex_unlock(&s->lock);
		ended(s, m);
		return STAGGER_DEFER;
	}
	ended(s, m);
	return STAGGER_DONE;
}

static void on_event(const struct stagger_event *event, void *user)
{
	struct member *member = user;
	if (event->kind == STAGGER_ASSIGNED)
		atomic_fetch_add(&member->shared->assigned, 1);
	if (event->kind == STAGGER_DEAD_LETTERED)
		ended(member->shared, event->message);
}

/* The application's own thread: settles what was deferred and asks for statistics. */
static void *settler(void *user)
{
	struct shared *s = user;
	struct stagger_outcome done = STAGGER_OUTCOME_INIT;
	done.verdict = STAGGER_DONE;
	while (!atomic_load(&s->stop)) {
		struct settle settle = {NULL, {0, 0}};
		const struct stagger_stats *stats;
		pthread_mutex_lock(&s->lock);
		if (s->n_settles > 0)
			settle = s->settles[--s->n_settles];
		pthread_mutex_unlock(&s->lock);
		if (settle.consumer == NULL) {
			usleep(1000);
			continue;
		}
		(void)stagger_settle(settle.consumer, settle.ticket, &done, NULL);
		if (stagger_consumer_stats(settle.consumer, &stats, NULL) == STAGGER_OK)
			stagger_stats_free(&stats);
	}
	return NULL;
}

static void quiet(enum stagger_level level, const char *line, void *user)
{
	(void)user;
	if (level <= STAGGER_LOG_ERROR)
		print_message("%s\n", line);
}

static void *run(void *user)
{
	struct member *m = user;
	m->status = stagger_consumer_run(m->consumer, &m->err);
	return NULL;
}

static void begin(struct member *m, struct shared *s, const char *servers)
{
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_chain_options chain_options = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *chain = NULL;
	struct stagger_error err;
	m->shared = s;
	o.group = "g";
	o.session_timeout_ms = 6000;
	o.event = on_event;
	o.log = quiet;
	o.user = m;
	chain_options.workers = WORKERS;
	chain_options.order = STAGGER_ORDER_KEY;
	assert_int_equal(stagger_consumer_open(&m->consumer, NULL, &o, &err), STAGGER_OK);
	assert_int_equal(stagger_consumer_set(m->consumer, "bootstrap.servers", servers, &err),
			 STAGGER_OK);
	assert_int_equal(stagger_consumer_set(m->consumer, "fetch.wait.max.ms", "10", &err),
			 STAGGER_OK);
	assert_int_equal(stagger_chain_new(&chain, "t", &chain_options, &err), STAGGER_OK);
	assert_int_equal(stagger_chain_stage(chain, 200, 1, NULL, &err), STAGGER_OK);
	assert_int_equal(stagger_consumer_add(m->consumer, &chain, &err), STAGGER_OK);
	assert_int_equal(stagger_consumer_on(m->consumer, NULL, handle, m, &err), STAGGER_OK);
	assert_int_equal(pthread_create(&m->thread, NULL, run, m), 0);
}

static void end(struct member *m)
{
	stagger_consumer_stop(m->consumer);
	assert_int_equal(pthread_join(m->thread, NULL), 0);
	if (m->status != STAGGER_OK)
		print_message("%s\n", m->err.text);
	assert_int_equal(m->status, STAGGER_OK);
}

static void produce(const char *servers, int from, int to)
{
	char text[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", servers, text, sizeof(text)),
			 RD_KAFKA_CONF_OK);
	assert_int_equal(rd_kafka_conf_set(conf, "linger.ms", "20", text, sizeof(text)),
			 RD_KAFKA_CONF_OK);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	assert_non_null(rk);
	for (int id = from; id < to; id++) {
		char value[16];
		char key[16];
		int n = snprintf(value, sizeof(value), "%d", id) + 1;
		int n_key = snprintf(key, sizeof(key), "k%d", id % 50);
		assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"),
						   RD_KAFKA_V_PARTITION(id % PARTITIONS),
						   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
						   RD_KAFKA_V_KEY(key, (size_t)n_key),
						   RD_KAFKA_V_VALUE(value, (size_t)n),
						   RD_KAFKA_V_END),
				 RD_KAFKA_RESP_ERR_NO_ERROR);
	}
	assert_int_equal(rd_kafka_flush(rk, LIMIT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
	rd_kafka_destroy(rk);
}

static bool await(const atomic_int *what, int at_least)
{
	for (int ms = 0; ms < LIMIT_MS; ms += 10) {
		if (atomic_load(what) >= at_least)
			return true;
		usleep(10000);
	}
	print_message("%d of %d after %d ms\n", atomic_load(what), at_least, LIMIT_MS);
	return false;
}

static void threads__settles_rebalance_and_stop_lose_nothing(void **state)
{
	const struct embedded_topic topics[] = {
		{"t", PARTITIONS}, {"t.g.retry.200ms", PARTITIONS}, {"t.g.dlt", 1}};
	struct embedded *broker = NULL;
	struct stagger_error err;
	struct shared *s = calloc(1, sizeof(*s));
	struct member a = {.shared = s};
	struct member b = {.shared = s};
	pthread_t thread;
	(void)state;
	assert_non_null(s);
	assert_int_equal(embedded_new(&broker, 0, PARTITIONS, topics, 3, &err), STAGGER_OK);
	assert_int_equal(pthread_mutex_init(&s->lock, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, settler, s), 0);
	begin(&a, s, embedded_servers(broker));
	assert_true(await(&s->assigned, 2 * PARTITIONS));
	produce(embedded_servers(broker), 0, MESSAGES / 2);
	begin(&b, s, embedded_servers(broker));
	assert_true(await(&s->assigned, 4 * PARTITIONS)); /* the group rebalanced */
	produce(embedded_servers(broker), MESSAGES / 2, MESSAGES);
	assert_true(await(&s->ended, MESSAGES));
	end(&b);
	end(&a);
	atomic_store(&s->stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	stagger_consumer_free(&a.consumer);
	stagger_consumer_free(&b.consumer);
	embedded_free(&broker);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads__settles_rebalance_and_stop_lose_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
