/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory runs out in every public call: each row is made once for every one of its allocations,
 * which fails. It must say so or do without, change nothing when it says so, leak nothing, and do
 * its work when it is called again. */
#include "calls.h"
#include "heap.h"

#define N_MAX 20000 /* allocations of one call; more fails the test */

/* -- one row ----------------------------------------------------------------------------- */

static const char *how(const struct call *c)
{
	return c->how != NULL ? c->how : "";
}

static enum stagger_status make(const struct call *c, struct desk *d, long n,
				struct stagger_error *err)
{
	*err = (struct stagger_error){.text = "no error"};
	heap_arm(n);
	enum stagger_status status = c->make(d, err);
	heap_disarm();
	return status;
}

static void same(const struct call *c, long n, const char *what, const char *is, const char *was)
{
	if (strcmp(is, was) != 0)
		fail_msg("%s %s, allocation %ld: %s:\n%s\nexpected:\n%s", c->name, how(c), n, what,
			 is, was);
}

static void must_be_refused(const struct call *c, long n, enum stagger_status status,
			    const struct stagger_error *err)
{
	if (status != STAGGER_NO_MEMORY || err->status != status ||
	    strstr(err->text, "out of memory") == NULL)
		fail_msg("%s %s, allocation %ld: %s, and the error is %s: %s", c->name, how(c), n,
			 stagger_status_name(status), stagger_status_name(err->status), err->text);
}

static void clear(const struct call *c, long n, struct desk *d, size_t live)
{
	const char *leak;

	desk_clear(d);
	leak = heap_leak();
	if (leak != NULL)
		fail_msg("%s %s, allocation %ld: leaks %s", c->name, how(c), n, leak);
	assert_int_equal(heap_live(), live);
}

/* With memory: how many allocations it makes, and what is there before and after it. */
static long try(const struct call *c, char before[DESK_LOOK], char after[DESK_LOOK])
{
	struct desk d = {0};
	struct stagger_error err;
	size_t live = heap_live();

	c->set_up(&d);
	desk_look(&d, before);
	heap_arm(0);
	enum stagger_status status = c->make(&d, &err);
	long n = heap_disarm();
	if (status != c->expected)
		fail_msg("%s %s: %s: %s", c->name, how(c), stagger_status_name(status), err.text);
	desk_look(&d, after);
	clear(c, 0, &d, live);
	return n;
}

/* False: the n-th allocation was not reached. */
static bool run_out(const struct call *c, long n, const char *before, const char *after)
{
	static char look[DESK_LOOK];
	struct desk d = {0};
	struct stagger_error err;
	size_t live = heap_live();

	c->set_up(&d);
	desk_look(&d, look);
	same(c, n, "the start differs", look, before);
	enum stagger_status status = make(c, &d, n, &err);
	bool failed = heap_failed();
	if (!failed && status != c->expected)
		fail_msg("%s %s: %s", c->name, how(c), err.text);
	if (status != c->expected) {
		must_be_refused(c, n, status, &err);
		desk_look(&d, look);
		same(c, n, "was refused, and changed something", look, before);
		status = make(c, &d, 0, &err);
		if (status != c->expected)
			fail_msg("%s %s, allocation %ld: the second call: %s: %s", c->name, how(c),
				 n, stagger_status_name(status), err.text);
	} else if (failed && c->mend != NULL) {
		c->mend(&d);
	}
	desk_look(&d, look);
	same(c, n, "ends differently", look, after);
	clear(c, n, &d, live);
	return failed;
}

static void check(const struct call *c)
{
	static char before[DESK_LOOK], after[DESK_LOOK];
	long n = try(c, before, after);

	if (c->n_least == 0 ? n != 0 : n < c->n_least)
		fail_msg("%s %s: makes %ld allocations", c->name, how(c), n);
	if (n == 0)
		return;
	for (long at = 1; run_out(c, at, before, after); at++)
		assert_true(at < N_MAX);
}

/* -- all of them ------------------------------------------------------------------------- */

static void check_all(const struct call *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&list[i]);
}

static void calls__of_chains(void **state)
{
	(void)state;
	check_all(calls_of_chains, n_calls_of_chains);
}

static void calls__of_consumers(void **state)
{
	(void)state;
	check_all(calls_of_consumers, n_calls_of_consumers);
}

static void calls__of_envelopes(void **state)
{
	(void)state;
	check_all(calls_of_envelopes, n_calls_of_envelopes);
}

static void calls__of_handlers(void **state)
{
	(void)state;
	check_all(calls_of_handlers, n_calls_of_handlers);
}

static void calls__of_worlds(void **state)
{
	(void)state;
	check_all(calls_of_worlds, n_calls_of_worlds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls__of_chains),    cmocka_unit_test(calls__of_consumers),
		cmocka_unit_test(calls__of_envelopes), cmocka_unit_test(calls__of_handlers),
		cmocka_unit_test(calls__of_worlds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
