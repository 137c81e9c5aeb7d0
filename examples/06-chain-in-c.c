/* SPDX-License-Identifier: Apache-2.0
 *
 * A chain with every option that matters, and the events that tell where each message goes. The
 * words "busy", "limited" and "broken" as orders fail, each in its own way; all others work.
 *   06-chain-in-c [BROKERS]      default: localhost:9092 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include <stagger/stagger.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static bool is(struct stagger_bytes order, const char *word)
{
	return order.size == strlen(word) && memcmp(order.data, word, order.size) == 0;
}

static enum stagger_verdict charge(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	(void)user;
	if (is(m->value, "busy")) {
		stagger_failure_code(why, "503");
		return stagger_retry(why, "BankBusy", "no free connection");
	}
	if (is(m->value, "limited"))
		return stagger_retry_after(why, 90 * SECOND, "RateLimited", "429, try in 90 s");
	if (is(m->value, "broken"))
		return stagger_retry(why, "SchemaError", "the amount is missing");
	return STAGGER_DONE;
}

/* On the loop's thread, when the step is durable: a good place for metrics and audit logs. */
static void on_event(const struct stagger_event *e, void *user)
{
	(void)user;
	if (e->kind == STAGGER_HOPPED)
		printf("%.*s: %s, waits in %s for %lld ms\n", (int)e->message->value.size,
		       (const char *)e->message->value.data, e->error_class, e->to_topic,
		       (long long)(e->due_ms - e->failed_ms));
	else if (e->kind == STAGGER_DEAD_LETTERED)
		printf("%.*s: %s, dead (%s) in %s\n", (int)e->message->value.size,
		       (const char *)e->message->value.data, e->error_class, e->reason,
		       e->to_topic);
	else if (e->kind == STAGGER_STUCK || e->kind == STAGGER_STALLED)
		printf("%s[%d]: no progress: %s\n", e->topic, e->partition,
		       e->reason != NULL ? e->reason : "a handler is stuck");
}

static enum stagger_status orders_chain(struct stagger_chain **out, struct stagger_error *err)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *chain = NULL;
	enum stagger_status status;

	o.workers = 8;
	o.order = STAGGER_ORDER_KEY; /* calls for one key never overlap, in whatever stage */

	o.in_place_attempts = 3; /* calls before the first hop: they wait in memory, in order */
	o.in_place_delay_ms = 200;
	o.in_place_backoff = STAGGER_BACKOFF_EXPONENTIAL;
	o.in_place_max_delay_ms = 2 * SECOND;
	o.in_place_jitter = 0.2;

	o.jitter = 0.1;                      /* of the stages' delays: herds come apart */
	o.deadline_ms = 24 * HOUR;           /* no retry is due later after the first failure */
	o.expire_ms = 7 * 24 * HOUR;         /* what is older goes to the DLT unhandled */
	o.handler_timeout_ms = 2 * MINUTE;   /* is reported as stuck, never killed */
	o.value_content_type = "text/plain"; /* for whoever reads the dead letters */

	if ((status = stagger_chain_new(&chain, "orders", &o, err)) != STAGGER_OK)
		return status;
	if ((status = stagger_chain_stage(chain, MINUTE, 1, NULL, err)) == STAGGER_OK &&
	    (status = stagger_chain_stage(chain, 5 * MINUTE, 1, NULL, err)) == STAGGER_OK &&
	    (status = stagger_chain_stage(chain, 30 * MINUTE, 2, NULL, err)) == STAGGER_OK &&
	    (status = stagger_chain_never(chain, "InvalidOrder", err)) == STAGGER_OK &&
	    (status = stagger_chain_never(chain, "Schema*", err)) == STAGGER_OK &&
	    (status = stagger_chain_route(chain, "Schema*", "orders.schema.dlt", err)) ==
		    STAGGER_OK)
		*out = chain;
	else
		stagger_chain_free(&chain);
	return status;
}

int main(int argc, char **argv)
{
	const char *brokers = argc > 1 ? argv[1] : "localhost:9092";
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_consumer *consumer = NULL;
	struct stagger_chain *orders = NULL;
	struct stagger_error error;

	options.group = "billing";
	options.event = on_event;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (stagger_consumer_open(&consumer, NULL, &options, &error) != STAGGER_OK ||
	    stagger_consumer_set(consumer, "bootstrap.servers", brokers, &error) != STAGGER_OK ||
	    orders_chain(&orders, &error) != STAGGER_OK ||
	    stagger_consumer_add(consumer, &orders, &error) != STAGGER_OK ||
	    stagger_consumer_on(consumer, "orders", charge, NULL, &error) != STAGGER_OK ||
	    stagger_consumer_run_until_signal(consumer, &error) != STAGGER_OK)
		errx(1, "%s", error.text);
	stagger_consumer_free(&consumer);
}
