/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine in the simulation's world, which the fuzzer's bytes rule instead of a seed: which
 * messages, faults, verdicts and pauses come in which order; and records that no honest producer
 * writes, in the stages and as headers on main. The checker judges all of it as it does a seed. */
#define _GNU_SOURCE
#include <string.h>

#include "base/bytes.h"
#include "codec/replay_header.h"
#include "envelopes.h"
#include "fuzz.h"
#include "sim/sim.h"

#define STEPS_MAX      32
#define PARTITIONS_MAX 3
#define HOSTILE_MAX    300 /* bytes of what is no envelope, or nearly one */

static void put(struct sim *s, const char *topic, const struct world_record *record)
{
	int32_t partition = (int32_t)sim_pick(s, s->partitions);

	must(world_produce(s->world, topic, partition, record, NULL) == STAGGER_OK);
}

static const char *stage_topic(struct sim *s)
{
	return s->history.config.stages[sim_pick(s, (int64_t)s->n_stages)].topic;
}

/* No envelope, in a stage or as the header of a copy that came back to main. The checker must not
 * take it for a message that somebody produced. */
static void put_any(struct sim *s)
{
	struct stagger_bytes bytes = draw_bytes(s->tape, HOSTILE_MAX);
	struct stagger_header header = {REPLAY_HEADER, bytes};
	struct world_record record = {.timestamp_ms = world_wall_ms(s->world), .value = bytes};
	struct envelope *e = envelope_read_within(bytes);
	bool good = e != NULL;

	envelope_free(&e);
	if (good || memmem(bytes.data, bytes.size, "id=", 3) != NULL)
		return;
	if (sim_pick(s, 2) == 0) {
		put(s, stage_topic(s), &record);
		return;
	}
	record.value = bytes_text("-");
	record.headers = &header;
	record.n_headers = 1;
	put(s, "t", &record);
}

/* A good envelope in a stage, or as that header: its texts and numbers may be anything. Without an
 * id, because nobody produced it; and of our group where another's is finished without a word. */
static void put_envelope(struct sim *s)
{
	static const char *const scripts[] = {"D", "R", "RD", "RRRX", "X", "A", "B", "S"};
	static struct shape shape;
	char value[32];
	struct stagger_header header = {REPLAY_HEADER, {NULL, 0}};
	struct world_record record = {.timestamp_ms = world_wall_ms(s->world)};
	bool copy = sim_pick(s, 2) == 0;
	void *bytes = NULL;
	size_t size = 0;

	snprintf(value, sizeof(value), "id=-;script=%s", scripts[sim_pick(s, 8)]);
	shape_draw(&shape, s->tape);
	shape.e.value = bytes_text(value);
	shape.e.attempts %= 1 << 30; /* the checker counts on from there */
	if (copy) /* nobody waits for it in main, by whatever clock */
		shape.e.due_ms = 1;
	else if (sim_pick(s, 8) != 1)
		shape.e.due_ms = world_wall_ms(s->world) + sim_pick(s, 60000);
	if (copy || s->shared || sim_pick(s, 4) != 1)
		shape.e.group = bytes_text("g");
	if (sim_pick(s, 4) != 1)
		shape.e.original_topic = bytes_text("t");
	if (copy) {
		must(replay_header_write(&shape.e, &bytes, &size, NULL) == STAGGER_OK);
		header.value = (struct stagger_bytes){bytes, size};
		record.value = shape.e.value;
		record.headers = &header;
		record.n_headers = 1;
		put(s, "t", &record);
	} else {
		must(envelope_write(&shape.e, &bytes, &size, NULL) == STAGGER_OK);
		record.value = (struct stagger_bytes){bytes, size};
		put(s, stage_topic(s), &record);
	}
	free(bytes);
}

static void step(struct sim *s)
{
	switch (sim_pick(s, 10)) {
	case 0:
	case 1:
		sim_produce(s, 1 + sim_pick(s, 4));
		break;
	case 2:
		sim_random_fault(s);
		break;
	case 3:
		sim_stranger(s);
		break;
	case 4:
		must(sim_deploy(s));
		break;
	case 5:
		put_any(s);
		break;
	case 6:
		put_envelope(s);
		break;
	case 7:
		sim_calm(s);
		break;
	case 8:
		sim_advance(s, sim_pick(s, 2000));
		break;
	default:
		sim_advance(s, sim_pick(s, 30000));
	}
}

/* The numbers of a forged envelope are the forger's; all else holds for it, too. */
static bool is_forged(const char *text)
{
	return strncmp(text, "attempts_correct: id - ", 23) == 0;
}

static void judge(const struct sim *s)
{
	struct checker_result result;
	size_t n = 0;

	checker_run(&s->history, &result);
	for (size_t i = 0; i < result.n_texts; i++) {
		if (is_forged(result.texts[i]))
			continue;
		fprintf(stderr, "%s, step %zu\n", result.texts[i], result.steps[i]);
		n++;
	}
	must(n == 0);
	must(result.violations == result.broken[CHECKER_ATTEMPTS_CORRECT]);
	if (world_violations(s->world) > 0)
		fprintf(stderr, "port: %s\n", world_violation(s->world));
	must(world_violations(s->world) == 0);
	must(!world_livelocked(s->world));
	checker_clear(&result);
}

/* A small world with short delays: an engine that waits is asked each second, and hours of that
 * are what a run would be made of. */
static void choose(struct sim *s)
{
	sim_choose(s);
	s->partitions = 1 + s->partitions % PARTITIONS_MAX;
	for (size_t i = 0; i < s->n_stages; i++)
		s->delays_ms[i] = 1000 + s->delays_ms[i] % 9000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sim_cuts cuts = {.members = 3};
	static const struct sim_view view = {.json = false};
	struct draw tape = {data, size};
	struct sim *s = calloc(1, sizeof(*s));

	must(s != NULL);
	s->seed = 1;
	s->tape = &tape;
	s->cuts = &cuts;
	s->view = &view;
	choose(s);
	must(sim_begin(s));
	sim_produce(s, 1);
	for (int i = 0; i < STEPS_MAX && tape.left > 0; i++)
		step(s);
	tape.left = 0;
	must(sim_finish(s));
	judge(s);
	sim_clear(s);
	free(s);
	return 0;
}
