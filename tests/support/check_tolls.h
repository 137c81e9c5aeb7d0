/* SPDX-License-Identifier: Apache-2.0
 *
 * For bounded_duplicates: faults in the order in which they hit something, and how many records each
 * of them made come again. */
#ifndef SUPPORT_CHECK_TOLLS_H
#define SUPPORT_CHECK_TOLLS_H

#include "check.h"

struct mark { /* a fault that hit a process or lane, or a commit of a lane */
	size_t at, fault; /* an event; an index into tolls' faults, CHECK_NONE for a commit */
};
struct marks { /* in their order; begins zeroed */
	struct mark *list;
	size_t n;
};
void marks_add(struct marks *marks, struct mark mark);
/* The first one after that event; after none: both CHECK_NONE. */
struct mark marks_after(const struct marks *marks, size_t event);
void marks_clear(struct marks *marks);

struct toll { /* the records of one process that one fault made be called again */
	size_t fault, called_again;
};
struct tolls { /* begins zeroed */
	const struct history_event **faults;
	size_t n_faults;
	struct toll *list;
	size_t n;
	struct map places;  /* (fault, process, late) -> list */
	struct map charged; /* (toll, record) */
};
/* Its index. */
size_t tolls_add_fault(struct tolls *t, const struct history_event *event);
/* max_uncommitted bounds what one process had finished and not committed when the fault hit, and
 * what a process does then that does not know yet (late). A record counts once in each toll. */
void tolls_charge(struct tolls *t, size_t record, size_t fault, size_t process, bool late);
void tolls_judge(const struct tolls *t, struct check *c);
void tolls_clear(struct tolls *t);

#endif
