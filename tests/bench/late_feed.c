/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bench lateness produces, from a bare producer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "late.h"
#include "load.h"

#define KEYS 1000
#define SIZE 100
/* Messages due per second in each partition put aside: calls take 0.6 to 0.8 of its time. */
#define SLOW_PER_S 30
#define IN_PLACE_PER_S 15

static struct load load_of(const struct late *late, char text[SIZE], enum late_deed deed)
{
	memset(text, (char)deed, SIZE);
	return (struct load){ .brokers = late->brokers,
			      .topic = late->topic,
			      .first = late_aside(late),
			      .partitions = late->partitions - late_aside(late),
			      .value = { text, SIZE },
			      .n = late->messages,
			      .keys = KEYS };
}

void late_preload(struct late *late)
{
	char text[SIZE], stage[256];
	struct load load = load_of(late, text, LATE_SPREAD);

	if (late->backlog > 0) {
		load.keys = late->messages; // how far their dues are apart, in order
		load_send(&load, &late->enough);
		load = load_of(late, text, LATE_FINISHES);
		load.n = late->backlog;
		load_send(&load, &late->enough);
	}
	if (late->waiting > 0) {
		snprintf(stage, sizeof(stage), "%s.hour", late->topic);
		load.topic = stage;
		load.n = late->waiting;
		load.value = load_hour_long(&(struct load_waiting){ .group = late->group,
								    .chain = LATE_CHAIN,
								    .stage = "retry.1h",
								    .topic = late->topic,
								    .value = { "in an hour", 10 } });
		load_send(&load, &late->enough);
		free((void *)(uintptr_t)load.value.data);
	}
}

void *late_feed(void *user)
{
	struct late *late = user;
	char text[SIZE];
	struct load load = load_of(late, text, LATE_FAILS);

	load.per_s = (double)late->rate / (double)late->visits;
	if (late->backlog == 0)
		load_send(&load, &late->enough);
	return NULL;
}

void *late_feed_aside(void *user)
{
	struct late *late = user;
	char text[SIZE];
	struct load load = load_of(late, text, LATE_FAILS);
	int64_t per_s = late->slow * SLOW_PER_S + late->in_place * IN_PLACE_PER_S;

	if (per_s == 0)
		return NULL;
	load.first = 0;
	load.partitions = late_aside(late);
	load.n = INT64_MAX; // until it is enough
	load.per_s = (double)per_s / (double)late->visits;
	load_send(&load, &late->enough);
	return NULL;
}
