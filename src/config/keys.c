/* SPDX-License-Identifier: Apache-2.0
 *
 * The table. A new key is a row here, a field in a public struct and a case in tests/data/config;
 * a test fails while one of them is missing. docs/generate.py writes the documents from it. */
#include "config/keys.h"

#include <stagger/consumer.h>

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define S INT64_C(1000)
#define M (60 * S)
#define H (60 * M)
#define D (24 * H)

#define TOP(field)                                                                                 \
	.option = #field, .at = offsetof(struct stagger_consumer_options, field),                  \
	.width = sizeof(((struct stagger_consumer_options *)NULL)->field)
#define CHAIN(field)                                                                               \
	.option = #field, .at = offsetof(struct stagger_chain_options, field),                     \
	.width = sizeof(((struct stagger_chain_options *)NULL)->field)
#define STAGE(field)                                                                               \
	.option = #field, .at = offsetof(struct stagger_stage_options, field),                     \
	.width = sizeof(((struct stagger_stage_options *)NULL)->field)

static const struct key_word assignors[] = {
	{ "range", 0, NULL },
	{ "cooperative", 0,
	  "it is not in this version (it would give up that a message's retries stay with its "
	  "member), use range" },
	{ 0 },
};
static const struct key_word levels[] = {
	{ "error", STAGGER_LOG_ERROR, NULL },
	{ "warn", STAGGER_LOG_WARN, NULL },
	{ "info", STAGGER_LOG_INFO, NULL },
	{ "debug", STAGGER_LOG_DEBUG, NULL },
	{ 0 },
};
static const struct key_word formats[] = { { "logfmt", 0, NULL }, { "json", 1, NULL }, { 0 } };
static const struct key_word starts[] = { { "earliest", 0, NULL }, { "latest", 1, NULL }, { 0 } };
static const struct key_word orders[] = {
	{ "partition", STAGGER_ORDER_PARTITION, NULL },
	{ "key", STAGGER_ORDER_KEY, NULL },
	{ "none", STAGGER_ORDER_NONE, NULL },
	{ 0 },
};
static const struct key_word no_threads[] = { { "inline", STAGGER_INLINE, NULL }, { 0 } };
static const struct key_word modes[] = { { "handle", 0, NULL }, { "republish", 1, NULL }, { 0 } };
static const struct key_word backoffs[] = {
	{ "immediate", STAGGER_BACKOFF_IMMEDIATE, NULL },
	{ "fixed", STAGGER_BACKOFF_FIXED, NULL },
	{ "exponential", STAGGER_BACKOFF_EXPONENTIAL, NULL },
	{ 0 },
};
static const struct key_word families[] = {
	{ "kafka", STAGGER_HEADERS_KAFKA, NULL },
	{ "connect", STAGGER_HEADERS_CONNECT, NULL },
	{ "spring", STAGGER_HEADERS_SPRING, NULL },
	{ "none", STAGGER_HEADERS_NONE, NULL },
	{ 0 },
};
static const struct key_word no_topic[] = {
	{ "off", 0, "'dead_letter: {stop: true}' says it: messages are never dropped" },
	{ 0 },
};

