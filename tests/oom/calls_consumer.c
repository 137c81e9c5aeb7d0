/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of consumer.h and stats.h that need no broker; the others are in embedded.c. */
#include "calls.h"

#include <unistd.h>

static void nothing(struct desk *d)
{
	(void)d;
}

static enum stagger_status make_open(struct desk *d, struct stagger_error *err)
{
	static const char *const former[] = {"a", "b", NULL};
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;

	o.group = "billing";
	o.instance = "{host}-1";
	o.formerly = former;
	return stagger_consumer_open(&d->consumer, NULL, &o, err);
}

/* -- chain files ------------------------------------------------------------------------- */

static enum stagger_status open_text(struct desk *d, const char *yaml, struct stagger_error *err)
{
	static const char path[] = "oom-chain.yaml"; /* in the folder of the test's own */
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(yaml, 1, strlen(yaml), file), strlen(yaml));
	assert_int_equal(fclose(file), 0);
	enum stagger_status status = stagger_consumer_open(&d->consumer, path, NULL, err);
	assert_int_equal(unlink(path), 0);
	return status;
}

static enum stagger_status make_open_file(struct desk *d, struct stagger_error *err)
{
	return open_text(d,
			 "kafka:\n"
			 "  bootstrap.servers: b\n"
			 "  client.id: ${STAGGER_X:-x}\n"
			 "group: billing\n"
			 "formerly: [f]\n"
			 "defaults: &d {retry: {topic: \"{topic}.{delay}\"}}\n"
			 "chains:\n"
			 "  a:\n"
			 "    retry:\n"
			 "      stages: [60s, {delay: 2m, name: two}]\n"
			 "      in_place: {on: [main, 60s]}\n"
			 "      never: [E]\n"
			 "    dead_letter: {routes: {A: r}}\n"
			 "  b: *d\n",
			 err);
}

static enum stagger_status make_open_bad_file(struct desk *d, struct stagger_error *err)
{
	return open_text(d,
			 "kafka: {bootstrap.servrs: b, sasl.password: abc}\n"
			 "x: ${STAGGER_NONE}\n"
			 "chains: {A: {}, a: {topic: \"{\", retry: {never: [a*b]}}}\n",
			 err);
}

static enum stagger_status make_open_no_file(struct desk *d, struct stagger_error *err)
{
	return stagger_consumer_open(&d->consumer, "no/such/file.yaml", NULL, err);
}

/* -- what comes before run() ------------------------------------------------------------- */

static enum stagger_status make_set(struct desk *d, struct stagger_error *err)
{
	return stagger_consumer_set(d->consumer, "sasl.password", "secret", err);
}

static enum stagger_status make_set_wrong(struct desk *d, struct stagger_error *err)
{
	return stagger_consumer_set(d->consumer, "sasl.pasword", "secret", err);
}

static void consumer_and_chain(struct desk *d)
{
	desk_consumer(d);
	desk_chain(d);
}

static void consumer_and_plain_chain(struct desk *d)
{
	desk_consumer(d);
	must(stagger_chain_new(&d->chain, "plain", NULL, NULL), NULL);
}

static enum stagger_status make_add(struct desk *d, struct stagger_error *err)
{
	return stagger_consumer_add(d->consumer, &d->chain, err);
}

static void consumer_with_chains(struct desk *d)
{
	consumer_and_chain(d);
	must(make_add(d, NULL), NULL);
	must(stagger_chain_new(&d->chain, "plain", NULL, NULL), NULL);
}

static enum stagger_status make_on(struct desk *d, struct stagger_error *err)
{
	return stagger_consumer_on(d->consumer, "orders", desk_handle, d, err);
}

static enum stagger_status make_stop(struct desk *d, struct stagger_error *err)
{
	(void)err;
	stagger_consumer_stop(d->consumer);
	return STAGGER_OK;
}

static enum stagger_status make_free(struct desk *d, struct stagger_error *err)
{
	(void)err;
	stagger_consumer_free(&d->consumer);
	return STAGGER_OK;
}

