/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the kafka room. A struct kafka belongs to the loop thread; the exceptions are named:
 * the asker (one thread for every question that blocks) shares what is under asker.lock, and
 * librdkafka's threads ring bells and write logs. */
#ifndef KAFKA_INTERNAL_H
#define KAFKA_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <librdkafka/rdkafka.h>

#include "kafka/admin.h"
#include "kafka/gates.h"
#include "kafka/kafka.h"

struct kafka;

/* -- logs.c: librdkafka's lines and our secrets. Any thread. ----------------------------- */
struct logs;
struct logs *logs_new(struct log *log); /* NULL without memory */
void logs_free(struct logs **logs);
/* A value that no line shall show. False without memory. Before the first client is made. */
STAGGER_MUST_USE bool logs_secret(struct logs *logs, const char *value);
/* Overwrites every secret in text. */
void logs_clean(const struct logs *logs, char *text);
void logs_conf(struct logs *logs, rd_kafka_conf_t *conf);
/* The log may be gone: nothing more is written. */
void logs_mute(struct logs *logs);

/* -- bell.c: a librdkafka queue that tells when it is no longer empty -------------------- */
struct bell {
	rd_kafka_queue_t *queue; /* owned */
	struct wake *wake;
	atomic_bool rung;        /* by librdkafka's threads */
};
void bell_open(struct bell *bell, rd_kafka_queue_t *take_queue, struct wake *wake);
/* Polls the queue if it has rung; NULL: empty. The event is the caller's. */
rd_kafka_event_t *bell_poll(struct bell *bell);
/* After it nobody rings any more, also while the queue lives on. */
void bell_mute(struct bell *bell);
void bell_close(struct bell *bell);

/* -- errors.c: what librdkafka's codes mean ---------------------------------------------- */
enum trouble_kind { /* why there is no contact; a later one outweighs an earlier one */
	TROUBLE_NONE,
	TROUBLE_NETWORK,  /* never fatal */
	TROUBLE_PROTOCOL, /* looks like the wrong security.protocol; believed when it lasts */
	TROUBLE_TLS,
	TROUBLE_PASSWORD,
	TROUBLE_GROUP,    /* not authorized for the group */
};
enum port_fault error_of_produce(rd_kafka_resp_err_t code);
enum port_fault error_of_commit(rd_kafka_resp_err_t code);
bool error_is_missing_topic(rd_kafka_resp_err_t code);
bool error_is_reset(rd_kafka_resp_err_t code);
enum trouble_kind error_trouble(rd_kafka_resp_err_t code, const char *text);
/* What to check, for people. */
const char *error_advice(enum trouble_kind kind);

/* -- keys.c: properties ------------------------------------------------------------------ */
enum role { ROLE_CONSUMER = 1, ROLE_ADMIN = 2, ROLE_PRODUCER = 4 };
/* A configuration for a client of that role: our defaults, the user's properties, what we own. */
STAGGER_MUST_USE enum stagger_status keys_conf(rd_kafka_conf_t **out, const struct kafka_options *o,
					       enum role role, const char *servers,
					       struct stagger_error *err);
/* The last value given for that property (for the role, else for all), or NULL. */
const char *keys_given(const struct kafka_options *o, enum role role, const char *name);
/* bootstrap.servers; INVALID when it is not set, or what is only for the embedded broker is. */
STAGGER_MUST_USE enum stagger_status keys_servers(const struct kafka_options *o,
						  const char **servers,
						  struct stagger_error *err);
/* nearest.c: the property that may be meant, malloc'd, or NULL. */
char *nearest_property(const char *name);
#define EMBEDDED_SERVERS "embedded" /* value of bootstrap.servers */
#define EMBEDDED_PARTITIONS 4

/* -- contact.c: why there is no contact, for people -------------------------------------- */
struct trouble {
	enum trouble_kind kind;
	rd_kafka_resp_err_t code;
	int64_t protocol_us; /* boot clock: since when it looks like PROTOCOL; 0: not */
	char text[512];
};
/* What a client reported while nobody answered: the weightiest is kept. */
void contact_note(struct trouble *trouble, const struct logs *logs, rd_kafka_resp_err_t code,
		  const char *text);
/* True: there is no sense in trying on, *err is DENIED and says why. last: it will not be tried
 * again, so that what a broker on its way up may look like is believed, too. */
bool contact_refused(const rd_kafka_t *rk, const struct trouble *trouble, bool last,
		     struct stagger_error *err);
/* UNREACHABLE: nobody answered for so long. */
enum stagger_status contact_silent(const rd_kafka_t *rk, const struct trouble *trouble,
				   int64_t waited_ms, struct stagger_error *err);
/* DENIED: that topic may not even be described. */
enum stagger_status contact_denied(const char *topic, rd_kafka_resp_err_t code,
				   struct stagger_error *err);

