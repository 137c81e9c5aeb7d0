/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory runs out in the calls that run a consumer, on the embedded broker and with real threads:
 * each of our allocations fails, on whichever thread it is. The call must say so, or the consumer
 * goes on and all messages end; it never stands still, and nothing leaks. Of a consumer that has
 * failed nothing is asked but its free(): it runs once. */
#define _GNU_SOURCE
#include "calls.h"
#include "heap.h"
#include "wave.h"

#include <poll.h>
#include <stdatomic.h>

#include <librdkafka/rdkafka.h>

#include "base/clock.h"
#include "consumer/state.h"
#include "kafka/kafka.h"
#include "ports.h"

#define MESSAGES 4
#define LIMIT_US INT64_C(30000000) /* a story takes less than one second */
#define N_MAX    3000              /* allocations of one story */

static struct embedded *broker;

/* The metadata in a list of partitions are librdkafka's to free; the linker leads here who hands them
 * over. */
void __real_rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t *list);
void __wrap_rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t *list);

void __wrap_rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++)
		heap_give_away(list->elems[i].metadata);
	__real_rd_kafka_topic_partition_list_destroy(list);
}

/* -- one consumer ------------------------------------------------------------------------ */

struct member {
	struct stagger_consumer *consumer;
	struct stagger_consumer *to_settle; /* in the handler: consumer */
	atomic_int ended[MESSAGES];         /* how often, by id */
	char topic[32], group[32];
};

/* Where members find their broker: the one of this process, or one that each starts itself. */
struct place {
	const char *servers;
	char port[8]; /* "" with the former */
};

static void on_event(const struct stagger_event *event, void *user)
{
	struct member *m = user;

	if (event->kind == STAGGER_DEAD_LETTERED)
		atomic_fetch_add(&m->ended[atoi(event->message->value.data)], 1);
}

/* 0 is done, 1 retried once, 2 dead, 3 deferred and settled with a retry first. */
static enum stagger_verdict handle(const struct stagger_message *message,
				   struct stagger_failure *why, void *user)
{
	struct member *m = user;
	int id = atoi(message->value.data);
	struct stagger_outcome retry = STAGGER_OUTCOME_INIT;
	struct stagger_ticket ticket;

	(void)stagger_failure_attribute(why, "seen", "once");
	if (id == 1 && message->attempt == 1)
		return stagger_retry(why, "Busy", "attempt %d", message->attempt);
	if (id == 2)
		return stagger_dead_letter(why, "Bad", "never");
	if (id == 3 && message->attempt == 1 && stagger_defer(message, &ticket) != NULL) {
		retry.verdict = STAGGER_RETRY;
		retry.error_class = "Later";
		while (stagger_settle(m->to_settle, ticket, &retry, NULL) == STAGGER_NO_MEMORY)
			continue;
		return STAGGER_DEFER;
	}
	atomic_fetch_add(&m->ended[id], 1);
	return STAGGER_DONE;
}

static void open_member(struct member *m, const struct place *place, const char *name, long n)
{
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_chain_options co = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *chain = NULL;
	struct stagger_error err;

	*m = (struct member){0};
	snprintf(m->topic, sizeof(m->topic), "%s-%ld", name, n);
	snprintf(m->group, sizeof(m->group), "g-%s-%ld", name, n);
	o.group = m->group;
	o.session_timeout_ms = 6000;
	o.log = hush;
	o.event = on_event;
	o.user = m;
	co.topic = m->topic;
	co.workers = 2;
	must(stagger_consumer_open(&m->consumer, NULL, &o, &err), &err);
	must(stagger_consumer_set(m->consumer, "bootstrap.servers", place->servers, &err), &err);
	if (place->port[0] != '\0')
		must(stagger_consumer_set(m->consumer, "embedded.port", place->port, &err), &err);
	must(stagger_chain_new(&chain, "orders", &co, &err), &err);
	must(stagger_chain_stage(chain, 1, 2, NULL, &err), &err);
	must(stagger_consumer_add(m->consumer, &chain, &err), &err);
	must(stagger_consumer_on(m->consumer, NULL, handle, m, &err), &err);
	m->to_settle = m->consumer;
}

