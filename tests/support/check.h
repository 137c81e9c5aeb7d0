/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the checker: the history with everything numbered, so that a rule is one walk over the
 * events with arrays beside it. One file holds the rules of one kind. */
#ifndef SUPPORT_CHECK_H
#define SUPPORT_CHECK_H

#include "checker.h"

#define CHECK_NONE SIZE_MAX
#define CHECK_DLT  INT32_MAX /* as a stage; main is 0, retry stages from 1, unknown ones -1 */

/* A produced id. */
struct check_message {
	const char *id, *key;
	const struct history_event *produced; /* NULL: handled, but nobody produced it */
	const struct history_event *fallback; /* then: the first event that names it */
	size_t first, last;                   /* events */
	size_t endings;                       /* times it was DONE, and copies in a DLT */
	size_t called_again;                  /* calls of records that had had their verdict */
	/* copies without a report: of a dead producer, or of a member that went or was revoked */
	size_t repeated;
	size_t back, told_back;               /* copies seen in main, and hops there that were told */
};
/* One record of one topic: a message, or a copy of it. A topic that was deleted and made again has
 * the same offsets again: its records differ by the epoch. */
struct check_record {
	const char *topic;
	int32_t partition;
	int64_t offset;
	size_t message; /* CHECK_NONE: ids that are "-" */
	size_t first;   /* event */
	int32_t stage;
};
/* One run of a member's program, from started to its end. */
struct check_process {
	const char *member;
	size_t started, killed, stop, stopped; /* events, or CHECK_NONE */
	bool before;                           /* it knows of no retired stage */
};
/* One partition in the hands of one process. */
struct check_lane {
	size_t process;
	const char *topic;
	int32_t partition;
};
/* What an event is about; CHECK_NONE where nothing. */
struct check_where {
	size_t message, record, lane, process;
	/* of the record as read; but when it came back to main, the one it waited in */
	int32_t stage;
	int32_t to;    /* of to_topic */
	bool back;     /* a copy that came back to main */
	uint32_t epoch; /* how often the topic had been deleted */
};

struct check {
	const struct history *h;
	size_t at; /* the event that is looked at: the step of a violation */
	bool truncates;    /* some log is, and lanes begin anew in mid-run */
	struct checker_result *result;
	struct check_where *where; /* one an event */
	struct check_message *messages;
	struct check_record *records;
	struct check_process *processes;
	struct check_lane *lanes;
	size_t n_messages, n_records, n_processes, n_lanes;
	size_t room_messages, room_records, room_processes, room_lanes;
	size_t *deleted, n_deleted; /* events: faults that deleted a topic */
	size_t *newest; /* process of each member */
	size_t n_members, room_members;
	struct map message_places, record_places, lane_places, member_places;
	struct history_counters sums; /* over all clean stops */
};

void check_index(struct check *c);
void check_fail(struct check *c, enum checker_rule rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The id of an event for a text, "-" when it has none. */
const char *check_id(const struct history_event *event);
/* The log that an event is about, as a key: topic, partition and epoch. */
struct map_key check_log(const struct check *c, const struct history_event *event);
/* Whether the log of that event was cut at its end there, or begun anew. */
bool check_truncates(const struct history_event *event);
/* Whether that event says that a lane was begun anew. */
bool check_begins_anew(const struct history_event *event);
/* Whether the call ended with that verdict. */
bool check_verdict(const struct history_event *event, const char *verdict);
/* Whether that event is a fault of that kind. */
bool check_fault(const struct history_event *event, const char *kind);
/* Whether that event can make calls or copies be repeated: a fault of any kind but "clock" and
 * "retention", or a revoke that counts as one. */
bool check_hits(const struct check *c, const struct history_event *event);
/* Whether the topics were read to their end, so that what they hold is known. */
bool check_drained(const struct check *c);
/* Where a failed message of that stage goes after that visit, by the chain that the process of the
 * event has; CHECK_DLT: nowhere. */
int32_t check_next_stage(const struct check *c, size_t i, int32_t stage, int32_t visit);
/* The stage, or else the topic, for a text. */
const char *check_stage(const struct history_event *event);

void check_calls(struct check *c);      /* attempts_correct, payload_intact */
void check_duplicates(struct check *c); /* bounded_duplicates */
void check_due(struct check *c);        /* due_correct */
void check_loss(struct check *c);       /* no_loss, progress; after check_duplicates() */
void check_offsets(struct check *c);    /* offsets_monotone */
void check_order(struct check *c);      /* order, owned_only */
void check_stops(struct check *c);      /* no_silent_drop, clean_stop */
void check_time(struct check *c);       /* never_early, lateness */

#endif
