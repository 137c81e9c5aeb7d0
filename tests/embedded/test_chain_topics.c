/* SPDX-License-Identifier: Apache-2.0
 *
 * The chains' topics at a start, and as tools see them, against librdkafka's mock cluster: what
 * holds messages that nobody reads is found; what needs an admin API is left out. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kafka/admin.h"
#include "ops/check.h"
#include "small_client.h"

#include "core/chain.h"

#define OLD RETRY_OF("5m")
#define RETRY_OF(delay) "orders.g.retry." delay

static struct embedded *broker_with_old_stage(void)
{
	const struct embedded_topic topics[] = {{MAIN, PARTITIONS}, {RETRY, 0},
						{DLT, 1},           {OLD, 3},
						{RETRY_OF("10m"), 2}, {"orders.h.retry.5m", 2}};
	struct embedded *broker = NULL;
	struct stagger_error err;

	assert_int_equal(embedded_new(&broker, 0, PARTITIONS, topics, 6, &err), STAGGER_OK);
	return broker;
}

static rd_kafka_t *raw(const struct embedded *broker, rd_kafka_type_t type)
{
	char text[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set(conf, "bootstrap.servers", embedded_servers(broker), text, sizeof(text));
	rd_kafka_conf_set(conf, "group.id", "g", text, sizeof(text));
	rd_kafka_conf_set_log_cb(conf, NULL);
	rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof(text));
	assert_non_null(rk);
	return rk;
}

static void fill(const struct embedded *broker, const char *topic, int32_t partition, int n)
{
	rd_kafka_t *rk = raw(broker, RD_KAFKA_PRODUCER);
	char payload[] = "x";

	for (int i = 0; i < n; i++)
		assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic),
						   RD_KAFKA_V_PARTITION(partition),
						   RD_KAFKA_V_VALUE(payload, 1),
						   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
						   RD_KAFKA_V_END),
				 RD_KAFKA_RESP_ERR_NO_ERROR);
	assert_int_equal(rd_kafka_flush(rk, LONG_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
	rd_kafka_destroy(rk);
}

static void commit(const struct embedded *broker, const char *topic, int32_t partition,
		   int64_t next_offset)
{
	rd_kafka_t *rk = raw(broker, RD_KAFKA_CONSUMER);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, topic, partition)->offset = next_offset;
	assert_int_equal(rd_kafka_commit(rk, list, 0), RD_KAFKA_RESP_ERR_NO_ERROR);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(rk);
}

/* -- a consumer's start ------------------------------------------------------------------ */

static void start(struct client *c, const char *servers, bool allow_stranded)
{
	const struct kafka_property properties[] = {{"bootstrap.servers", servers}};
	const struct topic_pattern pattern = {"{topic}.{group}.retry.{delay}",
					      {.topic = MAIN, .group = "g", .chain = MAIN}};
	struct stagger_error err;
	const struct kafka_options o = {.group = "g",
					.session_timeout_ms = 6000,
					.properties = properties,
					.n_properties = 1,
					.patterns = &pattern,
					.n_patterns = 1,
					.allow_stranded = allow_stranded};

	assert_int_equal(small_open(c, &o, &err), STAGGER_OK);
	assert_int_equal(c->source.start(c->source.self, &err), STAGGER_OK);
}

static void stop(struct client *c)
{
	c->source.leave(c->source.self, true);
	small_await(c, PORT_LEFT);
	small_close(c);
}

static void start__is_refused_while_messages_are_stranded(void **state)
{
	struct embedded *broker = broker_with_old_stage();
	struct client c;
	(void)state;

	fill(broker, OLD, 0, 5);
	fill(broker, OLD, 2, 4);
	commit(broker, OLD, 0, 3);
	start(&c, embedded_servers(broker), false);
	small_await(&c, PORT_FAILED);
	assert_int_equal(c.event.status, STAGGER_TOPICS);
	assert_string_equal(c.event.text,
			    "kafka: messages are stranded; 'orders.g.retry.5m' holds 6 unread "
			    "messages of group 'g' and no stage reads it: declare its stage with "
			    "`retired: true` until it is empty, or set `allow_stranded: true` to "
			    "leave them there");
	small_close(&c);

	start(&c, embedded_servers(broker), true);
	small_await(&c, PORT_READY);
	assert_non_null(strstr(c.lines.text, "'orders.g.retry.5m' holds 6 unread messages"));
	stop(&c);
	embedded_free(&broker);
}

static void start__minds_no_topic_that_is_empty_read_or_another_groups(void **state)
{
	struct embedded *broker = broker_with_old_stage();
	struct client c;
	(void)state;

	fill(broker, "orders.h.retry.5m", 0, 2);
	fill(broker, RETRY, 0, 2);
	fill(broker, OLD, 0, 5);
	commit(broker, OLD, 0, 5);
	start(&c, embedded_servers(broker), false);
	small_await(&c, PORT_READY);
	assert_null(strstr(c.lines.text, "level=warn"));
	stop(&c);
	embedded_free(&broker);
}

/* -- a group's coordinator that has moved ------------------------------------------------- */

