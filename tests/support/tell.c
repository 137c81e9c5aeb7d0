/* SPDX-License-Identifier: Apache-2.0
 *
 * What the library says as lines of a history, for real members and simulated ones alike. */
#include "tell.h"

struct history_event tell_about(enum history_kind kind, const struct stagger_message *m,
				const struct script *script)
{
	struct history_event line = {HISTORY_EVENT(kind)};

	line.id = script->id;
	line.topic = m->read_topic;
	line.partition = m->read_partition;
	line.offset = m->read_offset;
	line.original_topic = m->topic;
	line.original_partition = m->partition;
	line.original_offset = m->offset;
	line.stage = m->stage;
	line.attempt = m->attempt;
	line.visit = m->visit;
	line.due_ms = m->due_ms;
	line.first_seen_ms = m->first_seen_ms;
	line.first_seen_boot_ms = m->first_seen_boot_ms;
	line.value_hash = script_bytes_hash(m->value);
	line.key_hash = script_bytes_hash(m->key);
	line.headers_hash = script_headers_hash(m->headers, m->n_headers);
	return line;
}

static enum history_kind kind_of(enum stagger_event_kind kind)
{
	switch (kind) {
	case STAGGER_ASSIGNED:
		return HISTORY_ASSIGNED;
	case STAGGER_REVOKED:
	case STAGGER_LOST:
		return HISTORY_REVOKED;
	case STAGGER_HOPPED:
		return HISTORY_HOPPED;
	case STAGGER_DEAD_LETTERED:
		return HISTORY_DEAD_LETTERED;
	case STAGGER_COMMITTED:
		return HISTORY_COMMITTED;
	case STAGGER_PAUSED:
		return HISTORY_PAUSED;
	case STAGGER_RESUMED:
		return HISTORY_RESUMED;
	case STAGGER_REPARKED:
		return HISTORY_REPARKED;
	case STAGGER_RESET:
		return HISTORY_RESET;
	case STAGGER_REVOKING:
	case STAGGER_STUCK:
	case STAGGER_STALLED:
	case STAGGER_RECOVERED:
	case STAGGER_LATE:
		break;
	}
	return HISTORY_NONE;
}

bool tell_event(const struct stagger_event *event, struct script *script,
		struct history_event *line)
{
	enum history_kind kind = kind_of(event->kind);

	if (kind == HISTORY_NONE)
		return false;
	*line = (struct history_event){HISTORY_EVENT(kind)};
	if (event->message != NULL) {
		*script = script_read(event->message->value);
		*line = tell_about(kind, event->message, script);
	}
	line->topic = event->topic;
	line->partition = event->partition;
	if (kind == HISTORY_COMMITTED)
		line->next_offset = event->offset;
	else if (event->message != NULL || kind == HISTORY_RESET) /* of a lane: no record's offset */
		line->offset = event->offset;
	line->to_topic = event->to_topic;
	line->error_class = event->error_class;
	line->reason = event->reason;
	line->failed_ms = event->failed_ms;
	line->retry_after_ms = event->retry_after_ms;
	line->lost = event->kind == STAGGER_LOST;
	if (event->due_ms > 0)
		line->due_ms = event->due_ms;
	return true;
}

const char *tell_verdict(enum stagger_verdict verdict)
{
	switch (verdict) {
	case STAGGER_DONE:
		return "done";
	case STAGGER_RETRY:
		return "retry";
	case STAGGER_DEAD_LETTER:
		return "dead_letter";
	case STAGGER_DEFER:
		return "deferred";
	case STAGGER_HALT:
		break;
	}
	return "halt";
}

void tell_envelope(struct history_event *line, const struct stagger_envelope *e)
{
	line->due_ms = e->due_ms;
	line->visit = e->visit;
	line->attempt = e->attempts;
	line->reason = e->disposition;
	line->group = e->group;
	line->stage = e->stage;
	line->error_class = e->last.error_class;
	line->failed_ms = e->last_failed_ms;
	line->original_topic = e->original_topic;
	line->original_partition = e->original_partition;
	line->original_offset = e->original_offset;
	line->value_hash = script_bytes_hash(e->value);
	line->key_hash = script_bytes_hash(e->key);
	line->headers_hash = script_headers_hash(e->headers, e->n_headers);
}

void tell_counters(struct history_counters *counters, const struct stagger_stats *stats)
{
#define X(name) counters->name = stats->name;
	HISTORY_COUNTERS(X)
#undef X
}
