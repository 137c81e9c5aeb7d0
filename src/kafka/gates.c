/* SPDX-License-Identifier: Apache-2.0
 *
 * Version gates. Nothing here changes what stagger does by default; it only avoids what a
 * version does wrong. */
#include "kafka/gates.h"

#include "base/log.h"
#include "kafka/kafka.h"

#define VERSION(major, minor, patch) ((major) << 24 | (minor) << 16 | (patch) << 8)
#define RELEASE_MASK ~0xff /* the last byte counts pre-releases */

static int version(void)
{
	return rd_kafka_version() & RELEASE_MASK;
}

bool gates_batches(void)
{
	return version() >= VERSION(2, 1, 0);
}

bool gates_sees_room(void)
{
	return version() >= VERSION(2, 2, 0);
}

bool gates_bytes_in_place(void)
{
	return version() < VERSION(2, 17, 0);
}

bool gates_scram(void)
{
	return version() >= VERSION(2, 6, 1);
}

void gates_offer(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char text[256];

	// Unknown here is what the offer is about; the values are ours and valid elsewhere.
	(void)rd_kafka_conf_set(conf, name, value, text, sizeof(text));
}

void gates_warn(struct log *log)
{
	static const struct {
		int version;
		const char *why;
	} broken[] = {
		{VERSION(2, 5, 0), "telemetry may end the process"},
		{VERSION(2, 6, 0), "it cannot fetch from Kafka before 2.7"},
		{VERSION(2, 10, 0), "it may bootstrap again and again"},
	};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		if (broken[i].version == version())
			log_warn(log,
				 "librdkafka %s is known to be broken: %s; use another version",
				 rd_kafka_version_str(), broken[i].why);
}

const char *kafka_version(void)
{
	return rd_kafka_version_str();
}
