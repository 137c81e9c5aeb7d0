/* SPDX-License-Identifier: Apache-2.0
 *
 * Status names and fail(). The error is built in a local and assigned at the end, because its
 * arguments may point into the very error they replace (a caller that adds context). */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STATUSES(X)                                                                                \
	X(STAGGER_OK)                                                                              \
	X(STAGGER_INVALID)                                                                         \
	X(STAGGER_NO_MEMORY)                                                                       \
	X(STAGGER_STATE)                                                                           \
	X(STAGGER_UNREACHABLE)                                                                     \
	X(STAGGER_DENIED)                                                                          \
	X(STAGGER_TOPICS)                                                                          \
	X(STAGGER_STALE)                                                                           \
	X(STAGGER_CORRUPT)                                                                         \
	X(STAGGER_TIMEOUT)                                                                         \
	X(STAGGER_HALTED)                                                                          \
	X(STAGGER_FATAL)                                                                           \
	X(STAGGER_STOPPED)

const char *stagger_status_name(enum stagger_status status)
{
	switch (status) {
#define NAME(status)                                                                               \
	case status:                                                                               \
		return #status;
		STATUSES(NAME)
#undef NAME
	}
	return "STAGGER_UNKNOWN";
}

static void fill(struct stagger_error *err, enum stagger_status status, int32_t kafka_code,
		 const char *fmt, va_list args)
	STAGGER_PRINTF(4, 0);

static void fill(struct stagger_error *err, enum stagger_status status, int32_t kafka_code,
		 const char *fmt, va_list args)
{
	if (err == NULL)
		return;
	struct stagger_error made = {.status = status, .kafka_code = kafka_code};
	if (vsnprintf(made.text, sizeof(made.text), fmt, args) < 0)
		made.text[0] = '\0';
	size_t n = strlen(made.text);
	while (n > 0 && made.text[n - 1] == '\n') // texts of other libraries may end so
		made.text[--n] = '\0';
	*err = made;
}

enum stagger_status fail(struct stagger_error *err, enum stagger_status status, const char *fmt,
			 ...)
{
	va_list args;
	va_start(args, fmt);
	fill(err, status, 0, fmt, args);
	va_end(args);
	return status;
}

enum stagger_status fail_code(struct stagger_error *err, enum stagger_status status,
			      int32_t kafka_code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fill(err, status, kafka_code, fmt, args);
	va_end(args);
	return status;
}

enum stagger_status fail_memory(struct stagger_error *err)
{
	return fail(err, STAGGER_NO_MEMORY, "out of memory");
}

enum stagger_status fail_system(struct stagger_error *err, int code, const char *what)
{
	const char *advice = "";
	if (code == EMFILE)
		advice = "; raise this process's limit of open files (ulimit -n, LimitNOFILE=)";
	else if (code == ENFILE)
		advice = "; the system's limit of open files is reached (fs.file-max)";
	else if (code == EAGAIN)
		advice = "; raise the limit of threads (ulimit -u, TasksMax=) or use fewer workers";
	return fail(err, STAGGER_NO_MEMORY, "%s: %s%s", what, strerror(code), advice);
}