static void close_member(struct member *m, const char *name, long n, size_t live)
{
	stagger_consumer_free(&m->consumer);
	const char *leak = heap_leak();
	if (leak != NULL)
		fail_msg("%s, allocation %ld: leaks %s", name, n, leak);
	assert_int_equal(heap_live(), live);
}

/* -- calls that return by themselves ----------------------------------------------------- */

static enum stagger_status make_start(struct stagger_consumer *c, struct stagger_error *err)
{
	int fd = -1;
	enum stagger_status status = stagger_consumer_start(c, &fd, err);

	assert_int_equal(fd >= 0, status == STAGGER_OK);
	return status;
}

static enum stagger_status make_run(struct stagger_consumer *c, struct stagger_error *err)
{
	stagger_consumer_stop(c);
	return stagger_consumer_run(c, err);
}

static enum stagger_status make_run_until_signal(struct stagger_consumer *c,
						 struct stagger_error *err)
{
	stagger_consumer_stop(c);
	return stagger_consumer_run_until_signal(c, err);
}

static int run_out(const char *name, const struct place *place, long n,
		   enum stagger_status (*make)(struct stagger_consumer *c,
					       struct stagger_error *err))
{
	struct member m;
	struct stagger_error err = {.text = "no error"};
	size_t live = heap_live();

	open_member(&m, place, "calls", 0);
	heap_arm(n);
	enum stagger_status status = make(m.consumer, &err);
	heap_disarm();
	bool failed = heap_failed();
	if (status != STAGGER_OK && (!failed || status != STAGGER_NO_MEMORY ||
				     err.status != status || strstr(err.text, "memory") == NULL))
		fail_msg("%s, allocation %ld: %s: %s", name, n, stagger_status_name(status),
			 err.text);
	close_member(&m, name, n, live);
	if (!failed)
		return NOT_REACHED;
	return status == STAGGER_OK ? WENT_ON : REFUSED;
}

static int start_its_broker(long n)
{
	struct place place = {.servers = "embedded"};

	snprintf(place.port, sizeof(place.port), "%d", port_free());
	return run_out("stagger_consumer_start with its broker", &place, n, make_start);
}

/* -- dispatch() -------------------------------------------------------------------------- */

static void produce(const char *topic)
{
	char text[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", embedded_servers(broker), text,
					   sizeof(text)),
			 RD_KAFKA_CONF_OK);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	assert_non_null(rk);
	for (int i = 0; i < MESSAGES; i++) {
		char value[2] = {(char)('0' + i), '\0'};
		assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic),
						   RD_KAFKA_V_PARTITION(0),
						   RD_KAFKA_V_VALUE(value, sizeof(value)),
						   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
						   RD_KAFKA_V_END),
				 RD_KAFKA_RESP_ERR_NO_ERROR);
	}
	assert_int_equal(rd_kafka_flush(rk, 30000), RD_KAFKA_RESP_ERR_NO_ERROR);
	rd_kafka_destroy(rk);
}

static bool all_ended(struct member *m)
{
	for (int i = 0; i < MESSAGES; i++)
		if (atomic_load(&m->ended[i]) == 0)
			return false;
	return true;
}

/* Until it has ended; stopped when all messages have. */
static enum stagger_status dispatch(struct member *m, int fd, long n, struct stagger_error *err)
{
	int64_t until_us = clock_boot_us() + LIMIT_US;
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	bool stopping = false;

	for (;;) {
		enum stagger_status status = stagger_consumer_dispatch(m->consumer, err);
		if (status != STAGGER_OK)
			return status;
		if (!stopping && all_ended(m)) {
			stopping = true;
			stagger_consumer_stop(m->consumer);
		}
		(void)poll(&polled, 1, 1000);
		if (clock_boot_us() > until_us)
			fail_msg("dispatch, allocation %ld: it stands still: %d%d%d%d", n,
				 m->ended[0], m->ended[1], m->ended[2], m->ended[3]);
	}
}