/* -- asker.c: the thread that blocks so that the loop does not --------------------------- */
enum ask_kind {
	ASK_START,  /* first contact */
	ASK_ASSIGN, /* commits, log starts and ends of new partitions */
	ASK_BOUNDS, /* log starts and ends */
	ASK_COUNT,  /* partitions of one topic */
	ASK_LEAVE,  /* has the static member left? */
	ASK_REFILL, /* wakes a thread of librdkafka; no answer */
	ASK_RETIRE, /* destroy a dead producer; no answer */
};
struct ask {
	struct ask *next;
	enum ask_kind kind;
	uint32_t round;                /* of the assignment it was asked for */
	int64_t again_us, since_us;    /* boot clock: next attempt; first attempt */
	int64_t told_us;               /* when it was last said that it takes long */
	/* ASSIGN, BOUNDS: names; then commits. REFILL: one name */
	rd_kafka_topic_partition_list_t *offsets;
	bool committed;                /* ASSIGN: offsets hold the commits */
	struct port_partition *list;   /* the answer; texts are those of offsets */
	size_t n;
	int32_t target, count;         /* COUNT */
	char *topic;                   /* COUNT */
	rd_kafka_t *producer;          /* START: the sink's, new; RETIRE: the dead one */
	rd_kafka_topic_t **warm;       /* START: keep the topics' metadata in the new producer */
	size_t n_warm;
	bool contact;                  /* START: since_us is when metadata came first */
	int64_t made_us;               /* START: when missing topics were made; 0: not */
	struct stagger_error error;    /* START: status OK, or why not */
};
struct asker {
	pthread_t thread;
	pthread_mutex_t lock; /* for all below, and k->trouble */
	pthread_cond_t news;
	struct ask *asked, *answered;
	uint32_t round;       /* questions of an older one are dropped */
	bool quit, begun;
};
STAGGER_MUST_USE enum stagger_status asker_begin(struct kafka *k, struct stagger_error *err);
struct ask *asker_ask(enum ask_kind kind); /* NULL without memory */
void asker_put(struct kafka *k, struct ask *take_ask);
struct ask *asker_answer(struct kafka *k); /* the caller's, or NULL */
/* Forgets the questions about the assignment; their answers will not come. */
void asker_cancel(struct kafka *k);
bool asker_quits(struct kafka *k);
void asker_quit(struct kafka *k); /* tells it; does not wait */
void asker_end(struct kafka *k);  /* waits for it */
void ask_free(struct ask *ask);
/* The attempts, on the asker's thread, each bounded; false: again later. */
bool start_try(struct kafka *k, struct ask *ask);
bool positions_try(struct kafka *k, struct ask *ask);
bool counts_try(struct kafka *k, struct ask *ask);

/* -- admin.c: what the start asks of it, piece by piece ---------------------------------- */
/* Whether metadata name a controller that is there. The embedded broker names one that is not, and
 * admin requests would wait for it until their time is over. */
bool admin_controller(rd_kafka_t *rk, const struct rd_kafka_metadata *found);
/* Fills in those that the list of all topics has. */
void admin_take(const struct rd_kafka_metadata *all, struct admin_topic *list, size_t n);
/* Asks for one by name: the list of all hides those that may not be seen. */
rd_kafka_resp_err_t admin_ask_one(const struct tool *tool, struct admin_topic *topic,
				  int timeout_ms);
/* The settings of those that are there and may be read. */
STAGGER_MUST_USE enum stagger_status admin_settings(const struct tool *tool,
						    struct admin_topic *list, size_t n,
						    struct stagger_error *err);

/* UNREACHABLE: what could not be asked for. */
enum stagger_status admin_unreachable(rd_kafka_resp_err_t code, const char *what,
				      struct stagger_error *err);
/* admin_stranded() among these; the names in *out are the metadata's. */
STAGGER_MUST_USE enum stagger_status stranded_find(struct tool *tool,
						   const struct rd_kafka_metadata *all,
						   const struct admin_naming *naming,
						   struct admin_lag **out, size_t *n,
						   struct stagger_error *err);

/* -- topics.c: the chain's topics at first contact, on the asker's thread ----- */
enum topics_answer {
	TOPICS_FINE,
	TOPICS_AGAIN,  /* not yet: a topic made a moment ago is not known everywhere */
	TOPICS_SILENT, /* nobody answers any more */
	TOPICS_BAD,    /* the ask's error says why */
};
enum topics_answer topics_look(struct kafka *k, struct ask *ask,
			       const struct rd_kafka_metadata *all);
STAGGER_MUST_USE enum stagger_status topics_copy(struct kafka *k, const struct kafka_options *o,
						 struct stagger_error *err);
void topics_free(struct kafka *k);
const struct wish_topic *topics_find(const struct kafka *k, const char *name); /* or NULL */

