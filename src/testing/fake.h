/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the fake world share: the world, its members, and the source and sink that each
 * life of a member gets. All of it belongs to the one thread that calls the world. */
#ifndef TESTING_FAKE_H
#define TESTING_FAKE_H

#include "base/list.h"
#include "base/random.h"
#include "core/port.h"
#include "testing/world.h"

struct engine;
struct fake_event;
struct fake_group;
struct fake_log;
struct fake_seat;
struct fake_topic;

#define FAKE_TURNS_MAX       200000  /* turns of one instant before it counts as a live-lock */
#define FAKE_PARTITIONS_MAX  100000  /* of a topic */
#define FAKE_PARTITIONS      4       /* of a topic made on first use */
#define FAKE_WALL_START_MS   INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define FAKE_BOOT_START_US   INT64_C(3600000000)    /* an hour up */
#define FAKE_METADATA_MAX    4096    /* of a commit: Kafka's offset.metadata.max.bytes */
#define FAKE_RESUME_LEAD_MS  1100
#define FAKE_STOP_MAX_MS     600000  /* how long world_stop() lets time pass */
#define FAKE_MAX_VIOLATION   256     /* bytes of its text */

/* -- clock.c ----------------------------------------------------------------------------- */
struct fake_clock {
	int64_t wall_us, boot_us;
};
struct fake_view { /* a member's clocks */
	const struct fake_clock *clock;
	int64_t skew_us; /* of its wall clock against the world's */
};
struct port_clock fake_clock_port(struct fake_view *view);
void fake_clock_move(struct fake_clock *clock, int64_t us);

/* -- world.c ----------------------------------------------------------------------------- */
struct fake_fault { /* injected n times */
	enum port_fault fault;
	int64_t n;
	bool at_once;
};
struct fake_member {
	struct stagger_world *world;
	int32_t number;
	struct stagger_consumer *consumer;
	struct engine *engine;      /* NULL: it does not run */
	struct fake_source *source; /* with engine, as sink */
	struct fake_sink *sink;
	struct fake_view view;
	int64_t wake_us;            /* boot clock */
	bool news;                  /* what a struct wake would signal */
	bool again;                 /* one more turn: the last one may have made news of its own */
	bool dying;                 /* killed inside a callback: nothing it does has an effect */
	bool reborn;                /* with dying: to be restarted then */
	bool ended;
	enum stagger_status status; /* with ended, as error */
	struct stagger_error error;
	const struct stagger_stats *stats; /* when it last ended; NULL: never, or killed */
	struct world_calls calls;
};
struct stagger_world {
	struct world_options options;
	struct fake_clock clock;
	struct random random, delays;
	struct fake_topic **topics; /* by number */
	size_t n_topics;
	struct list groups;         // fake_group.link
	struct fake_member **members;
	size_t n_members;
	size_t n_away;              /* logs whose fetches are held up */
	struct world_watch watch;
	struct fake_fault produce_fault, commit_fault;
	bool hold_reports, queue_full, silent;
	bool settling, livelocked;
	int64_t n_violations;
	char violation[FAKE_MAX_VIOLATION];
};

/* Counts a breach of a port's contract and keeps the first one's text. member -1: nobody's. */
void fake_violation(struct stagger_world *w, int32_t member, const char *fmt, ...)
	STAGGER_PRINTF(3, 4);
/* Takes one of the injected faults, PORT_FINE when none is left. */
enum port_fault fake_fault_take(struct fake_fault *fault);
/* The boot clock's time after that delay and its share of options.spread_ms. */
int64_t fake_delayed_us(struct stagger_world *w, int64_t delay_ms);
/* Room for one more pointer in an array of n; grows at powers of two. False without memory. */
bool fake_grow(void **array, size_t n);

/* -- fake_life.c ------------------------------------------------------------------------- */
/* One turn of its engine if it has a reason to; false when it has none. May end the life. */
bool fake_life_turn(struct fake_member *m);
/* The engine is freed; records that it did not release are a violation, unless it was killed. */
void fake_life_end(struct fake_member *m, bool killed);
/* Ends a life that was killed inside a callback, and begins the next if that was asked for. */
bool fake_life_bury(struct fake_member *m);

