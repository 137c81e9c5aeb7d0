/* SPDX-License-Identifier: Apache-2.0
 *
 * The client of tools against librdkafka's mock cluster, and against nobody. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "small_client.h"

#include "kafka/tool.h"

static void tool__connects_and_is_in_no_group(void **state)
{
	struct embedded *broker = broker_new();
	const struct kafka_property properties[] = {
		{"bootstrap.servers", embedded_servers(broker)},
		{"consumer.fetch.wait.max.ms", "10"},
		{"producer.linger.ms", "7"},
	};
	const struct kafka_property own[] = {{"fetch.wait.max.ms", "20"}};
	struct tool *tool = NULL;
	struct stagger_error err = {0};
	char text[64];
	(void)state;

	enum stagger_status status = tool_new(&tool,
					      &(struct tool_options){.properties = properties,
								     .n_properties = 3,
								     .own = own,
								     .n_own = 1},
					      &err);
	if (status != STAGGER_OK)
		fail_msg("%s", err.text);
	assert_string_equal(client_setting(tool->rk, "fetch.wait.max.ms", text, sizeof(text)),
			    "20");
	assert_string_equal(client_setting(tool->rk, "group.id", text, sizeof(text)), "");
	assert_int_equal(tool_check(tool, &err), STAGGER_OK);
	tool_free(&tool);
	assert_null(tool);
	tool_free(&tool);
	embedded_free(&broker);
}

static void tool__gives_up_where_nobody_answers(void **state)
{
	const struct kafka_property properties[] = {{"bootstrap.servers", "127.0.0.1:9"}};
	struct tool *tool = NULL;
	struct stagger_error err = {0};
	int64_t begun_us = clock_boot_us();
	(void)state;

	assert_int_equal(tool_new(&tool,
				  &(struct tool_options){.properties = properties,
							 .n_properties = 1,
							 .timeout_ms = 1000},
				  &err),
			 STAGGER_UNREACHABLE);
	assert_null(tool);
	assert_non_null(strstr(err.text, "no broker of 127.0.0.1:9 answered within 1000 ms"));
	assert_non_null(strstr(err.text, "Connection refused"));
	assert_non_null(strstr(err.text, "check bootstrap.servers"));
	assert_true(clock_boot_us() - begun_us >= 1000000);
	assert_true(clock_boot_us() - begun_us < 6000000);
}

static void tool__refuses_what_it_cannot_use(void **state)
{
	static const struct {
		struct kafka_property first, second, own;
		const char *says;
	} cases[] = {
		{{"client.id", "x"}, {"client.id", "x"}, {"client.id", "x"}, "is not set"},
		{{"bootstrap.servers", "embedded"},
		 {"client.id", "x"},
		 {"client.id", "x"},
		 "lives in the process of its consumer"},
		{{"bootstrap.servers", "b:1"},
		 {"embedded.partitions", "3"},
		 {"client.id", "x"},
		 "only for bootstrap.servers=embedded"},
		{{"bootstrap.servers", "b:1"},
		 {"group.id", "g"},
		 {"client.id", "x"},
		 "use the option 'group'"},
		{{"bootstrap.servers", "b:1"},
		 {"client.id", "x"},
		 {"no.such.key", "x"},
		 "no.such.key"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct kafka_property properties[] = {cases[i].first, cases[i].second};
		struct tool *tool = NULL;
		struct stagger_error err = {0};
		enum stagger_status status =
			tool_new(&tool,
				 &(struct tool_options){.properties = properties,
							.n_properties = 2,
							.own = &cases[i].own,
							.n_own = 1},
				 &err);
		if (status != STAGGER_INVALID || strstr(err.text, cases[i].says) == NULL)
			fail_msg("case %zu: %d: %s", i, (int)status, err.text);
		assert_null(tool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tool__connects_and_is_in_no_group),
		cmocka_unit_test(tool__gives_up_where_nobody_answers),
		cmocka_unit_test(tool__refuses_what_it_cannot_use),
	};

	return cmocka_run_group_tests_name("tool", tests, NULL, NULL);
}