/* -- fetch.c, hold.c: partitions that are read ------------------------------------------- */
struct part {
	struct kafka *k;
	char *topic;
	int32_t partition;
	void *lane;
	rd_kafka_queue_t *queue;
	bool held;   /* paused in librdkafka */
	bool stuck;  /* its position is lost: no record until it is assigned anew */
	bool reset;  /* the event about that is due */
	bool listed; /* under fetch.lock, as next */
	struct part *next;
	bool full, hungry; /* refill.c: its queue was full; and has room since */
	double mean_bytes; /* of what was taken of late */
};
struct fetch {
	struct part **parts;
	size_t n, n_resets;
	pthread_mutex_t lock;      /* librdkafka's threads put parts on the list of ready ones */
	struct part *first, *last;
	bool asleep_when_full;     /* refill.c */
	size_t queued_messages, queued_bytes; /* of a full queue: either */
	size_t n_hungry;
	atomic_bool refilling;     /* a question is out */
};
enum stagger_status fetch_assign(struct kafka *k, struct port_start *list, size_t n,
				 struct stagger_error *err);
void fetch_unassign(struct kafka *k); /* without telling the group */
void fetch_clear(struct kafka *k);    /* the same without a call that waits for librdkafka */
void fetch_mute(struct kafka *k);
size_t fetch_ready(struct kafka *k, void **lanes, size_t max);
size_t fetch_take(struct kafka *k, struct part *part, struct port_record *out, size_t max);
bool fetch_event(struct kafka *k, struct port_event *out);
void fetch_ask_bounds(struct kafka *k, void *const *handles, size_t n);
bool fetch_bounds(struct kafka *k, struct ask *answer, struct port_event *out);
void fetch_fault(struct part *part, const rd_kafka_message_t *m); /* m->err is set */
void fetch_stuck(struct part *part);
/* headers.c: whether m certainly has none, from the bytes that stand before the message that was
 * read after it (or NULL); false: they have to be looked at. */
bool headers_none(const rd_kafka_message_t *m, const rd_kafka_message_t *next);
/* The headers of m into r, if it has any. False without memory. */
STAGGER_MUST_USE bool headers_take(const rd_kafka_message_t *m, struct port_record *r);
void hold_parts(struct kafka *k, struct part *const *parts, size_t n, bool pause);
int64_t hold_lead_ms(const struct kafka *k);

/* -- refill.c: queues that were full and have room again ---------------------------------- */
void refill_limits(struct fetch *f, const rd_kafka_t *consumer);
/* After each take of n records, none too. */
void refill_look(struct part *part, const struct port_record *taken, size_t n);
void refill_ask(struct kafka *k); /* for the first that is hungry, each turn */
void refill_try(struct kafka *k, const struct ask *ask); /* on the asker's thread */
void refill_done(struct kafka *k);                       /* there, too */

/* -- group.c: membership ----------------------------------------------------------------- */
enum group_state { GROUP_OUT, GROUP_IN, GROUP_PARTING, GROUP_CLOSING, GROUP_LEFT };
struct group {
	enum group_state state;
	bool out;           /* CLOSING has nothing to wait for */
	bool assigned_once;
};
STAGGER_MUST_USE enum stagger_status group_join(struct kafka *k, struct stagger_error *err);
bool group_event(struct kafka *k, struct port_event *out);
void group_unassign(struct kafka *k);
void group_leave(struct kafka *k, bool remove);
void group_close(struct kafka *k); /* leaves for good; GROUP_CLOSING */

/* -- commit.c ---------------------------------------------------------------------------- */
struct commit {
	struct commit *next;
	uint32_t round; /* of commits.round; an older one is not reported */
	rd_kafka_topic_partition_list_t *list;
	struct port_partition *results;
	size_t n;
	bool answered;
};
struct commits {
	struct bell bell;
	struct commit *first; /* asked and not reported */
	uint32_t round;
};
void commit_put(struct kafka *k, const struct port_commit *list, size_t n);
bool commit_event(struct kafka *k, struct port_event *out);
void commit_forget(struct kafka *k); /* answers of what was asked are dropped */
void commit_clear(struct kafka *k);
void commit_free(struct commit *commit);

/* -- sink.c ------------------------------------------------------------------------------ */
struct target {
	char *name;
	rd_kafka_topic_t *handle; /* of the present producer; NULL until first used */
	int32_t count;            /* -1: unknown */
	bool asking;
};
struct sink {
	rd_kafka_t *producer; /* NULL until first contact */
	struct bell bell;
	rd_kafka_event_t *reports; /* a batch of delivery reports, being handed over */
	struct target *targets;
	size_t n, room;
	bool dead;
};
struct port_sink sink_port(struct kafka *k);
void sink_adopt(struct kafka *k, rd_kafka_t *take_producer); /* after the counts are known */
void sink_count(struct kafka *k, int32_t target, int32_t count);
void sink_clear(struct kafka *k);

