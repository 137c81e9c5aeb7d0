/* SPDX-License-Identifier: Apache-2.0
 *
 * Log events, one line each, logfmt or JSON, to a callback or stderr. Any thread; lines never
 * interleave. A site (one fmt) prints at most `rate` lines a second; the next line of that site
 * says how many were left out. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stagger/consumer.h>

struct log;

struct log_options {
	enum stagger_level level; /* DEFAULT = INFO */
	bool json;
	int32_t rate;             /* lines per second and site; 0 = 10 */
	void (*write)(enum stagger_level level, const char *line, void *user); /* NULL = stderr */
	void *user;
};

STAGGER_MUST_USE enum stagger_status log_new(struct log **out, const struct log_options *options,
					     struct stagger_error *err);
void log_free(struct log **log);
/* fmt is the site: pass a string literal. log NULL writes nothing. Use the macros. */
void log_write(struct log *log, enum stagger_level level, const char *fmt, ...)
	STAGGER_PRINTF(3, 4);
bool log_wants(const struct log *log, enum stagger_level level);

#define log_error(log, ...) log_write((log), STAGGER_LOG_ERROR, __VA_ARGS__)
#define log_warn(log, ...)  log_write((log), STAGGER_LOG_WARN, __VA_ARGS__)
#define log_info(log, ...)  log_write((log), STAGGER_LOG_INFO, __VA_ARGS__)
#define log_debug(log, ...)                                                                        \
	do {                                                                                       \
		if (log_wants((log), STAGGER_LOG_DEBUG))                                           \
			log_write((log), STAGGER_LOG_DEBUG, __VA_ARGS__);                          \
	} while (0)

#endif
