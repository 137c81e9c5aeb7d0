/* SPDX-License-Identifier: Apache-2.0
 *
 * What the library says as lines of a history: of a message, of an event. */
#ifndef SUPPORT_TELL_H
#define SUPPORT_TELL_H

#include <stagger/stagger.h>

#include "history.h"
#include "script.h"

/* The texts of *m and *script are borrowed. */
struct history_event tell_about(enum history_kind kind, const struct stagger_message *m,
				const struct script *script);
/* False for kinds that no history has. *script is set when the event has a message. */
bool tell_event(const struct stagger_event *event, struct script *script,
		struct history_event *line);
const char *tell_verdict(enum stagger_verdict verdict);
/* The fields of a record in a stage or a DLT. */
void tell_envelope(struct history_event *line, const struct stagger_envelope *e);
void tell_counters(struct history_counters *counters, const struct stagger_stats *stats);

#endif
