/* SPDX-License-Identifier: Apache-2.0
 *
 * What a share of the stories has more: chains that change, mode republish, headers, and records of
 * other groups in our topics. Nobody produced those, so the checker fails a story in which one of
 * them is handled or dead. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/envelope_codec.h"
#include "codec/replay_header.h"
#include "sim.h"

/* The past of a message of that group that once stood in that topic. */
static struct envelope past(struct sim *s, const char *group, const char *topic)
{
	int64_t now_ms = world_wall_ms(s->world);
	return (struct envelope){
		.stage = bytes_text(s->history.config.stages[0].name),
		.due_ms = now_ms + sim_pick(s, 60000),
		.visit = 1,
		.attempts = 1,
		.disposition = bytes_text("retry"),
		.group = bytes_text(group),
		.chain = bytes_text("t"),
		.original_topic = bytes_text(topic),
		.original_offset = sim_pick(s, 1000),
		.original_timestamp_ms = ENVELOPE_NO_TIME,
		.first_failed_ms = now_ms,
		.last_failed_ms = now_ms,
	};
}

size_t sim_headers(struct sim *s, struct stagger_header headers[SIM_MAX_HEADERS])
{
	static unsigned char bytes[1024];
	size_t n = 0;
	if (!s->strangers)
		return 0;
	for (int64_t k = sim_pick(s, SIM_MAX_HEADERS); k > 0; k--)
		headers[n++] = (struct stagger_header){"trace", {k % 2 == 0 ? "" : "a", (size_t)k % 2}};
	if (sim_pick(s, 4) > 0)
		return n;
	struct envelope e = past(s, "g", "elsewhere"); /* one of ours that does not count */
	void *made = NULL;
	size_t size = 0;
	if (replay_header_write(&e, &made, &size, NULL) == STAGGER_OK && size <= sizeof(bytes)) {
		memcpy(bytes, made, size);
		headers[n++] = (struct stagger_header){REPLAY_HEADER, {bytes, size}};
	}
	free(made);
	return n;
}

void sim_stranger(struct sim *s)
{
	bool copy = !s->shared || sim_pick(s, 2) == 0; /* else an envelope in a stage */
	const char *topic = "t";
	char value[48];
	struct envelope e = past(s, "other", "t");
	struct stagger_header header = {REPLAY_HEADER, {NULL, 0}};
	struct world_record record = {.timestamp_ms = world_wall_ms(s->world)};
	struct stagger_error err;
	void *bytes = NULL;
	size_t size = 0;
	snprintf(value, sizeof(value), "id=f%lld;script=D", (long long)s->foreign++);
	record.value = bytes_text(value);
	enum stagger_status status;
	if (copy) {
		status = replay_header_write(&e, &bytes, &size, &err);
		header.value = (struct stagger_bytes){bytes, size};
		record.headers = &header;
		record.n_headers = 1;
	} else {
		int64_t stage = sim_pick(s, (int64_t)s->n_stages);
		topic = s->history.config.stages[stage].topic;
		e.value = record.value;
		status = envelope_write(&e, &bytes, &size, &err);
		record.value = (struct stagger_bytes){bytes, size};
	}
	int32_t partition = (int32_t)sim_pick(s, s->partitions);
	if (status == STAGGER_OK)
		status = world_produce(s->world, topic, partition, &record, &err);
	if (status != STAGGER_OK)
		fprintf(stderr, "sim: %s\n", err.text);
	free(bytes);
}
