/* SPDX-License-Identifier: Apache-2.0
 *
 * The scripted worker's command line. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker.h"

static const char usage[] =
	"usage: scripted_worker --brokers B --group G --topic T [--stages 500ms,1s,2s]\n"
	"  [--attempts 1,1,2] [--order partition|key|none] [--workers N] [--jitter 20%]\n"
	"  [--in-place NxDELAY] [--instance I] [--name NAME] [--out FILE] [--events LIST]\n"
	"  [--max-uncommitted N] [--max-in-flight N] [--session-timeout MS]\n"
	"  [--revoke-timeout MS] [--deadline DURATION] [--dlt-headers kafka|connect|spring|none]\n"
	"  [--set librdkafka.key=value]... [--republish] [--shared-topics] [--retired 500ms,1s]\n"
	"  [--chain FILE]: the chain and its group come from there; the options above still say\n"
	"  which stages it has, for the history\n";

static _Noreturn void refuse(const char *option, const char *value)
{
	fprintf(stderr, "scripted_worker: %s %s is wrong\n%s", option, value == NULL ? "" : value,
		usage);
	exit(2);
}

static int64_t number(const char *option, const char *value)
{
	char *end;
	long long n = strtoll(value, &end, 10);

	if (end == value || *end != '\0' || n < 0)
		refuse(option, value);
	return n;
}

static void take_stages(struct worker_options *o, char *list)
{
	char *rest = NULL;

	for (char *item = strtok_r(list, ",", &rest); item != NULL;
	     item = strtok_r(NULL, ",", &rest)) {
		int64_t ms = script_duration(item);
		if (ms < 1 || o->n_stages == SCRIPT_MAX_STAGES)
			refuse("--stages", item);
		o->delays_ms[o->n_stages++] = ms;
	}
}

static void take_visits(struct worker_options *o, char *list)
{
	char *rest = NULL;

	for (char *item = strtok_r(list, ",", &rest); item != NULL;
	     item = strtok_r(NULL, ",", &rest)) {
		if (o->n_visits == SCRIPT_MAX_STAGES)
			refuse("--attempts", item);
		o->visits[o->n_visits++] = (int32_t)number("--attempts", item);
	}
}

/* The delays of stages that --stages, before it, names. */
static void take_retired(struct worker_options *o, char *list)
{
	char *rest = NULL;

	for (char *item = strtok_r(list, ",", &rest); item != NULL;
	     item = strtok_r(NULL, ",", &rest)) {
		int64_t ms = script_duration(item);
		size_t i = 0;
		while (i < o->n_stages && o->delays_ms[i] != ms)
			i++;
		if (i == o->n_stages)
			refuse("--retired", item);
		o->retired[i] = true;
	}
}

static void take_in_place(struct worker_options *o, char *value)
{
	char *delay = strchr(value, 'x');

	if (delay == NULL)
		refuse("--in-place", value);
	*delay = '\0';
	o->in_place_attempts = (int32_t)number("--in-place", value);
	o->in_place_ms = script_duration(delay + 1);
	if (o->in_place_ms < 1)
		refuse("--in-place", delay + 1);
}

static void take_events(struct worker_options *o, char *list)
{
	char *rest = NULL;

	o->events = 0;
	for (char *item = strtok_r(list, ",", &rest); item != NULL;
	     item = strtok_r(NULL, ",", &rest)) {
		int kind = HISTORY_CONFIG;
		while (kind <= HISTORY_DRAINED &&
		       strcmp(history_kind_name((enum history_kind)kind), item) != 0)
			kind++;
		if (kind > HISTORY_DRAINED)
			refuse("--events", item);
		o->events |= UINT32_C(1) << kind;
	}
}

