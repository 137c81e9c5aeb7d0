/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run is about: the world chosen by the seed, messages of every script, and what the topics
 * hold at the end. */
#include <stdio.h>
#include <string.h>

#include "sim.h"
#include "tell.h"

static const char *const scripts[] = {"D", "D",  "D", "D", "RD", "RRD", "RRRD", "X",
				      "RX", "R", "A", "RA", "B", "BD", "H", "RH"};
static const char *const rare_scripts[] = {"S", "RS", "SD", "RRS"};

/* What a share of the stories has more: chains that change, mode republish, records of others. */
static void choose_more(struct sim *s)
{
	s->retiring = -1;
	s->shifts = sim_pick(s, 5) == 0;
	s->skewed = sim_pick(s, 3) == 0;
	if (s->cuts->plain || sim_pick(s, 3) == 0)
		return;
	s->republish = sim_pick(s, 2) == 0;
	s->turns = sim_pick(s, 4) == 0;
	if (sim_pick(s, 3) == 0)
		s->retiring = (int32_t)sim_pick(s, (int64_t)s->n_stages);
	s->shared = sim_pick(s, 3) == 0;
	s->strangers = sim_pick(s, 2) == 0;
	if (s->republish || s->turns) /* a copy could get the place of its own original */
		s->shifts = false;
}

void sim_choose(struct sim *s)
{
	static const int64_t delays[] = {1000, 60000, 300000, 7000, 1800000};
	static const int32_t in_flight[] = {0, 0, 8, 64};
	sim_stream(s, 0, 'C');
	s->n_members = (int32_t)sim_pick(s, sim_pick(s, 2) == 0 ? 4 : SIM_MAX_MEMBERS) + 1;
	if (s->cuts->members > 0 && s->cuts->members < s->n_members)
		s->n_members = s->cuts->members;
	s->partitions = (int32_t)sim_pick(s, sim_pick(s, 2) == 0 ? 6 : 16) + 1;
	s->n_stages = (size_t)sim_pick(s, SIM_MAX_STAGES) + 1;
	for (size_t i = 0; i < s->n_stages; i++) {
		s->delays_ms[i] = delays[(i + (size_t)sim_pick(s, 3)) % 5] + (int64_t)i;
		s->visits[i] = (int32_t)sim_pick(s, 2) + 1;
	}
	s->order = (enum stagger_order)sim_pick(s, 3);
	s->jitter = sim_pick(s, 3) == 0 ? 0.2 : 0;
	s->in_place_attempts = sim_pick(s, 3) == 0 ? 3 : 1;
	s->in_place_delay_ms = sim_pick(s, 2) == 0 ? 200 : 1 + sim_pick(s, 5000);
	s->fixed = sim_pick(s, 4) == 0;
	s->max_in_flight = in_flight[sim_pick(s, 4)];
	s->max_waiting = sim_pick(s, 4) == 0 ? 5 : 0;
	s->max_uncommitted = sim_pick(s, 4) == 0 ? 64 : 0;
	s->max_ahead = sim_pick(s, 4) == 0 ? 64 : 0;
	s->report_delay_ms = sim_pick(s, 3) == 0 ? 0 : sim_pick(s, 200);
	s->commit_delay_ms = sim_pick(s, 3) == 0 ? 0 : sim_pick(s, 200);
	s->spread_ms = sim_pick(s, 2) == 0 ? 0 : 1 + sim_pick(s, 300);
	choose_more(s);
}

void sim_produce(struct sim *s, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		char value[160];
		char key[16];
		char id[24];
		struct stagger_error err;
		struct history_event line = {HISTORY_EVENT(HISTORY_PRODUCED)};
		const char *script = scripts[sim_pick(s, sizeof(scripts) / sizeof(scripts[0]))];
		if (sim_pick(s, 100) == 0)
			script = rare_scripts[sim_pick(s, 4)];
		bool after = sim_pick(s, 12) == 0;
		snprintf(id, sizeof(id), "%lld", (long long)s->next_id++);
		snprintf(key, sizeof(key), "k%lld", (long long)sim_pick(s, 9));
		int n_value = snprintf(value, sizeof(value), "id=%s;script=%s%s;payload=%llx", id,
				       script, after ? ";after=90000" : "",
				       (unsigned long long)random_next(&s->random));
		bool keyed = sim_pick(s, 8) != 0;
		struct stagger_header headers[SIM_MAX_HEADERS];
		struct world_record record = {
			.headers = headers,
			.n_headers = sim_headers(s, headers),
			.timestamp_ms = world_wall_ms(s->world),
			.key = {keyed ? key : NULL, keyed ? strlen(key) : 0},
			.value = {value, (size_t)n_value},
		};
		line.partition = (int32_t)(keyed ? (key[1] - '0') % s->partitions
						 : sim_pick(s, s->partitions));
		line.offset = world_log_end(s->world, "t", line.partition);
		if (world_produce(s->world, "t", line.partition, &record, &err) != STAGGER_OK) {
			fprintf(stderr, "sim: %s\n", err.text);
			continue;
		}
		line.id = id;
		line.topic = "t";
		line.key = keyed ? key : NULL;
		line.script = script;
		line.value_hash = script_bytes_hash(record.value);
		line.key_hash = script_bytes_hash(record.key);
		line.headers_hash = script_headers_hash(headers, record.n_headers);
		sim_append(s, &line, NULL);
	}
}

static void drain_record(struct sim *s, const char *topic, int32_t partition, const char *why,
			 const struct world_record *r)
{
	const struct stagger_envelope *envelope = NULL;
	bool dead = strcmp(topic, "t.g.dlt") == 0;
	struct history_event line = {HISTORY_EVENT(dead ? HISTORY_DEAD : HISTORY_REMAINS)};
	struct stagger_bytes value = r->value;
	struct stagger_error err;
	line.topic = topic;
	line.partition = partition;
	line.offset = r->offset;
	line.stage = "main";
	if (strcmp(topic, "t") != 0) {
		if (stagger_envelope_read(&envelope, value, &err) != STAGGER_OK) {
			if (s->tape == NULL || dead) /* a fuzzer puts such into stages */
				fprintf(stderr, "sim: %s is unreadable: %s\n", topic, err.text);
			return;
		}
		tell_envelope(&line, envelope);
		value = envelope->value;
	}
	struct script script = script_read(value);
	line.id = script.id;
	if (why != NULL)
		line.reason = why;
	sim_append(s, &line, NULL);
	stagger_envelope_free(&envelope);
}

void sim_drain_from(struct sim *s, const char *topic, int32_t partition, int64_t offset)
{
	for (size_t i = 0; i < world_size(s->world, topic, partition); i++) {
		const struct world_record *r = world_record(s->world, topic, partition, i);
		if (r != NULL && r->offset >= offset)
			drain_record(s, topic, partition, "truncated", r);
	}
}

static void drain_topic(struct sim *s, const char *topic)
{
	struct history_event drained = {HISTORY_EVENT(HISTORY_DRAINED)};
	for (int32_t p = 0; p < world_partitions(s->world, topic); p++)
		for (size_t i = 0; i < world_size(s->world, topic, p); i++) {
			const struct world_record *r = world_record(s->world, topic, p, i);
			if (r != NULL)
				drain_record(s, topic, p, NULL, r);
		}
	drained.topic = topic;
	sim_append(s, &drained, NULL);
}

void sim_drain(struct sim *s)
{
	drain_topic(s, "t");
	for (size_t i = 0; i < s->history.config.n_stages; i++)
		drain_topic(s, s->history.config.stages[i].topic);
	drain_topic(s, "t.g.dlt");
}
