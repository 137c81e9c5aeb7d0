/* SPDX-License-Identifier: Apache-2.0 */
#include "check_tolls.h"

#include <stdlib.h>

void marks_add(struct marks *marks, struct mark mark)
{
	marks->list = map_grow(marks->list, marks->n + 1, sizeof(*marks->list));
	marks->list[marks->n++] = mark;
}

struct mark marks_after(const struct marks *marks, size_t event)
{
	size_t low = 0, high = marks->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (marks->list[middle].at > event)
			high = middle;
		else
			low = middle + 1;
	}
	return low < marks->n ? marks->list[low] : (struct mark){CHECK_NONE, CHECK_NONE};
}

void marks_clear(struct marks *marks)
{
	free(marks->list);
	*marks = (struct marks){NULL, 0};
}

size_t tolls_add_fault(struct tolls *t, const struct history_event *event)
{
	t->faults = map_grow(t->faults, t->n_faults + 1, sizeof(*t->faults));
	t->faults[t->n_faults] = event;
	return t->n_faults++;
}

void tolls_charge(struct tolls *t, size_t record, size_t fault, size_t process, bool late)
{
	size_t i = map_put(&t->places, (struct map_key){fault, process, late}, t->n);

	if (i == t->n) {
		t->list = map_grow(t->list, ++t->n, sizeof(*t->list));
		t->list[i] = (struct toll){fault, 0};
	}
	/* two members that call one record in turn, in place, repeat one record */
	size_t seen = t->charged.n;
	t->list[i].called_again +=
		map_put(&t->charged, (struct map_key){i, record, 0}, seen) == seen;
}

void tolls_judge(const struct tolls *t, struct check *c)
{
	int64_t bound = c->h->config.max_uncommitted;

	for (size_t i = 0; i < t->n; i++) {
		const struct toll *toll = &t->list[i];
		const struct history_event *fault = t->faults[toll->fault];
		if (bound > 0 && toll->called_again > (size_t)bound &&
		    !check_truncates(fault)) /* all of the log comes again */
			check_fail(c, CHECKER_BOUNDED_DUPLICATES,
				   "%s of %s at %lld ms: %zu records handled again, "
				   "max_uncommitted is %lld",
				   fault->kind == HISTORY_FAULT ? fault->reason : "revoke",
				   fault->member == NULL ? "all" : fault->member,
				   (long long)fault->at_ms, toll->called_again, (long long)bound);
	}
}

void tolls_clear(struct tolls *t)
{
	free(t->faults);
	free(t->list);
	map_clear(&t->places);
	map_clear(&t->charged);
}