static int tell(long n)
{
	struct member m;
	struct stagger_error err = {.text = "no error"};
	size_t live = heap_live();
	int fd = -1;

	open_member(&m, &(struct place){.servers = embedded_servers(broker)}, "dispatch", n);
	produce(m.topic);
	must(stagger_consumer_start(m.consumer, &fd, &err), &err);
	heap_arm(n);
	enum stagger_status status = dispatch(&m, fd, n, &err);
	heap_disarm();
	bool failed = heap_failed();
	if (status != STAGGER_STOPPED &&
	    (!failed || status != STAGGER_NO_MEMORY || err.status != status))
		fail_msg("dispatch, allocation %ld: %s: %s", n, stagger_status_name(status),
			 err.text);
	close_member(&m, "dispatch", n, live);
	if (!failed)
		return NOT_REACHED;
	return status == STAGGER_STOPPED ? WENT_ON : REFUSED;
}

/* -- stories: what takes seconds, nearly all of them waiting ---------------------------- */

static const struct {
	const char *name;
	int (*tell)(long n); /* with the n-th allocation failing */
} stories[] = {
	{"dispatch", tell},
	{"start-its-broker", start_its_broker},
};

static void calls__dispatch(void **state)
{
	struct wave w = wave_all(stories[0].name);

	(void)state;
	assert_true(w.went_on > 10);
	assert_true(w.refused > 0);
}

static void calls__start_with_its_broker(void **state)
{
	(void)state;
	assert_true(wave_all(stories[1].name).refused > 20);
}

/* -- all of them ------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum stagger_status (*make)(struct stagger_consumer *c, struct stagger_error *err);
} calls[] = {
	CALL(stagger_consumer_start, .make = make_start),
	CALL(stagger_consumer_run, .make = make_run),
	CALL(stagger_consumer_run_until_signal, .make = make_run_until_signal),
	CALL(stagger_consumer_dispatch, .make = NULL), /* by calls__dispatch() */
};

static void calls__that_run(void **state)
{
	const struct place place = {.servers = embedded_servers(broker)};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		long n = 1;
		if (calls[i].make == NULL)
			continue;
		while (run_out(calls[i].name, &place, n, calls[i].make) != NOT_REACHED)
			assert_true(++n < N_MAX);
		print_message("%s: %ld allocations\n", calls[i].name, n - 1);
		assert_true(n > 20);
	}
}

/* With the topics of open_member(): newer mocks make none for a consumer that asks. */
static void start_broker(const char *name, const char *number)
{
	char names[3][128];
	struct embedded_topic topics[3];
	struct stagger_error err;

	snprintf(names[0], sizeof(names[0]), "%s-%s", name, number);
	snprintf(names[1], sizeof(names[1]), "%s-%s.g-%s-%s.retry.1ms", name, number, name, number);
	snprintf(names[2], sizeof(names[2]), "%s-%s.g-%s-%s.dlt", name, number, name, number);
	for (int i = 0; i < 3; i++)
		topics[i] = (struct embedded_topic){names[i], 1};
	must(embedded_new(&broker, 0, 1, topics, 3, &err), &err);
}

/* With a story's name and a number: that one alone, and its end as the exit status. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls__that_run),
		cmocka_unit_test(calls__start_with_its_broker),
		cmocka_unit_test(calls__dispatch),
	};
	int end = 1;

	start_broker(argc == 3 ? argv[1] : "calls", argc == 3 ? argv[2] : "0");
	for (size_t i = 0; argc == 3 && i < sizeof(stories) / sizeof(stories[0]); i++)
		if (strcmp(argv[1], stories[i].name) == 0)
			end = wave_story(stories[i].tell, argv[2]);
	if (argc == 1)
		end = cmocka_run_group_tests(tests, NULL, NULL);
	embedded_free(&broker);
	return end;
}
