/* SPDX-License-Identifier: Apache-2.0
 *
 * How every fallible function reports: fill *err, return the status, in one line. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stagger/error.h>

/* Writes *err (which may be NULL) and returns status. */
enum stagger_status fail(struct stagger_error *err, enum stagger_status status, const char *fmt,
			 ...) STAGGER_PRINTF(3, 4);
/* The same with a Kafka error code. */
enum stagger_status fail_code(struct stagger_error *err, enum stagger_status status,
			      int32_t kafka_code, const char *fmt, ...) STAGGER_PRINTF(4, 5);
/* STAGGER_NO_MEMORY with its text. */
enum stagger_status fail_memory(struct stagger_error *err);
/* STAGGER_NO_MEMORY: the system has no descriptor or thread left for what. code: the errno. */
enum stagger_status fail_system(struct stagger_error *err, int code, const char *what);

#endif