#define OFFSET_FETCH 9 /* in Kafka's protocol */

static rd_kafka_mock_cluster_t *cluster_with_old_stage(rd_kafka_t **host)
{
	static const char *const topics[] = {MAIN, RETRY, DLT, OLD};
	rd_kafka_mock_cluster_t *cluster = small_cluster(host, 1);

	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
		assert_int_equal(rd_kafka_mock_topic_create(cluster, topics[i], PARTITIONS, 1),
				 RD_KAFKA_RESP_ERR_NO_ERROR);
	return cluster;
}

/* It kills librdkafka in a client without a group, that of every version until now. */
static void start__goes_on_when_the_coordinator_has_moved(void **state)
{
	static const rd_kafka_resp_err_t codes[] = {RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
						    RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE};
	rd_kafka_t *host;
	rd_kafka_mock_cluster_t *cluster = cluster_with_old_stage(&host);
	struct client c;
	(void)state;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		rd_kafka_mock_push_request_errors(cluster, OFFSET_FETCH, 1, codes[i]);
		start(&c, rd_kafka_mock_cluster_bootstraps(cluster), false);
		small_await(&c, PORT_READY);
		assert_non_null(strstr(c.lines.text, "whether messages are stranded cannot be "
						     "asked: kafka: the commits of group 'g'"));
		assert_non_null(strstr(c.lines.text, rd_kafka_err2str(codes[i])));
		small_await(&c, PORT_ASSIGN); // the group works
		small_assign(&c, false);
		stop(&c);
	}
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(host);
}

/* -- tools ------------------------------------------------------------------------------- */

static struct tool *connect_to(const char *servers)
{
	const struct kafka_property properties[] = {{"bootstrap.servers", servers}};
	struct stagger_error err = {0};
	struct tool *tool = NULL;

	if (tool_new(&tool,
		     &(struct tool_options){.properties = properties,
					    .n_properties = 1,
					    .group = "g"},
		     &err) != STAGGER_OK)
		fail_msg("%s", err.text);
	return tool;
}

static struct stagger_chain *chain_of_one_stage(void)
{
	struct stagger_chain *chain = NULL;
	struct stagger_error err;

	assert_int_equal(stagger_chain_new(&chain, "orders", NULL, &err), STAGGER_OK);
	assert_int_equal(stagger_chain_stage(chain, 60000, 1, NULL, &err), STAGGER_OK);
	assert_int_equal(chain_seal(chain, "g", &err), STAGGER_OK);
	return chain;
}

static void admin__adds_up_what_a_group_has_not_read(void **state)
{
	struct embedded *broker = broker_with_old_stage();
	struct admin_lag lags[] = {{.topic = OLD, .partitions = 3},
				   {.topic = RETRY, .partitions = 2}};
	struct stagger_error err;
	(void)state;

	fill(broker, OLD, 0, 5);
	fill(broker, OLD, 1, 4);
	fill(broker, RETRY, 1, 1);
	commit(broker, OLD, 0, 3);
	struct tool *tool = connect_to(embedded_servers(broker));
	assert_int_equal(admin_lags(tool, "g", lags, 2, &err), STAGGER_OK);
	assert_int_equal(lags[0].unread, 6);
	assert_int_equal(lags[0].n_committed, 1);
	assert_int_equal(lags[1].unread, 1);
	assert_int_equal(lags[1].n_committed, 0);
	assert_int_equal(admin_lags(tool, "never-seen", lags, 2, &err), STAGGER_OK);
	assert_int_equal(lags[0].unread, 9);
	assert_int_equal(admin_lags(tool, "g", lags, 0, &err), STAGGER_OK);
	tool_free(&tool);
	embedded_free(&broker);
}

static void check__tells_what_it_can_see(void **state)
{
	struct embedded *broker = broker_with_old_stage();
	struct stagger_chain *chain = chain_of_one_stage();
	const struct stagger_chain *const chains[] = {chain};
	struct ops_question q = {.chains = {chains, 1},
				 .group = "g",
				 .help = {.servers = "b", .file = "c.yaml"}};
	struct ops_check check;
	struct stagger_error err;
	(void)state;

	fill(broker, OLD, 1, 1);
	struct tool *tool = connect_to(embedded_servers(broker));
	assert_int_equal(ops_check(&check, tool, &q, &err), STAGGER_OK);
	assert_int_equal(check.topics.n, 3);
	assert_int_equal(check.n, 2);
	assert_int_equal(check.list[0].about, OPS_ABOUT_STRANDED);
	assert_int_equal(check.list[0].severity, WISH_REFUSED);
	assert_string_equal(check.list[0].topic, OLD);
	assert_non_null(strstr(check.list[0].text, "holds 1 unread message of group 'g'"));
	assert_int_equal(check.list[1].about, OPS_ABOUT_TOPIC); // settings cannot be read
	assert_non_null(strstr(check.list[1].text, "3 topics cannot be read"));
	ops_check_clear(&check);

	q.allow_stranded = true;
	assert_int_equal(ops_check(&check, tool, &q, &err), STAGGER_OK);
	assert_int_equal(check.n, 2);
	assert_int_equal(check.list[0].severity, WISH_WARNING);
	ops_check_clear(&check);

	q.group = "h"; // has nothing at all there, by the chain's naming
	assert_int_equal(ops_check(&check, tool, &q, &err), STAGGER_OK);
	assert_int_equal(check.n, 1);
	assert_string_equal(ops_about_name(check.list[0].about), "topic");
	ops_check_clear(&check);
	tool_free(&tool);
	stagger_chain_free(&chain);
	embedded_free(&broker);
}