/* -- of one that runs -------------------------------------------------------------------- */

static void send(struct desk *d, const char *value)
{
	const struct stagger_bytes key = {"key", 3}, bytes = {value, strlen(value)};

	must(stagger_world_send(d->world, "orders", key, bytes, NULL), NULL);
}

static void deferred(struct desk *d)
{
	desk_world(d);
	send(d, "A1");
	stagger_world_advance(d->world, 1000);
	assert_non_null(d->deferred);
}

static enum stagger_status settle(struct desk *d, enum stagger_verdict verdict,
				  struct stagger_error *err)
{
	struct stagger_outcome o = STAGGER_OUTCOME_INIT;

	o.verdict = verdict;
	o.error_class = "Busy";
	o.error_code = "503";
	o.error_message = "later";
	o.error_detail = "much later";
	enum stagger_status status =
		stagger_settle(stagger_world_consumer(d->world), d->ticket, &o, err);
	if (status == STAGGER_OK)
		d->deferred = NULL;
	return status;
}

static enum stagger_status make_settle_retry(struct desk *d, struct stagger_error *err)
{
	return settle(d, STAGGER_RETRY, err);
}

static enum stagger_status make_settle_done(struct desk *d, struct stagger_error *err)
{
	return settle(d, STAGGER_DONE, err);
}

static enum stagger_status make_stats(struct desk *d, struct stagger_error *err)
{
	return stagger_consumer_stats(stagger_world_consumer(d->world), &d->stats, err);
}

static void with_stats(struct desk *d)
{
	desk_world(d);
	must(make_stats(d, NULL), NULL);
}

static enum stagger_status make_stats_free(struct desk *d, struct stagger_error *err)
{
	(void)err;
	stagger_stats_free(&d->stats);
	return STAGGER_OK;
}

const struct call calls_of_consumers[] = {
	CALL(stagger_consumer_open, .how = "in C", .set_up = nothing, .make = make_open,
	     .n_least = 6),
	CALL(stagger_consumer_open, .how = "a good file", .set_up = nothing, .make = make_open_file,
	     .n_least = 100),
	CALL(stagger_consumer_open, .how = "a bad file", .set_up = nothing,
	     .make = make_open_bad_file, .expected = STAGGER_INVALID, .n_least = 50),
	CALL(stagger_consumer_open, .how = "no file", .set_up = nothing, .make = make_open_no_file,
	     .expected = STAGGER_INVALID, .n_least = 2),
	CALL(stagger_consumer_set, .set_up = desk_consumer, .make = make_set, .n_least = 3),
	CALL(stagger_consumer_set, .how = "misspelt", .set_up = desk_consumer,
	     .make = make_set_wrong, .expected = STAGGER_INVALID, .n_least = 1),
	CALL(stagger_consumer_add, .how = "declared stages", .set_up = consumer_and_chain,
	     .make = make_add, .n_least = 6),
	CALL(stagger_consumer_add, .how = "default stages", .set_up = consumer_and_plain_chain,
	     .make = make_add, .n_least = 10),
	CALL(stagger_consumer_add, .how = "the second", .set_up = consumer_with_chains,
	     .make = make_add, .n_least = 10),
	CALL(stagger_consumer_on, .set_up = consumer_with_chains, .make = make_on),
	CALL(stagger_consumer_stop, .set_up = consumer_with_chains, .make = make_stop),
	CALL(stagger_consumer_free, .set_up = consumer_with_chains, .make = make_free),
	CALL(stagger_settle, .how = "retry", .set_up = deferred, .make = make_settle_retry,
	     .n_least = 2),
	CALL(stagger_settle, .how = "done", .set_up = deferred, .make = make_settle_done),
	CALL(stagger_consumer_stats, .set_up = desk_world, .make = make_stats, .n_least = 3),
	CALL(stagger_stats_free, .set_up = with_stats, .make = make_stats_free),
};
const size_t n_calls_of_consumers = sizeof(calls_of_consumers) / sizeof(calls_of_consumers[0]);
