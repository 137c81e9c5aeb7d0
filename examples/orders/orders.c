/* SPDX-License-Identifier: Apache-2.0
 *
 * The demo's consumer: one line per step of an order, with its lateness after due. produce-orders
 * makes four kinds: "good" is charged at once; "invalid" has no amount, a dead letter at once;
 * "transient" fails twice, then works; "poison" is a dead letter after the last stage.
 *   orders FILE [NAME]         FILE is orders.yaml; SIGINT or SIGTERM stops it cleanly */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <stagger/stagger.h>

#define TOPIC "orders"

struct member {
	const char *name;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *clock_text(char text[16])
{
	int64_t at_ms = now_ms();
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm utc;
	size_t used = strftime(text, 16, "%H:%M:%S", gmtime_r(&seconds, &utc));

	snprintf(text + used, 16 - used, ".%03d", (int)(at_ms % 1000));
	return text;
}

static void tell(const struct member *me, const struct stagger_message *m, const char *what)
{
	char text[16];
	char late[32] = "";

	if (m->due_ms != 0)
		snprintf(late, sizeof(late), "%lld ms late", (long long)(now_ms() - m->due_ms));
	printf("%s  %s  %-9.*s %-10s attempt %d  %-14s %s\n", clock_text(text), me->name,
	       (int)m->key.size, (const char *)m->key.data, m->stage, m->attempt, what, late);
}

/* -- the handler ------------------------------------------------------------------------------ */

struct order {
	int id, cents;
	char kind[16];
};

static bool order_read(struct order *order, struct stagger_bytes value)
{
	char text[128] = "";

	if (value.size == 0 || value.size >= sizeof(text))
		return false;
	memcpy(text, value.data, value.size);
	return sscanf(text, "{\"order\": %d, \"kind\": \"%15[a-z]\", \"cents\": %d}", &order->id,
		      order->kind, &order->cents) == 3;
}

static enum stagger_verdict charge(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	const struct member *me = user;
	struct order order;

	if (!order_read(&order, m->value)) {
		tell(me, m, "SchemaError");
		return stagger_dead_letter(why, "SchemaError", "the order has no amount");
	}
	if (strcmp(order.kind, "transient") == 0 && m->attempt <= 2) {
		tell(me, m, "BankBusy");
		return stagger_retry(why, "BankBusy", "no free connection");
	}
	if (strcmp(order.kind, "poison") == 0) {
		tell(me, m, "AccountLocked");
		stagger_failure_code(why, "423");
		return stagger_retry(why, "AccountLocked", "the account of the customer is locked");
	}
	tell(me, m, "charged");
	return STAGGER_DONE;
}

/* -- events ----------------------------------------------------------------------------------- */

static void on_event(const struct stagger_event *e, void *user)
{
	const struct member *me = user;
	char text[16];

	if (e->kind == STAGGER_DEAD_LETTERED)
		printf("%s  %s  %-9.*s DEAD       after %d: %s, %s\n", clock_text(text), me->name,
		       (int)e->message->key.size, (const char *)e->message->key.data,
		       e->message->attempt, e->error_class, e->reason);
	else if (e->kind == STAGGER_ASSIGNED && strcmp(e->topic, TOPIC) == 0)
		printf("%s  %s  gets partition %d of every stage\n", clock_text(text), me->name,
		       e->partition);
}

/* -- the consumer ----------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	struct member me = { argc > 2 ? argv[2] : "A" };
	struct stagger_consumer *consumer = NULL;
	struct stagger_error error;

	if (argc < 2)
		errx(2, "usage: orders FILE [NAME]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	options.event = on_event;
	options.user = &me;
	if (stagger_consumer_open(&consumer, argv[1], &options, &error) != STAGGER_OK ||
	    stagger_consumer_on(consumer, TOPIC, charge, &me, &error) != STAGGER_OK ||
	    stagger_consumer_run_until_signal(consumer, &error) != STAGGER_OK)
		errx(1, "%s", error.text);
	stagger_consumer_free(&consumer);
	printf("%s  %s  stopped cleanly\n", clock_text((char[16]){ 0 }), me.name);
}
