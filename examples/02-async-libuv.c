/* SPDX-License-Identifier: Apache-2.0
 *
 * stagger inside a program that has its own event loop: one thread, no locks. libuv waits on the
 * consumer's descriptor; a handler only begins the work and defers the message; the answer, which
 * comes later, settles it. Here a timer stands for a call over the network.
 *   02-async-libuv [BROKERS]      default: localhost:9092; SIGINT or SIGTERM stops it cleanly */
#define _GNU_SOURCE
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <stagger/stagger.h>
#include <uv.h>

#define ANSWER_AFTER_MS 50

struct app {
	uv_loop_t loop;
	uv_poll_t poll; /* of the consumer's descriptor */
	uv_signal_t signals[2];
	struct stagger_consumer *consumer;
	enum stagger_status ended;
	struct stagger_error error;
};

/* One request to the bank, on its way. */
struct request {
	uv_timer_t answer;
	struct app *app;
	const struct stagger_message *message; /* ours until the ticket is settled */
	struct stagger_ticket ticket;
};

static void request_free(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_answer(uv_timer_t *answer)
{
	struct request *r = answer->data;
	const struct stagger_message *m = r->message;
	struct stagger_outcome outcome = STAGGER_OUTCOME_INIT;
	struct stagger_error error;

	printf("answer for %.*s\n", (int)m->value.size, (const char *)m->value.data);
	outcome.verdict = STAGGER_DONE;
	if (m->value.size > 5) { /* orders of 1,000.00 and more: the bank is busy */
		outcome.verdict = STAGGER_RETRY;
		outcome.error_class = "BankBusy";
		outcome.error_message = "no free connection";
	}
	/* STALE is no accident: the partition has gone to another member, which calls again. */
	if (stagger_settle(r->app->consumer, r->ticket, &outcome, &error) != STAGGER_OK)
		warnx("not settled: %s", error.text);
	uv_close((uv_handle_t *)answer, request_free);
}

static enum stagger_verdict charge(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	struct app *app = user;
	struct request *r = calloc(1, sizeof(*r));

	if (r == NULL || (r->message = stagger_defer(m, &r->ticket)) == NULL) {
		free(r);
		return stagger_retry(why, "NoMemory", "no memory for the request");
	}
	r->app = app;
	r->answer.data = r;
	uv_timer_init(&app->loop, &r->answer);
	uv_timer_start(&r->answer, on_answer, ANSWER_AFTER_MS, 0);
	return STAGGER_DEFER;
}

/* Leaves the loop with nothing to wait for but the answers that are still on their way. */
static void close_all(struct app *app)
{
	uv_close((uv_handle_t *)&app->poll, NULL);
	uv_close((uv_handle_t *)&app->signals[0], NULL);
	uv_close((uv_handle_t *)&app->signals[1], NULL);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct app *app = poll->data;

	(void)status;
	(void)events;
	app->ended = stagger_consumer_dispatch(app->consumer, &app->error);
	if (app->ended != STAGGER_OK) /* STAGGER_STOPPED after a clean stop */
		close_all(app);
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct app *app = signal->data;

	(void)number;
	stagger_consumer_stop(app->consumer); /* on_ready() goes on until the drain is over */
}

static enum stagger_status prepare(struct app *app, const char *brokers, struct stagger_error *err)
{
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_chain_options inside = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *orders = NULL;
	enum stagger_status status;

	options.group = "billing";
	inside.workers = STAGGER_INLINE; /* handlers run in dispatch(), on the loop's thread */
	inside.order = STAGGER_ORDER_KEY;
	if ((status = stagger_consumer_open(&app->consumer, NULL, &options, err)) != STAGGER_OK ||
	    (status = stagger_consumer_set(app->consumer, "bootstrap.servers", brokers, err)) !=
		    STAGGER_OK ||
	    (status = stagger_chain_new(&orders, "orders", &inside, err)) != STAGGER_OK ||
	    (status = stagger_consumer_add(app->consumer, &orders, err)) != STAGGER_OK)
		return status;
	return stagger_consumer_on(app->consumer, "orders", charge, app, err);
}

int main(int argc, char **argv)
{
	static const int numbers[] = { SIGINT, SIGTERM };
	struct app app = { .ended = STAGGER_OK };
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	uv_loop_init(&app.loop);
	if (prepare(&app, argc > 1 ? argv[1] : "localhost:9092", &app.error) != STAGGER_OK ||
	    stagger_consumer_start(app.consumer, &fd, &app.error) != STAGGER_OK)
		errx(1, "%s", app.error.text);
	for (size_t i = 0; i < 2; i++) {
		app.signals[i].data = &app;
		uv_signal_init(&app.loop, &app.signals[i]);
		uv_signal_start(&app.signals[i], on_signal, numbers[i]);
	}
	app.poll.data = &app;
	uv_poll_init(&app.loop, &app.poll, fd);
	uv_poll_start(&app.poll, UV_READABLE, on_ready);
	uv_run(&app.loop, UV_RUN_DEFAULT);

	if (app.ended != STAGGER_STOPPED)
		warnx("%s", app.error.text);
	stagger_consumer_free(&app.consumer);
	uv_loop_close(&app.loop);
	return app.ended == STAGGER_STOPPED ? 0 : 1;
}
