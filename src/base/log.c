/* SPDX-License-Identifier: Apache-2.0
 *
 * Log lines. One lock orders the lines, the buffers and the table of sites; no line allocates, so
 * that "out of memory" can be logged. Quoting is JSON's in both formats: logfmt readers take it. */
#define _GNU_SOURCE
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#define LOG_MAX_LINE 2048 /* bytes of a line, NUL included */
#define LOG_TAIL 64       /* of them kept for what follows the message */
#define LOG_MAX_SITES 128 /* a site beyond takes the place (and the count) of the oldest */
#define DEFAULT_RATE 10
#define ELLIPSIS "..."

struct site {
	const char *fmt;
	int64_t since_us; /* when its second began, boot time */
	uint64_t suppressed;
	int32_t printed; /* in this second */
};

struct log {
	struct log_options options;
	pthread_mutex_t lock; /* for all below, and around the callback */
	struct site sites[LOG_MAX_SITES];
	char message[LOG_MAX_LINE];
	char line[LOG_MAX_LINE];
};

static const char *level_name(enum stagger_level level)
{
	switch (level) {
	case STAGGER_LOG_ERROR:
		return "error";
	case STAGGER_LOG_WARN:
		return "warn";
	case STAGGER_LOG_DEFAULT:
	case STAGGER_LOG_INFO:
		return "info";
	case STAGGER_LOG_DEBUG:
		return "debug";
	}
	return "unknown";
}

enum stagger_status log_new(struct log **out, const struct log_options *options,
			    struct stagger_error *err)
{
	if (options->rate < 0)
		return fail(err, STAGGER_INVALID, "log: rate %d is below 0", (int)options->rate);
	struct log *log = calloc(1, sizeof(*log));
	if (log == NULL)
		return fail_memory(err);
	log->options = *options;
	if (log->options.level == STAGGER_LOG_DEFAULT)
		log->options.level = STAGGER_LOG_INFO;
	if (log->options.rate == 0)
		log->options.rate = DEFAULT_RATE;

	// Error-checking: a callback that logs loses that line instead of waiting for itself.
	pthread_mutexattr_t kind;
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&log->lock, &kind);
	pthread_mutexattr_destroy(&kind);
	*out = log;
	return STAGGER_OK;
}

void log_free(struct log **log)
{
	if (*log == NULL)
		return;
	pthread_mutex_destroy(&(*log)->lock);
	free(*log);
	*log = NULL;
}

bool log_wants(const struct log *log, enum stagger_level level)
{
	return log != NULL && level <= log->options.level;
}

static struct site *site_of(struct log *log, const char *fmt, int64_t now_us)
{
	struct site *oldest = &log->sites[0];
	for (size_t i = 0; i < LOG_MAX_SITES; i++) {
		struct site *site = &log->sites[i];
		if (site->fmt == fmt)
			return site;
		if (site->since_us < oldest->since_us)
			oldest = site;
	}
	*oldest = (struct site){.fmt = fmt, .since_us = now_us};
	return oldest;
}

/* Whether the site may print now, and how many lines it left out before. */
static bool may_print(struct log *log, const char *fmt, uint64_t *suppressed)
{
	int64_t now_us = clock_boot_us();
	struct site *site = site_of(log, fmt, now_us);

	if (now_us - site->since_us >= 1000000) {
		site->since_us = now_us;
		site->printed = 0;
	}
	if (site->printed >= log->options.rate) {
		site->suppressed++;
		return false;
	}
	site->printed++;
	*suppressed = site->suppressed;
	site->suppressed = 0;
	return true;
}

static void add_head(struct log *log, size_t *used, enum stagger_level level)
{
	int64_t now_ms = clock_wall_us() / 1000;
	time_t now_s = (time_t)(now_ms / 1000);
	struct tm utc = {0};
	char at[40];
	size_t n = 0;

	gmtime_r(&now_s, &utc);
	text_add(at, sizeof(at), &n, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
		 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
		 (int)(now_ms % 1000));
	if (log->options.json)
		text_add(log->line, LOG_MAX_LINE, used,
			 "{\"at\":\"%s\",\"level\":\"%s\",\"msg\":\"", at, level_name(level));
	else
		text_add(log->line, LOG_MAX_LINE, used, "at=%s level=%s msg=\"", at,
			 level_name(level));
}

/* A message that vsnprintf() cut never gets to its broken end: escaping shortens nothing, so the
 * line is full before. */
static void add_message(struct log *log, size_t *used)
{
	struct stagger_bytes left = bytes_text(log->message);
	while (left.size > 0) {
		char escaped[JSON_ESCAPED];
		size_t n = json_escape(escaped, &left);
		if (*used + n > LOG_MAX_LINE - LOG_TAIL) {
			text_add(log->line, LOG_MAX_LINE, used, ELLIPSIS);
			return;
		}
		memcpy(log->line + *used, escaped, n);
		*used += n;
	}
}

static void add_tail(struct log *log, size_t *used, uint64_t suppressed)
{
	text_add(log->line, LOG_MAX_LINE, used, "\"");
	if (suppressed > 0 && log->options.json)
		text_add(log->line, LOG_MAX_LINE, used, ",\"suppressed\":%" PRIu64, suppressed);
	else if (suppressed > 0)
		text_add(log->line, LOG_MAX_LINE, used, " suppressed=%" PRIu64, suppressed);
	if (log->options.json)
		text_add(log->line, LOG_MAX_LINE, used, "}");
}

/* One write a line, but for a signal or a pipe that is nearly full. What fails is left out: nobody
 * is left to tell. */
static void put_stderr(const char *line, size_t size)
{
	while (size > 0) {
		ssize_t n = write(STDERR_FILENO, line, size);
		if (n < 0 && errno != EINTR)
			return;
		line += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
}

static void put_line(struct log *log, enum stagger_level level, size_t used)
{
	if (log->options.write != NULL) {
		log->options.write(level, log->line, log->options.user);
		return;
	}
	log->line[used] = '\n'; // in place of the NUL
	put_stderr(log->line, used + 1);
}

void log_write(struct log *log, enum stagger_level level, const char *fmt, ...)
{
	if (!log_wants(log, level))
		return;
	int saved_errno = errno;
	if (pthread_mutex_lock(&log->lock) != 0)
		return;
	uint64_t suppressed;
	if (may_print(log, fmt, &suppressed)) {
		size_t used = 0;
		va_list args;
		va_start(args, fmt);
		if (vsnprintf(log->message, LOG_MAX_LINE, fmt, args) < 0)
			log->message[0] = '\0';
		va_end(args);
		add_head(log, &used, level);
		add_message(log, &used);
		add_tail(log, &used, suppressed);
		put_line(log, level, used);
	}
	pthread_mutex_unlock(&log->lock);
	errno = saved_errno;
}
