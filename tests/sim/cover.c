/* SPDX-License-Identifier: Apache-2.0
 *
 * What the engine's states did, counted through the doors of base/mutant.h. A record passes through
 * READ from one state to the next: the way is told by the state that the same record left last. */
#include <stdio.h>

#include "engine/record.h"
#include "engine/state.h"
#include "sim.h"

enum mutant mutant_planted = MUTANT_none;
struct cover cover_now;

static const char *const record_names[COVER_RECORD] = {
	"free", "read", "waiting", "queued", "called",
	"backoff", "deferred", "parked", "hopping", "settled"};
static const char *const gate_names[COVER_GATE] = {"not due", "room", "ahead",
						   "failing", "farewell", "reset"};
static const char *const farewell_names[COVER_FAREWELL] = {"none", "finishing", "committing",
							   "leaving"};

/* The ways of record.c's table. */
static const struct way {
	int from, to;
} ways[] = {
	{RECORD_READ, RECORD_WAITING},     {RECORD_READ, RECORD_QUEUED},
	{RECORD_READ, RECORD_PARKED},      {RECORD_WAITING, RECORD_QUEUED},
	{RECORD_WAITING, RECORD_PARKED},   {RECORD_WAITING, RECORD_FREE},
	{RECORD_QUEUED, RECORD_CALLED},    {RECORD_QUEUED, RECORD_FREE},
	{RECORD_CALLED, RECORD_QUEUED},    {RECORD_CALLED, RECORD_BACKOFF},
	{RECORD_CALLED, RECORD_DEFERRED},  {RECORD_CALLED, RECORD_PARKED},
	{RECORD_CALLED, RECORD_FREE},      {RECORD_BACKOFF, RECORD_QUEUED},
	{RECORD_BACKOFF, RECORD_FREE},     {RECORD_DEFERRED, RECORD_PARKED},
	{RECORD_DEFERRED, RECORD_FREE},    {RECORD_DEFERRED, RECORD_BACKOFF},
	{RECORD_DEFERRED, RECORD_SETTLED}, {RECORD_PARKED, RECORD_HOPPING},
	{RECORD_PARKED, RECORD_FREE},      {RECORD_PARKED, RECORD_QUEUED},
	{RECORD_HOPPING, RECORD_FREE},     {RECORD_HOPPING, RECORD_PARKED},
	{RECORD_HOPPING, RECORD_SETTLED},  {RECORD_SETTLED, RECORD_FREE},
};
static const struct way farewell_ways[] = {
	{FAREWELL_NONE, FAREWELL_FINISHING},
	{FAREWELL_FINISHING, FAREWELL_COMMITTING},
	{FAREWELL_COMMITTING, FAREWELL_NONE},
	{FAREWELL_COMMITTING, FAREWELL_LEAVING},
	{FAREWELL_NONE, FAREWELL_NONE}, /* lost */
};

void cover_record(const void *record, int from, int to)
{
	static const void *last;
	static int left;
	if (to == RECORD_READ) {
		last = from == RECORD_FREE || from == RECORD_READ ? NULL : record;
		left = from;
		return;
	}
	bool same = from == RECORD_READ && last == record;
	cover_now.records[same ? left : from][to]++;
	last = NULL;
}

void cover_gate(unsigned before, unsigned after)
{
	for (int i = 0; i < COVER_GATE; i++) {
		unsigned bit = 1U << i;
		cover_now.shut[i] += (before & bit) == 0 && (after & bit) != 0;
		cover_now.opened[i] += (before & bit) != 0 && (after & bit) == 0;
	}
}

void cover_farewell(int from, int to)
{
	cover_now.farewells[from][to]++;
}

static bool happened(const char *what, const char *from, const char *to, int64_t n)
{
	if (n == 0)
		printf("never: %s %s%s%s\n", what, from, to[0] != '\0' ? " -> " : "", to);
	return n > 0;
}

bool cover_report(const struct cover *c)
{
	bool all = true;
	printf("ways of records:");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		printf(" %s>%s %lld", record_names[ways[i].from], record_names[ways[i].to],
		       (long long)c->records[ways[i].from][ways[i].to]);
	printf("\ngates shut/opened:");
	for (int i = 0; i < COVER_GATE; i++)
		printf(" %s %lld/%lld", gate_names[i], (long long)c->shut[i],
		       (long long)c->opened[i]);
	printf("\nfarewells:");
	for (size_t i = 0; i < sizeof(farewell_ways) / sizeof(farewell_ways[0]); i++)
		printf(" %s>%s %lld", farewell_names[farewell_ways[i].from],
		       farewell_names[farewell_ways[i].to],
		       (long long)c->farewells[farewell_ways[i].from][farewell_ways[i].to]);
	printf("\n");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		all &= happened("record", record_names[ways[i].from], record_names[ways[i].to],
				c->records[ways[i].from][ways[i].to]);
	for (int i = 0; i < COVER_GATE; i++) {
		all &= happened("shut gate", gate_names[i], "", c->shut[i]);
		if ((1 << i) != GATE_FAREWELL) /* the lane goes */
			all &= happened("opened gate", gate_names[i], "", c->opened[i]);
	}
	for (size_t i = 0; i < sizeof(farewell_ways) / sizeof(farewell_ways[0]); i++)
		all &= happened("farewell", farewell_names[farewell_ways[i].from],
				farewell_names[farewell_ways[i].to],
				c->farewells[farewell_ways[i].from][farewell_ways[i].to]);
	return all;
}
