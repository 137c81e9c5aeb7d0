/* SPDX-License-Identifier: Apache-2.0
 *
 * What a handler may ask of its message. A message is the first member of the engine's call, in a
 * deferred copy too, which is how group, attributes and the thread's context are found. */
#include <stagger/message.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <stagger/envelope.h>

#include "core/port.h"

static const struct port_call *call_of(const struct stagger_message *m)
{
	return (const struct port_call *)(const void *)m;
}

const struct stagger_header *stagger_message_header(const struct stagger_message *m,
						    const char *name)
{
	for (size_t i = m->n_headers; i > 0; i--) {
		if (strcmp(m->headers[i - 1].name, name) == 0)
			return &m->headers[i - 1];
	}
	return NULL;
}

const char *stagger_message_attribute(const struct stagger_message *m, const char *name)
{
	const struct port_call *call = call_of(m);
	for (size_t i = 0; i < call->n_attributes; i++) {
		if (strcmp(call->attributes[i].name, name) == 0)
			return call->attributes[i].value;
	}
	return NULL;
}

size_t stagger_message_id(const struct stagger_message *m, char *text, size_t size)
{
	int length = snprintf(text, size, "%s/%s/%" PRId32 "/%" PRId64, call_of(m)->group, m->topic,
			      m->partition, m->offset);
	return (size_t)length; /* group and topic are at most some hundred bytes each */
}

void *stagger_message_local(const struct stagger_message *m)
{
	const struct port_context *context = call_of(m)->context;
	return context == NULL ? NULL : context->local;
}
