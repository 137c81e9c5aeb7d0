/* SPDX-License-Identifier: Apache-2.0
 *
 * Statuses and the error object: yours, on your stack, last argument, written only on failure. */
#ifndef STAGGER_ERROR_H
#define STAGGER_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAGGER_API __attribute__((visibility("default")))
#define STAGGER_MUST_USE __attribute__((warn_unused_result))
#define STAGGER_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Sets a caller-made struct: its size, everything else "default". C++17 has no designated
 * initialisers, hence the lambda. */
#ifdef __cplusplus
#define STAGGER_INIT(type)                                                                         \
	[] {                                                                                       \
		type o{};                                                                          \
		o.size = sizeof(o);                                                                \
		return o;                                                                          \
	}()
extern "C" {
#else
#define STAGGER_INIT(type) { .size = sizeof(type) }
#endif

enum stagger_status {
	STAGGER_OK = 0,
	STAGGER_INVALID,     /* argument or configuration; the text says what and where */
	STAGGER_NO_MEMORY,   /* or no descriptor or thread is left; the text says which */
	STAGGER_STATE,       /* the call does not fit now: on() after run(), run() twice */
	STAGGER_UNREACHABLE, /* no broker answered within start_timeout */
	STAGGER_DENIED,      /* password, certificate or ACL; text says which and what to check */
	/* topics of the chain are missing or not fit, or messages are stranded in others; text has
	 * all of them and what mends it */
	STAGGER_TOPICS,
	STAGGER_STALE,       /* settle(): already settled, or the partition was taken away */
	STAGGER_CORRUPT,     /* bytes that are not an envelope */
	STAGGER_TIMEOUT,     /* drain_timeout passed with work left */
	/* run(): a handler said HALT, or dead_letter.stop; names the message */
	STAGGER_HALTED,
	STAGGER_FATAL,       /* run(): the broker refused us for good; kafka_code says why */
	STAGGER_STOPPED      /* dispatch(): the consumer has stopped cleanly; not a failure */
};

/* Frozen layout. text is always NUL-terminated and has no final newline. line and column are
 * 1-based places in a configuration file, 0 where there is none; kafka_code is Kafka's error code
 * or 0. */
struct stagger_error {
	enum stagger_status status;
	int32_t kafka_code;
	uint32_t line, column;
	char text[4080];
};

/* "STAGGER_INVALID" and the like; never NULL. Any thread. */
STAGGER_API const char *stagger_status_name(enum stagger_status status);
/* "0.1.0 librdkafka 2.0.2": this library and what it runs on. Any thread. */
STAGGER_API const char *stagger_version(void);

#ifdef __cplusplus
}
#endif
#endif
