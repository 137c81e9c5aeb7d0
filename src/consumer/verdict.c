/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines with which a handler fails or defers: the public face of core/failure.h and of the
 * engine's tickets. */
#include <stagger/verdict.h>

#include "core/failure.h"
#include "core/port.h"

enum stagger_verdict stagger_retry(struct stagger_failure *why, const char *error_class,
				   const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	failure_set(why, 0, error_class, fmt, args);
	va_end(args);
	return STAGGER_RETRY;
}

enum stagger_verdict stagger_retry_after(struct stagger_failure *why, int64_t delay_ms,
					 const char *error_class, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	failure_set(why, delay_ms > 0 ? delay_ms : 0, error_class, fmt, args);
	va_end(args);
	return STAGGER_RETRY;
}

enum stagger_verdict stagger_dead_letter(struct stagger_failure *why, const char *error_class,
					 const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	failure_set(why, 0, error_class, fmt, args);
	va_end(args);
	return STAGGER_DEAD_LETTER;
}

void stagger_failure_code(struct stagger_failure *why, const char *code)
{
	failure_set_code(why, code);
}

void stagger_failure_detail(struct stagger_failure *why, const char *text, size_t size)
{
	failure_set_detail(why, text, size);
}

bool stagger_failure_attribute(struct stagger_failure *why, const char *name, const char *value)
{
	return failure_set_attribute(why, name, value);
}

const struct stagger_message *stagger_defer(const struct stagger_message *m,
					    struct stagger_ticket *ticket)
{
	const struct port_context *context = ((const struct port_call *)(const void *)m)->context;
	if (context == NULL) /* not inside its handler */
		return NULL;
	/* const is what a handler sees; the engine's record behind it is not. */
	return context->defer(context->tickets, (struct stagger_message *)(uintptr_t)m, ticket);
}
