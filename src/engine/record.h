/* SPDX-License-Identifier: Apache-2.0
 *
 * Records: what the engine knows of one message, and of the hop that is decided for it. record.c's
 * table says who owns one at any time. */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "base/list.h"
#include "base/mutant.h"
#include "core/envelope.h"
#include "core/port.h"
#include "core/route.h"
#include "core/shrink.h"
#include "core/waiting.h"

struct attributes;
struct chain_state;
struct deferral;
struct engine;
struct lane;
struct strand;
struct target;

enum record_state {
	RECORD_FREE = 0,
	RECORD_READ,     /* intake has it */
	RECORD_WAITING,  /* in its lane's room */
	RECORD_QUEUED,   /* in its strand */
	RECORD_CALLED,   /* in a slice, with the workers */
	RECORD_BACKOFF,  /* waits in place */
	RECORD_DEFERRED, /* its ticket is open */
	RECORD_PARKED,   /* its hop is decided and waits in the engine: lane->parked */
	RECORD_HOPPING,  /* its copy is in the producer: lane->hopping */
	RECORD_SETTLED   /* outlives its lane and has its verdict: engine->exiles or lane->exiles */
};

/* A hop that is decided; made when a record fails for good in its stage, over with the record. */
struct hop {
	struct hop *next_free;   /* engine->free_hops */
	enum place place;        /* STAGE or DEAD_LETTER */
	bool repark;             /* the same stage, due, attempts and history */
	bool republish;          /* back to main, the same otherwise */
	int32_t stage, visit;
	int64_t due_ms, failed_ms, retry_after_ms;
	const char *disposition;
	int32_t topic;           /* the sink's number */
	const char *topic_name;
	bool routed;             /* by dead_letter.routes: may fall back to the chain's DLT */
	enum shrink shrink;
	bool errored;            /* its last report was an error */
	bool solo_wanted;        /* refused as too large in company: to be alone on its target */
	uint64_t number;         /* in the order they were decided */
	bool repeated;           /* handed to a producer that died */
	struct target *target;   /* while in the producer */
	int64_t produced_boot_ms;
};

struct record {
	struct port_call call;       /* first: what workers see; message is filled at intake */
	struct lane *lane;           /* NULL: it outlives its lane (an exile) */
	struct chain_state *chain;
	struct strand *strand;
	/* in the room, in the strand's stage heap, or in engine->backoffs */
	struct waiting_item item;
	struct record *next_free;
	struct list link;            /* lane->parked, lane->hopping, an exile list */
	struct list pinned;          /* engine->pinned while pin is set */
	void *pin;                   /* the source's memory under key, value and headers */
	struct stagger_header *headers; /* the array that came with the pin */
	void *block;                 /* our copy of key, value and headers */
	/* what it was read from, borrowing from block; in main: NULL, or it came back */
	struct envelope *envelope;
	char *texts;                 /* NUL-terminated copies of envelope texts for the message */
	const struct stagger_pair *base_attributes; /* the envelope's, in texts */
	size_t n_base_attributes;
	struct attributes *attributes; /* what handlers of this visit changed; NULL: nothing */
	/* of the last and of the first failed call of this visit */
	struct failure *failure, *first_failure;
	struct hop *hop;
	struct deferral *deferral;
	int64_t first_failed_ms;
	int64_t tick;                /* when it was pinned */
	int32_t stage, calls;        /* where it was read; calls of this visit that returned */
	/* the stage whose visit this is: stage, but the one it waited in when it came back to main
	 * (CHAIN_DLT: none that this chain knows) */
	int32_t from;
	int64_t took_us;             /* by them */
	int32_t read_timestamp_type; /* 1: LogAppendTime */
	int64_t read_timestamp_ms;
	size_t bytes;                /* key + value + headers, as the budget counts them */
	enum record_state state;
	enum stagger_verdict verdict; /* SETTLED: what it said */
	bool in_flight;              /* counted in the budget */
	bool handed;                 /* counted as uncommitted in its lane */
	bool abandoned;              /* its partition went elsewhere: the verdict is dropped */
	bool hopped;                 /* SETTLED: its copy is durable */
	bool broken;                 /* not an envelope of ours: straight to the DLT */
};


struct record *record_new(struct engine *e); /* NULL without memory */
/* its state's list, heap and count; READ after it */
void record_leave(struct engine *e, struct record *r);
void record_free(struct engine *e, struct record *r); /* leaves, frees all it owns */
bool record_own(struct engine *e, struct record *r);  /* deep copy, pin released */
void record_unpin(struct engine *e, struct record *r);
void record_count_in(struct engine *e, struct record *r);
void record_count_out(struct engine *e, struct record *r);
void record_hand(struct engine *e, struct record *r); /* counts as uncommitted from now on */
void record_unhand(struct engine *e, struct record *r); /* unless it was called before */
void record_finish(struct engine *e, struct record *r); /* its offset is done; frees it */
void records_each(struct engine *e, void (*do_it)(struct engine *, struct record *, void *),
		  void *user);
void records_clear(struct engine *e);
static inline void record_set(struct record *r, enum record_state state)
{
	COVER(record, r, (int)r->state, (int)state);
	r->state = state;
}
/* Of a record that will be looked at soon and was away for long: its memory comes meanwhile. */
static inline void record_fetch(const void *r)
{
#pragma GCC unroll 16
	for (size_t at = 0; at < sizeof(struct record); at += 64)
		__builtin_prefetch((const char *)r + at);
}
static inline struct record *record_of_item(struct waiting_item *item)
{
	return container_of(item, struct record, item);
}
static inline struct record *record_of_node(struct heap_node *node)
{
	return container_of(node, struct record, item.node);
}
static inline struct record *record_of_link(struct list *link)
{
	return container_of(link, struct record, link);
}
static inline struct record *record_of_call(struct port_call *call)
{
	return (struct record *)(void *)call;
}

#endif