static void check__says_when_the_coordinator_has_moved(void **state)
{
	rd_kafka_t *host;
	rd_kafka_mock_cluster_t *cluster = cluster_with_old_stage(&host);
	struct stagger_chain *chain = chain_of_one_stage();
	const struct stagger_chain *const chains[] = {chain};
	const struct ops_question q = {.chains = {chains, 1}, .group = "g"};
	struct ops_check check;
	struct stagger_error err;
	(void)state;

	struct tool *tool = connect_to(rd_kafka_mock_cluster_bootstraps(cluster));
	rd_kafka_mock_push_request_errors(cluster, OFFSET_FETCH, 2,
					  RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
					  RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
	assert_int_equal(ops_check(&check, tool, &q, &err), STAGGER_OK);
	assert_int_equal(check.n, 3);
	assert_int_equal(check.list[0].about, OPS_ABOUT_GROUP);
	assert_int_equal(check.list[0].severity, WISH_WARNING);
	assert_string_equal(check.list[0].text, "kafka: the commits of group 'g' cannot be read: "
						"Broker: Not coordinator");
	assert_int_equal(check.list[1].about, OPS_ABOUT_STRANDED);
	assert_int_equal(check.list[1].severity, WISH_WARNING);
	assert_non_null(strstr(check.list[1].text, "Broker: Not coordinator"));
	ops_check_clear(&check);

	assert_int_equal(ops_check(&check, tool, &q, &err), STAGGER_OK); // asked again
	assert_int_equal(check.n, 1);
	assert_int_equal(check.list[0].about, OPS_ABOUT_TOPIC);
	ops_check_clear(&check);
	tool_free(&tool);
	stagger_chain_free(&chain);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(host);
}

static void topics_create__makes_none_without_an_admin_api(void **state)
{
	struct embedded *broker = broker_new();
	struct stagger_chain *chain = chain_of_one_stage();
	const struct stagger_chain *const chains[] = {chain};
	const struct ops_chains of = {chains, 1};
	struct ops_topics topics;
	struct stagger_error err;
	(void)state;

	struct tool *tool = connect_to(embedded_servers(broker));
	assert_int_equal(ops_topics_create(&topics, tool, &of, false, &err), STAGGER_OK);
	assert_int_equal(topics.n, 3); // all are there
	assert_int_equal(topics.list[1].state, OPS_FITS);
	assert_int_equal(topics.list[1].found.partitions, PARTITIONS);
	assert_int_equal(topics.list[1].wish.retention_ms, 608400000);
	assert_string_equal(topics.list[1].chain, "orders");
	assert_int_equal(ops_topics_outcome(&topics), OPS_DONE);
	ops_topics_clear(&topics);

	struct admin_topic make = {.name = "new", .is = {.partitions = 1}};
	assert_int_equal(admin_create(tool, &make, 1, false, &err), STAGGER_INVALID);
	assert_non_null(strstr(err.text, "makes no topics on request"));
	tool_free(&tool);
	stagger_chain_free(&chain);
	embedded_free(&broker);
}

static void outcome__counts_what_keeps_a_consumer_from_starting(void **state)
{
	struct ops_topic list[] = {{.state = OPS_MISSING},
				   {.state = OPS_DIFFERS, .findings = {.worst = WISH_REFUSED}},
				   {.state = OPS_FAILED}};
	const struct ops_topics topics = {list, 3};
	(void)state;

	assert_int_equal(ops_topics_outcome(&topics), OPS_NOTHING);
	list[0].state = OPS_WOULD_MAKE;
	assert_int_equal(ops_topics_outcome(&topics), OPS_PARTLY);
	list[1].findings.worst = WISH_WARNING;
	list[2].state = OPS_MADE;
	assert_int_equal(ops_topics_outcome(&topics), OPS_DONE);
	assert_string_equal(ops_state_name(OPS_WOULD_MAKE), "would be made");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start__is_refused_while_messages_are_stranded),
		cmocka_unit_test(start__minds_no_topic_that_is_empty_read_or_another_groups),
		cmocka_unit_test(start__goes_on_when_the_coordinator_has_moved),
		cmocka_unit_test(admin__adds_up_what_a_group_has_not_read),
		cmocka_unit_test(check__tells_what_it_can_see),
		cmocka_unit_test(check__says_when_the_coordinator_has_moved),
		cmocka_unit_test(topics_create__makes_none_without_an_admin_api),
		cmocka_unit_test(outcome__counts_what_keeps_a_consumer_from_starting),
	};

	return cmocka_run_group_tests_name("chain_topics", tests, NULL, NULL);
}