/* -- client.c ---------------------------------------------------------------------------- */
struct kafka {
	struct log *log;
	struct wake *wake;
	struct logs *logs;
	struct embedded *embedded;
	rd_kafka_conf_t *producer_conf; /* the asker's until first contact */
	rd_kafka_t *consumer;
	rd_kafka_t *admin;              /* for questions; lives as long as k, used by the asker */
	struct bell consumer_bell, admin_bell;
	char *group;
	struct wish_rule *rules;        /* their texts are ours */
	struct admin_topic *topics;     /* in the same order; the asker's until first contact, */
	size_t n_topics;                /* then constant */
	struct topic_pattern *patterns;
	size_t n_patterns;
	char *file;
	bool create_topics, allow_stranded;
	int64_t start_timeout_ms, fetch_wait_ms;
	bool sizes_given, batch_given;  /* message.max.bytes and batch.size are the user's */
	struct trouble trouble;         /* under asker.lock */
	bool contact;                   /* READY was told */
	bool controller;                /* as in struct tool; the asker's */
	int64_t network_told_us;        /* boot clock */
	struct asker asker;
	struct group member;
	struct fetch fetch;
	struct commits commits;
	struct sink sink;
	struct stagger_error failure;
	bool failing, failed;           /* PORT_FAILED is due; was told */
	struct port_partition *told;    /* what the last event lent, freed by the next */
	struct ask *told_ask;
	struct commit *told_commit;
};
/* A client of librdkafka; takes the conf in any case. */
STAGGER_MUST_USE enum stagger_status client_make(struct logs *logs, rd_kafka_t **out,
						 enum role role, rd_kafka_conf_t *take_conf,
						 struct stagger_error *err);
/* A sink's producer, with the sizes that the topics allow. */
STAGGER_MUST_USE enum stagger_status client_producer(struct kafka *k, rd_kafka_t **out,
						     struct stagger_error *err);
/* The text of a property of a client; "" when it is not set. Returns text. */
const char *client_setting(const rd_kafka_t *rk, const char *name, char *text, size_t size);
/* An error that a client reports by event: noted, logged, or the end. */
void client_error(struct kafka *k, const rd_kafka_t *rk, rd_kafka_event_t *event);
void client_note(struct kafka *k, rd_kafka_resp_err_t code, const char *text); /* before contact */
void client_fail(struct kafka *k, const struct stagger_error *why);            /* PORT_FAILED */
void client_destroy(struct kafka *k); /* all that librdkafka has a part in; may hang */
void client_free(struct kafka *k);    /* the rest */
/* Gives the values of secret properties to logs. */
STAGGER_MUST_USE enum stagger_status client_secrets(struct logs *logs,
						    const struct kafka_options *o,
						    struct stagger_error *err);

/* -- farewell.c: the end of a client, bounded -------------------------------------------- */
struct farewell_of {
	void (*destroy)(void *what); /* all that librdkafka has a part in; may hang */
	void (*release)(void *what); /* the rest, after it */
	void *what;
	struct log *log;
	struct logs *logs;           /* muted when what hangs is left behind */
};
void farewell_say(const struct farewell_of *of);

/* -- tool.c: what the room's other files need of it -------------------------------------- */
struct tool {
	rd_kafka_t *rk; /* a consumer; with a group.id only where group_rk is the same */
	/* Whom to ask for commits; NULL: nobody. It has a group.id, or an OffsetFetch that finds no
	 * coordinator crashes librdkafka: it looks up another in the group that is not there. */
	rd_kafka_t *group_rk;
	struct log *log;
	struct logs *logs;
	struct trouble trouble;
	bool controller; /* admin requests have somebody to go to */
	char servers[256];
};
/* Looks at what librdkafka reported since: OK, or DENIED. For loops that read. */
STAGGER_MUST_USE enum stagger_status tool_check(struct tool *tool, struct stagger_error *err);

/* -- extent.c: how far a topic reaches now ------------------------------------------------ */
struct extent { /* both in the order of the partitions' numbers */
	rd_kafka_topic_partition_list_t *starts, *ends;
};
/* since_ms: starts at what was appended then or later, or READER_FROM_START. Clear *out with
 * extent_clear(). */
STAGGER_MUST_USE enum stagger_status extent_ask(struct extent *out, const struct tool *tool,
						const char *topic, int64_t since_ms,
						struct stagger_error *err);
void extent_clear(struct extent *extent);
/* TOPICS, DENIED or UNREACHABLE: what that code says of a topic. */
enum stagger_status extent_fail(const struct tool *tool, const char *topic,
				rd_kafka_resp_err_t code, struct stagger_error *err);

#endif