/* -- fake_source.c ----------------------------------------------------------------------- */
struct fake_source {
	struct stagger_world *world;
	struct fake_member *member;
	struct fake_group *group;
	struct fake_seat *seat;     /* NULL: not in the group (before the join, lost, left) */
	bool started, contacted, left, failed;
	bool granted;               /* an ASSIGN was taken, its end not yet */
	bool told_lost;             /* the REVOKE that says so was taken */
	bool rejoin;                /* lost: joins again after its unassign() */
	int64_t expired_us;         /* when it learns that its session is over; 0: never */
	bool fresh;                 /* an ASSIGN was taken and not answered yet */
	struct list events;         // fake_event.link
	char *failure;              /* the text of its FAILED */
	struct fake_event *current; /* lives until the next next_event() */
	struct fake_lane **lanes;
	size_t n_lanes;
	struct list stale;          // fake_lane.link: old handles, kept to tell their misuse
	struct list ready;          // fake_lane.by_ready
	void **pins;                /* by number - 1 in order of fetch; NULL: given back */
	size_t n_pins, n_pinned;
	struct list asks;           // fake_ask.link: ask_bounds()
	struct list commits;        // fake_request.link, oldest first
	size_t n_in_flight;         /* commits that will be answered */
};
/* One assigned partition; the handle of the port. */
struct fake_lane {
	struct list link;     // fake_source.stale
	struct list by_log;   // fake_log.readers
	struct list by_ready; // fake_source.ready
	struct fake_source *source;
	struct fake_log *log;
	void *lane;           /* the engine's */
	int64_t position;
	bool paused, stale;
	bool drained;         /* the last fetch emptied it: ready() is to tell of the next record */
	bool reset;           /* its RESET was sent; nothing is read until the next assign() */
};

struct fake_source *fake_source_new(struct fake_member *m);
void fake_source_free(struct fake_source **source);
struct port_source fake_source_port(struct fake_source *s);
/* What the broker does for it now; true when it did something. */
bool fake_source_step(struct fake_source *s);

/* -- fake_lane.c ------------------------------------------------------------------------- */
/* NULL without memory, or for a partition that is not there (a violation). */
struct fake_lane *fake_lane_new(struct fake_source *s, const struct port_start *p);
/* The current lane of that log, or NULL. */
struct fake_lane *fake_lane_of(const struct fake_source *s, const struct fake_log *log);
/* The lane of a handle; NULL, and a violation named after the call, for a stale one. */
struct fake_lane *fake_lane_held(const struct fake_source *s, void *handle, const char *call);
/* Records, bounds or the broker's silence changed: makes it ready or resets it. */
void fake_lane_look(struct fake_lane *lane);
/* What assign() does once the lanes are made; takes the array. */
void fake_lanes_set(struct fake_source *s, struct fake_lane **take_lanes, size_t n);
void fake_lanes_retire(struct fake_source *s);
/* Slots of the port. */
size_t fake_ready(void *self, void **lanes, size_t max);
size_t fake_fetch(void *self, void *handle, struct port_record *out, size_t max);
void fake_release(void *self, void *pin);
void fake_hold(void *self, void *const *handles, size_t n, bool pause);

/* -- fake_events.c ----------------------------------------------------------------------- */
struct fake_event {
	struct list link; // fake_source.events
	struct port_event event;
	size_t n;
	struct port_partition parts[];
};
/* Room for n partitions; NULL without memory (a violation). */
struct fake_event *fake_event_new(struct fake_source *s, enum port_event_kind kind, size_t n);
/* Sets the i-th partition; topic and metadata are copied. */
void fake_event_set(struct fake_event *e, size_t i, const struct port_partition *p);
/* False: there was no memory for one of the copies. fake_event_push() drops such an event. */
bool fake_event_whole(const struct fake_event *e);
void fake_event_free(struct fake_event *e);
/* Takes e; NULL does nothing. */
void fake_event_push(struct fake_source *s, struct fake_event *e);
bool fake_event_next(struct fake_source *s, struct port_event *out);
/* Drops the waiting events of that kind. */
void fake_events_drop(struct fake_source *s, enum port_event_kind kind);
/* Drops answers about lanes that are not among these: the engine has replaced them. */
void fake_bounds_drop(struct fake_source *s, const struct port_start *assigned, size_t n);
void fake_events_clear(struct fake_source *s);

/* -- fake_sink.c ------------------------------------------------------------------------- */
struct fake_sink;
struct fake_sink *fake_sink_new(struct fake_member *m);
void fake_sink_free(struct fake_sink **sink);
struct port_sink fake_sink_port(struct fake_sink *s);
bool fake_sink_step(struct fake_sink *s);
/* When the next record becomes durable (boot clock, us), INT64_MAX when none. */
int64_t fake_sink_next_us(const struct fake_sink *s);
/* Its records are left behind: tells the observer of each copy that has no report yet. */
void fake_sink_orphan(struct fake_sink *s);

#endif