static void take_headers(struct worker_options *o, const char *value)
{
	static const char *const families[] = {
		[STAGGER_HEADERS_KAFKA] = "kafka",
		[STAGGER_HEADERS_CONNECT] = "connect",
		[STAGGER_HEADERS_SPRING] = "spring",
		[STAGGER_HEADERS_NONE] = "none",
	};

	for (size_t i = STAGGER_HEADERS_KAFKA; i < sizeof(families) / sizeof(families[0]); i++) {
		if (strcmp(value, families[i]) == 0) {
			o->dead_letter_headers = (enum stagger_dead_letter_headers)i;
			return;
		}
	}
	refuse("--dlt-headers", value);
}

/* A number or a text option. False: neither. */
static bool take_plain(struct worker_options *o, const char *option, const char *value)
{
	const struct {
		const char *name;
		const char **text;
		int64_t *n64;
		int32_t *n32;
	} plain[] = {
		{"--brokers", &o->brokers, NULL, NULL},
		{"--group", &o->group, NULL, NULL},
		{"--topic", &o->topic, NULL, NULL},
		{"--order", &o->order, NULL, NULL},
		{"--instance", &o->instance, NULL, NULL},
		{"--name", &o->name, NULL, NULL},
		{"--out", &o->out, NULL, NULL},
		{"--chain", &o->chain, NULL, NULL},
		{"--workers", NULL, NULL, &o->workers},
		{"--max-in-flight", NULL, NULL, &o->max_in_flight},
		{"--max-uncommitted", NULL, &o->max_uncommitted, NULL},
		{"--session-timeout", NULL, &o->session_timeout_ms, NULL},
		{"--revoke-timeout", NULL, &o->revoke_timeout_ms, NULL},
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(option, plain[i].name) != 0)
			continue;
		if (plain[i].text != NULL)
			*plain[i].text = value;
		else if (plain[i].n64 != NULL)
			*plain[i].n64 = number(option, value);
		else
			*plain[i].n32 = (int32_t)number(option, value);
		return true;
	}
	return false;
}

static void take(struct worker_options *o, const char *option, char *value)
{
	if (take_plain(o, option, value))
		return;
	if (strcmp(option, "--stages") == 0)
		take_stages(o, value);
	else if (strcmp(option, "--attempts") == 0)
		take_visits(o, value);
	else if (strcmp(option, "--retired") == 0)
		take_retired(o, value);
	else if (strcmp(option, "--in-place") == 0)
		take_in_place(o, value);
	else if (strcmp(option, "--events") == 0)
		take_events(o, value);
	else if (strcmp(option, "--dlt-headers") == 0)
		take_headers(o, value);
	else if (strcmp(option, "--jitter") == 0)
		o->jitter = strtod(value, NULL) / (strchr(value, '%') == NULL ? 1 : 100);
	else if (strcmp(option, "--deadline") == 0)
		o->deadline_ms = script_duration(value);
	else if (strcmp(option, "--set") == 0 && o->n_sets < WORKER_MAX_SETS &&
		 strchr(value, '=') != NULL)
		o->sets[o->n_sets++] = value;
	else
		refuse(option, value);
}

struct worker_options worker_options(int argc, char **argv)
{
	static const int64_t default_ms[] = {60000, 300000, 1800000};
	struct worker_options o = {.order = "partition", .events = UINT32_MAX, .name = "worker"};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--republish") == 0) {
			o.republish = true;
		} else if (strcmp(argv[i], "--shared-topics") == 0) {
			o.shared = true;
		} else {
			if (i + 1 == argc)
				refuse(argv[i], NULL);
			take(&o, argv[i], argv[i + 1]);
			i++;
		}
	}
	if (o.brokers == NULL || o.group == NULL || o.topic == NULL || o.deadline_ms < 0)
		refuse("--brokers, --group, --topic or --deadline", NULL);
	if (strcmp(o.order, "partition") != 0 && strcmp(o.order, "key") != 0 &&
	    strcmp(o.order, "none") != 0)
		refuse("--order", o.order);
	if (o.n_stages == 0) {
		memcpy(o.delays_ms, default_ms, sizeof(default_ms));
		o.n_stages = sizeof(default_ms) / sizeof(default_ms[0]);
	}
	return o;
}
