/* SPDX-License-Identifier: Apache-2.0
 *
 * A short-lived client for tools: connects, asks, ends. It joins no group and writes nothing by
 * itself. One thread. */
#ifndef KAFKA_TOOL_H
#define KAFKA_TOOL_H

#include "kafka/kafka.h"

struct tool;
/* Borrowed during the call only, but the log. */
struct tool_options {
	const struct kafka_property *properties; /* the user's, as for a consumer */
	size_t n_properties;
	const struct kafka_property *own; /* this tool's, without a prefix; they win */
	size_t n_own;
	const char *group;  /* admin_lags() and admin_stranded() need one; NULL: not asked */
	int64_t timeout_ms; /* for the first contact; 0 = 10000 */
	struct log *log;    /* must outlive the tool; NULL: silent */
};

/* Connects and waits for the first metadata. UNREACHABLE: nobody answered; DENIED: password, TLS,
 * protocol or permission; INVALID: a property. The text says what to check, as a consumer's. */
STAGGER_MUST_USE enum stagger_status tool_new(struct tool **out, const struct tool_options *o,
					      struct stagger_error *err);
/* bootstrap.servers, cut to what people read. */
const char *tool_servers(const struct tool *tool);
/* Bounded: what hangs in librdkafka for 5 s is left behind. */
void tool_free(struct tool **tool);

#endif