const struct config_key config_keys[] = {
	/* -- the file ---------------------------------------------------------------------- */
	{ KEY_TOP, "kafka", KEY_MAP, .max = 1000, .required = true,
	  .note = "`bootstrap.servers` is required",
	  .meaning = "Properties of librdkafka, for every client stagger makes. "
		     "`bootstrap.servers: embedded` starts an embedded broker in this process" },
	{ KEY_TOP, "kafka.consumer", KEY_MAP, .max = 1000, .otherwise = "{}",
	  .meaning = "Properties for the consumer only; they win over those of `kafka`" },
	{ KEY_TOP, "kafka.producer", KEY_MAP, .max = 1000, .otherwise = "{}",
	  .meaning = "Properties for the producer only; they win over those of `kafka`" },
	{ KEY_TOP, "kafka.embedded.partitions", KEY_INTEGER, .min = 1, .max = 128, .otherwise = "4",
	  .meaning = "Partitions of a topic of the embedded broker; refused with any other" },
	{ KEY_TOP, "kafka.embedded.port", KEY_INTEGER, .min = 0, .max = 65535, .otherwise = "0",
	  .note = "0 is a free one",
	  .meaning = "Port of the embedded broker; refused with any other" },
	{ KEY_TOP, "group", KEY_TEXT, TOP(group), .min = 1, .max = 255, .required = true,
	  .meaning = "The consumer group (`group.id`) of all chains of the file" },
	{ KEY_TOP, "instance", KEY_TEXT, TOP(instance), .min = 1, .max = 249,
	  .note = "none: a dynamic member",
	  .meaning = "`group.instance.id`: a restart within the session disturbs nobody. `{host}` "
		     "is this host's name" },
	{ KEY_TOP, "session_timeout", KEY_DURATION, TOP(session_timeout_ms), .min = 4 * S,
	  .max = 30 * M, .note = "45s with `instance`, else 10s",
	  .meaning = "A member that is not heard of for so long has left the group" },
	{ KEY_TOP, "assignor", KEY_WORD, .words = assignors, .otherwise = "range",
	  .meaning = "How partitions are shared among members" },
	{ KEY_TOP, "formerly", KEY_LIST, TOP(formerly), .max = 16, .otherwise = "[]",
	  .meaning = "Former names of this group: their envelopes are ours, too" },
	{ KEY_TOP, "leave", KEY_BOOL, TOP(leave), .otherwise = "false",
	  .meaning = "A static member leaves the group at a clean stop (to scale down)" },
	{ KEY_TOP, "allow_stranded", KEY_BOOL, TOP(allow_stranded), .otherwise = "false",
	  .meaning = "Start although topics of a chain's naming pattern hold unread messages that "
		     "no stage reads" },
	{ KEY_TOP, "start_timeout", KEY_DURATION, TOP(start_timeout_ms), .min = 1, .max = H,
	  .off = true, .otherwise = "off",
	  .meaning = "How long to try when no broker answers at the start; off: for ever. A wrong "
		     "password, certificate or ACL ends the start at once" },
	{ KEY_TOP, "drain_timeout", KEY_DURATION, TOP(drain_timeout_ms), .min = 1, .max = H,
	  .off = true, .otherwise = "30s",
	  .meaning = "A clean stop waits so long for handlers and hops" },
	{ KEY_TOP, "revoke_timeout", KEY_DURATION, TOP(revoke_timeout_ms), .min = 1, .max = 4 * M,
	  .off = true, .otherwise = "5s",
	  .meaning = "A rebalance waits so long for handlers and hops" },
	{ KEY_TOP, "commit_interval", KEY_DURATION, TOP(commit_interval_ms), .min = 10, .max = M,
	  .otherwise = "100ms", .meaning = "At most one commit in that time" },
	{ KEY_TOP, "max_in_flight", KEY_INTEGER, TOP(max_in_flight), .min = 1, .max = 1048576,
	  .otherwise = "4096",
	  .meaning = "Messages with handlers or being hopped, of all chains; a quarter is kept for "
		     "retry stages" },
	{ KEY_TOP, "max_in_flight_bytes", KEY_SIZE, TOP(max_in_flight_bytes), .min = MIB,
	  .max = 64 * GIB, .otherwise = "64MiB",
	  .meaning = "The same in bytes of key, value and headers" },
	{ KEY_TOP, "max_waiting", KEY_INTEGER, TOP(max_waiting), .min = 1, .max = 10000000,
	  .otherwise = "16384",
	  .meaning = "Messages of one partition of a stage that wait in memory" },
	{ KEY_TOP, "max_waiting_bytes", KEY_SIZE, TOP(max_waiting_bytes), .min = MIB,
	  .max = 64 * GIB, .otherwise = "64MiB",
	  .meaning = "Bytes of all messages of the process that wait in memory" },
	{ KEY_TOP, "max_uncommitted", KEY_INTEGER, TOP(max_uncommitted), .min = 64, .max = 16777216,
	  .otherwise = "65536",
	  .meaning = "Messages handed out whose finish is not yet committed: so many may come "
		     "again after a crash" },
	{ KEY_TOP, "max_ahead", KEY_INTEGER, TOP(max_ahead), .min = 64, .max = 1048576,
	  .otherwise = "1048576",
	  .meaning = "Messages of one partition finished beyond the first unfinished one" },
	{ KEY_TOP, "pause_after", KEY_DURATION, TOP(pause_after_ms), .min = 100, .max = H,
	  .otherwise = "30s",
	  .meaning = "A partition whose first message waits longer is paused meanwhile" },
	{ KEY_TOP, "prefetch_bytes", KEY_SIZE, TOP(prefetch_bytes), .min = MIB, .max = 64 * GIB,
	  .otherwise = "256MiB", .meaning = "What librdkafka may fetch ahead, in all" },
	{ KEY_TOP, "expected_partitions", KEY_INTEGER, TOP(expected_partitions), .min = 1,
	  .max = 1000000, .otherwise = "64",
	  .meaning = "`prefetch_bytes` is shared among so many partitions" },
	{ KEY_TOP, "create_topics", KEY_BOOL, TOP(create_topics), .otherwise = "false",
	  .meaning = "Make the missing topics at the start; never a main topic" },
	{ KEY_TOP, "log.level", KEY_WORD, TOP(log_level), .words = levels, .otherwise = "info",
	  .meaning = "What is logged, to standard error" },
	{ KEY_TOP, "log.format", KEY_WORD, TOP(log_json), .words = formats, .otherwise = "logfmt",
	  .meaning = "`logfmt` or one JSON object a line" },
	{ KEY_TOP, "log.rate", KEY_INTEGER, TOP(log_rate), .min = 1, .max = 1000000,
	  .otherwise = "10", .meaning = "Lines a second of one kind; the others are counted" },
	{ KEY_TOP, "http", KEY_MAP, .note = "not in this version",
	  .meaning = "Metrics and health over HTTP",
	  .refused = "read metrics with stagger_consumer_stats()" },
	{ KEY_TOP, "registry", KEY_MAP, .note = "not in this version",
	  .meaning = "A schema registry for envelopes",
	  .refused = "envelopes carry the fingerprint of their schema and need no registry" },
	{ KEY_TOP, "defaults", KEY_MAP, .otherwise = "{}",
	  .meaning = "Keys of a chain: what every chain of this file starts from" },
	{ KEY_TOP, "chains", KEY_MAP, .min = 1, .max = 256, .required = true,
	  .note = "names of `[a-z0-9_-]{1,64}`", .meaning = "The chains, by name" },

	/* -- a chain ----------------------------------------------------------------------- */
	{ KEY_CHAIN, "topic", KEY_TOPIC, CHAIN(topic), .note = "the chain's name",
	  .meaning = "The main topic. No two chains of a group may share one" },
	{ KEY_CHAIN, "start_at", KEY_WORD, CHAIN(start_latest), .words = starts,
	  .otherwise = "earliest",
	  .meaning = "Where the main topic is read from while the group has no commit. Retry "
		     "topics are always read from the earliest" },
	{ KEY_CHAIN, "order", KEY_WORD, CHAIN(order), .words = orders, .otherwise = "partition",
	  .meaning = "What is handled one after the other: a partition, a key, or nothing" },
	{ KEY_CHAIN, "workers", KEY_INTEGER, CHAIN(workers), .min = 1, .max = 1024,
	  .words = no_threads, .otherwise = "1",
	  .meaning = "Handlers of this chain at once, on threads of its own; `inline`: inside "
		     "`run()` or `dispatch()`" },
	{ KEY_CHAIN, "mode", KEY_WORD, CHAIN(republish), .words = modes, .otherwise = "handle",
	  .meaning = "What happens when a retry is due: the handler is called (`handle`), or the "
		     "message goes back to the main topic (`republish`)" },
	{ KEY_CHAIN, "handler_timeout", KEY_DURATION, CHAIN(handler_timeout_ms), .min = 1,
	  .max = 24 * H, .off = true, .otherwise = "5m",
	  .meaning = "A handler that takes longer is reported as stuck; it is never killed" },
	{ KEY_CHAIN, "expire", KEY_DURATION, CHAIN(expire_ms), .min = 1, .max = 3650 * D,
	  .off = true, .otherwise = "off",
	  .meaning = "A message older than this, by its original timestamp, goes to the DLT "
		     "unhandled" },
	{ KEY_CHAIN, "value_content_type", KEY_TEXT, CHAIN(value_content_type), .max = 127,
	  .note = "none", .meaning = "Written into the envelope; nothing is guessed" },
	{ KEY_CHAIN, "key_content_type", KEY_TEXT, CHAIN(key_content_type), .max = 127,
	  .note = "none", .meaning = "The same of the key" },
	{ KEY_CHAIN, "shared_topics", KEY_BOOL, CHAIN(shared_topics), .otherwise = "false",
	  .meaning = "Several groups share the stages: another group's envelope is passed over, "
		     "not a dead letter" },
	{ KEY_CHAIN, "retry.in_place.attempts", KEY_INTEGER, CHAIN(in_place_attempts), .min = 1,
	  .max = 100, .otherwise = "1",
	  .meaning = "Handler calls of one visit of a stage, the first one included" },
	{ KEY_CHAIN, "retry.in_place.delay", KEY_DURATION, CHAIN(in_place_delay_ms), .min = 0,
	  .max = 5 * M, .otherwise = "200ms", .meaning = "Before the second call; 0: at once" },
	{ KEY_CHAIN, "retry.in_place.backoff", KEY_WORD, CHAIN(in_place_backoff), .words = backoffs,
	  .otherwise = "exponential", .meaning = "How the delay grows from call to call" },
	{ KEY_CHAIN, "retry.in_place.multiplier", KEY_NUMBER, CHAIN(in_place_multiplier), .min = 1,
	  .max = 10, .otherwise = "2", .meaning = "delay x multiplier^(n-1), when exponential" },
	{ KEY_CHAIN, "retry.in_place.max_delay", KEY_DURATION, CHAIN(in_place_max_delay_ms),
	  .min = 1, .max = 5 * M, .otherwise = "5m",
	  .meaning = "Cap of the delay after the multiplier, before the jitter" },
	{ KEY_CHAIN, "retry.in_place.jitter", KEY_SHARE, CHAIN(in_place_jitter), .min = 0,
	  .max = 100, .otherwise = "0%",
	  .meaning = "Uniform, both ways; never above the capped delay" },
	{ KEY_CHAIN, "retry.in_place.on", KEY_LIST, CHAIN(in_place_on), .max = 33,
	  .otherwise = "[main]",
	  .meaning = "The stages it applies to, by name (`main`, `1m`), or `all`" },
	{ KEY_CHAIN, "retry.stages", KEY_LIST, .option = "stagger_chain_stage_with()", .max = 32,
	  .otherwise = "[1m, 5m, 30m]",
	  .meaning = "The stages in order: delays, or maps (below). `[]`: straight to the DLT" },
	{ KEY_CHAIN, "retry.topic", KEY_TOPIC, CHAIN(retry_topic),
	  .otherwise = "{topic}.{group}.retry.{delay}",
	  .meaning = "The topic of a stage that names none" },
	{ KEY_CHAIN, "retry.jitter", KEY_SHARE, CHAIN(jitter), .min = 0, .max = 50,
	  .otherwise = "0%", .meaning = "Of a stage's delay, uniform both ways" },
	{ KEY_CHAIN, "retry.jitter_max", KEY_DURATION, CHAIN(jitter_max_ms), .min = 1, .max = H,
	  .off = true, .otherwise = "30s", .meaning = "At most that much jitter" },
	{ KEY_CHAIN, "retry.longest_wait", KEY_DURATION, CHAIN(longest_wait_ms), .min = M,
	  .max = 365 * D, .note = "the longest delay with its jitter, at least 1h",
	  .meaning = "No retry is due later than this after its failure, whatever was asked for; "
		     "topics keep messages longer" },
	{ KEY_CHAIN, "retry.deadline", KEY_DURATION, CHAIN(deadline_ms), .min = 1, .max = 3650 * D,
	  .off = true, .otherwise = "off",
	  .meaning = "Since the first failure: a retry that would be due later is not scheduled, "
		     "the message goes to the DLT" },
	{ KEY_CHAIN, "retry.never", KEY_LIST, .option = "stagger_chain_never()", .max = 64,
	  .otherwise = "[]",
	  .meaning = "Errors that go to the DLT at once: `Name`, `Prefix*`, `Name/Code*`" },
	{ KEY_CHAIN, "retry.only", KEY_LIST, .option = "stagger_chain_only()", .max = 64,
	  .otherwise = "[]",
	  .meaning = "Only these errors are retried. Not together with `never`" },
	{ KEY_CHAIN, "dead_letter.topic", KEY_TOPIC, CHAIN(dead_letter_topic), .words = no_topic,
	  .otherwise = "{topic}.{group}.dlt", .meaning = "The dead-letter topic" },
	{ KEY_CHAIN, "dead_letter.stop", KEY_BOOL, CHAIN(stop_instead_of_dead_letter),
	  .otherwise = "false",
	  .meaning = "Instead of a DLT: stop the consumer at the first message that would go "
		     "there, its offset unfinished" },
	{ KEY_CHAIN, "dead_letter.routes", KEY_MAP, .option = "stagger_chain_route()", .max = 64,
	  .otherwise = "{}",
	  .meaning = "Other topics for dead letters by their error: pattern (as of `never`) -> "
		     "topic; the first match wins" },
	{ KEY_CHAIN, "dead_letter.headers", KEY_WORD, CHAIN(dead_letter_headers), .words = families,
	  .otherwise = "kafka", .meaning = "The family of headers on a dead letter" },
	{ KEY_CHAIN, "dead_letter.retention", KEY_DURATION, CHAIN(dead_letter_retention_ms),
	  .min = 1, .max = 3650 * D, .off = true, .otherwise = "off",
	  .meaning = "How long the DLT keeps messages, where stagger makes or checks it; off: for "
		     "ever" },
	{ KEY_CHAIN, "topics.replication", KEY_INTEGER, CHAIN(replication), .min = 1, .max = 7,
	  .note = "as the main topic", .meaning = "Replicas of topics that stagger makes" },
	{ KEY_CHAIN, "topics.min_insync_replicas", KEY_INTEGER, CHAIN(min_insync_replicas),
	  .min = 1, .max = 7, .note = "as the main topic",
	  .meaning = "`min.insync.replicas` of topics that stagger makes" },
	{ KEY_CHAIN, "topics.retention_margin", KEY_DURATION, CHAIN(retention_margin_ms), .min = 1,
	  .max = 365 * D, .off = true, .otherwise = "7d",
	  .meaning = "Stages keep messages for `longest_wait` and this: the outage that retries "
		     "survive" },

	/* -- a stage ----------------------------------------------------------------------- */
	{ KEY_STAGE, "retry.stages[].delay", KEY_DURATION, STAGE(delay_ms), .min = 1,
	  .max = 365 * D, .required = true, .meaning = "How long a message waits here" },
	{ KEY_STAGE, "retry.stages[].attempts", KEY_INTEGER, STAGE(attempts), .min = 1, .max = 100,
	  .otherwise = "1", .meaning = "Visits of this stage before the next one" },
	{ KEY_STAGE, "retry.stages[].name", KEY_TEXT, STAGE(name), .min = 1, .max = 64,
	  .note = "`retry.` and the delay as written",
	  .meaning = "The stage's name, as envelopes carry it: `[a-z0-9._-]`. Two stages of one "
		     "delay need different ones" },
	{ KEY_STAGE, "retry.stages[].topic", KEY_TOPIC, STAGE(topic), .note = "`retry.topic`",
	  .meaning = "Its topic" },
	{ KEY_STAGE, "retry.stages[].retired", KEY_BOOL, STAGE(retired), .otherwise = "false",
	  .meaning = "Still read, no longer written to: how a stage is taken out without leaving "
		     "messages behind" },
};
const size_t config_n_keys = sizeof(config_keys) / sizeof(config_keys[0]);

_Static_assert(sizeof(config_keys) / sizeof(config_keys[0]) <= KEYS_MAX, "KEYS_MAX is too small");
