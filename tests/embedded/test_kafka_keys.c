/* SPDX-License-Identifier: Apache-2.0
 *
 * What a consumer's queues may hold: properties of librdkafka that come of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kafka/internal.h"

#define MIB 1048576

struct row {
	int64_t prefetch_bytes;
	int32_t partitions;
	struct kafka_property given; /* name NULL: none */
	const char *kbytes, *messages, *fetch;
};

static const struct row ROWS[] = {
	{256 * MIB, 64, {NULL, NULL}, "4096", "8192", "1048576"},
	{64 * MIB, 64, {NULL, NULL}, "1024", "2048", "1048576"},
	{64 * MIB, 256, {NULL, NULL}, "256", "1000", "262144"},
	{MIB, 1000, {NULL, NULL}, "64", "1000", "65536"},
	{64 * MIB, 256, {"fetch.message.max.bytes", "70000"}, "256", "1000", "70000"},
	{64 * MIB, 256, {"consumer.max.partition.fetch.bytes", "70000"}, "256", "1000", "70000"},
	{64 * MIB, 256, {"queued.min.messages", "9"}, "256", "9", "262144"},
	{64 * MIB, 256, {"producer.linger.ms", "9"}, "256", "1000", "262144"},
};

static void is_set(const rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char text[64];
	size_t size = sizeof(text);

	assert_int_equal(rd_kafka_conf_get(conf, name, text, &size), RD_KAFKA_CONF_OK);
	assert_string_equal(text, value);
}

static void kafka__a_fetch_brings_no_more_than_a_partitions_share(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const struct row *row = &ROWS[i];
		const struct kafka_options o = {
			.group = "g",
			.session_timeout_ms = 10000,
			.prefetch_bytes = row->prefetch_bytes,
			.expected_partitions = row->partitions,
			.properties = &row->given,
			.n_properties = row->given.name != NULL,
		};
		rd_kafka_conf_t *conf;
		struct stagger_error err;
		assert_int_equal(keys_conf(&conf, &o, ROLE_CONSUMER, "localhost:1", &err),
				 STAGGER_OK);
		is_set(conf, "queued.max.messages.kbytes", row->kbytes);
		is_set(conf, "queued.min.messages", row->messages);
		is_set(conf, "fetch.message.max.bytes", row->fetch);
		rd_kafka_conf_destroy(conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kafka__a_fetch_brings_no_more_than_a_partitions_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
