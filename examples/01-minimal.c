/* SPDX-License-Identifier: Apache-2.0
 *
 * The smallest consumer. Orders are amounts in cents; one that fails waits 1, 5 and 30 minutes in
 * orders.billing.retry.* and ends, explained, in orders.billing.dlt. Topics that are missing are
 * named at start, each with the command that makes it: 01-minimal [BROKERS] */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include <stagger/stagger.h>

enum answer { BANK_OK, BANK_BUSY, BANK_REFUSES };

/* Your own code. This bank is busy with large amounts. */
static enum answer bank_charge(struct stagger_bytes order)
{
	char text[16];

	snprintf(text, sizeof(text), "%.*s", (int)order.size, (const char *)order.data);
	long cents = strtol(text, NULL, 10);
	return cents <= 0 ? BANK_REFUSES : cents > 99999 ? BANK_BUSY : BANK_OK;
}

static enum stagger_verdict charge(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	(void)user;
	switch (bank_charge(m->value)) {
	case BANK_OK:
		printf("charged %.*s\n", (int)m->value.size, (const char *)m->value.data);
		return STAGGER_DONE;
	case BANK_BUSY:
		return stagger_retry(why, "BankBusy", "attempt %d: no free connection", m->attempt);
	case BANK_REFUSES:
		break;
	}
	return stagger_dead_letter(why, "InvalidOrder", "the amount is not positive");
}

int main(int argc, char **argv)
{
	const char *brokers = argc > 1 ? argv[1] : "localhost:9092";
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_consumer *consumer = NULL;
	struct stagger_chain *orders = NULL;
	struct stagger_error error;

	setvbuf(stdout, NULL, _IOLBF, 0);
	options.group = "billing";
	if (stagger_consumer_open(&consumer, NULL, &options, &error) != STAGGER_OK ||
	    stagger_consumer_set(consumer, "bootstrap.servers", brokers, &error) != STAGGER_OK ||
	    stagger_chain_new(&orders, "orders", NULL, &error) != STAGGER_OK ||
	    stagger_consumer_add(consumer, &orders, &error) != STAGGER_OK ||
	    stagger_consumer_on(consumer, "orders", charge, NULL, &error) != STAGGER_OK ||
	    stagger_consumer_run_until_signal(consumer, &error) != STAGGER_OK)
		errx(1, "%s", error.text);
	stagger_consumer_free(&consumer);
}
