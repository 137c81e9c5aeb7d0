/* SPDX-License-Identifier: Apache-2.0
 *
 * Every public call as a row: what is there before it, how it is made, and that is all; the loop in
 * calls.c makes each of its allocations fail, one after the other. tests/lint/calls.py demands a
 * row for each function of the public headers. */
#ifndef OOM_CALLS_H
#define OOM_CALLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h" /* before cmocka.h: both have a fail() */

#include <cmocka.h>

#include <stagger/testing.h>

#define DESK_LOOK 32768 /* bytes of what is seen on a desk */

/* What calls work on. All of it is freed after the row. */
struct desk {
	struct stagger_chain *chain;
	struct stagger_consumer *consumer;
	struct stagger_world *world; /* has the consumer, then */
	const struct stagger_envelope *read;
	struct stagger_envelope *fresh;
	void *bytes;                 /* an envelope's */
	size_t size;
	char *json;
	const struct stagger_stats *stats;
	struct stagger_failure *why;
	struct stagger_ticket ticket;
	const struct stagger_message *deferred;
	unsigned done;               /* by id: those whose end was seen */
	bool only_defer;             /* of all that the world does, stagger_defer() may fail */
};

struct call {
	const char *name, *how; /* how: of several rows for one function, or NULL */
	void (*set_up)(struct desk *d);
	enum stagger_status (*make)(struct desk *d, struct stagger_error *err);
	/* after a failure that the call had no way to tell of: what brings things right again */
	void (*mend)(struct desk *d);
	enum stagger_status expected; /* with memory */
	long n_least;                 /* allocations that it makes; 0: it never makes one */
};
#define CALL(function, ...) { .name = #function, __VA_ARGS__ }

extern const struct call calls_of_chains[], calls_of_consumers[], calls_of_envelopes[],
	calls_of_handlers[], calls_of_worlds[];
extern const size_t n_calls_of_chains, n_calls_of_consumers, n_calls_of_envelopes,
	n_calls_of_handlers, n_calls_of_worlds;

/* look.c: everything on the desk as a text, so that any change shows. */
void desk_look(const struct desk *d, char text[DESK_LOOK]);
void desk_clear(struct desk *d);

/* For set_up: what goes wrong fails the test. err may be NULL. */
static inline void must(enum stagger_status status, const struct stagger_error *err)
{
	if (status != STAGGER_OK)
		fail_msg("%s: %s", stagger_status_name(status), err != NULL ? err->text : "");
}
/* A log that nobody reads. */
static inline void hush(enum stagger_level level, const char *line, void *user)
{
	(void)level;
	(void)line;
	(void)user;
}
void desk_chain(struct desk *d);    /* "orders" with a stage of its own, patterns and a route */
void desk_consumer(struct desk *d); /* nothing added yet */
void desk_world(struct desk *d);    /* a member of chain "orders", one stage of a minute */
/* A handler that obeys the value's first letter: D done, R retry, A defer; user is the desk. */
enum stagger_verdict desk_handle(const struct stagger_message *m, struct stagger_failure *why,
				 void *user);

#endif
