/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of envelope.h and error.h. */
#include "calls.h"

#define FAULT                                                                                      \
	{                                                                                          \
		"Busy", "503", "the bank is busy", NULL                                            \
	}

static const struct stagger_fault fault = FAULT;
static const struct stagger_attempt attempt = {
	.stage = "main", .topic = "orders", .tries = 1, .offset = 7, .fault = FAULT};
static const struct stagger_attempt *const history[] = {&attempt, &attempt};
static const struct stagger_pair attributes[] = {{"a", "1"}, {"b", "2"}};
static const struct stagger_header headers[] = {{"h", {"\xff\x00x", 3}}, {"h", {NULL, 0}}};

static void nothing(struct desk *d)
{
	(void)d;
}

static enum stagger_status make_new(struct desk *d, struct stagger_error *err)
{
	return stagger_envelope_new(&d->fresh, err);
}

static void filled(struct desk *d)
{
	must(make_new(d, NULL), NULL);
	d->fresh->stage = "retry.1m";
	d->fresh->disposition = "retry";
	d->fresh->group = "billing";
	d->fresh->chain = d->fresh->original_topic = "orders";
	d->fresh->last = fault;
	d->fresh->first = &fault;
	d->fresh->history = history;
	d->fresh->n_history = 2;
	d->fresh->attributes = attributes;
	d->fresh->n_attributes = 2;
	d->fresh->headers = headers;
	d->fresh->n_headers = 2;
	d->fresh->key = (struct stagger_bytes){"key", 3};
	d->fresh->value = (struct stagger_bytes){"\x00\xfe\xff value", 9};
}

static enum stagger_status make_write(struct desk *d, struct stagger_error *err)
{
	return stagger_envelope_write(d->fresh, 0, &d->bytes, &d->size, err);
}

static void written(struct desk *d)
{
	filled(d);
	must(make_write(d, NULL), NULL);
}

static struct stagger_bytes bytes_of(const struct desk *d)
{
	return (struct stagger_bytes){d->bytes, d->size};
}

static enum stagger_status make_read(struct desk *d, struct stagger_error *err)
{
	return stagger_envelope_read(&d->read, bytes_of(d), err);
}

static void read_again(struct desk *d)
{
	written(d);
	must(make_read(d, NULL), NULL);
}

static enum stagger_status make_json(struct desk *d, struct stagger_error *err)
{
	return stagger_envelope_json(d->read, &d->json, err);
}

static enum stagger_status make_is(struct desk *d, struct stagger_error *err)
{
	(void)err;
	return stagger_envelope_is(bytes_of(d)) ? STAGGER_OK : STAGGER_CORRUPT;
}

static enum stagger_status make_schema(struct desk *d, struct stagger_error *err)
{
	(void)d;
	(void)err;
	return strlen(stagger_envelope_schema()) > 0 ? STAGGER_OK : STAGGER_CORRUPT;
}

static enum stagger_status make_free(struct desk *d, struct stagger_error *err)
{
	(void)err;
	stagger_envelope_free(&d->read);
	return STAGGER_OK;
}

static enum stagger_status make_status_name(struct desk *d, struct stagger_error *err)
{
	(void)d;
	(void)err;
	return strcmp(stagger_status_name(STAGGER_NO_MEMORY), "STAGGER_NO_MEMORY") == 0
		       ? STAGGER_OK
		       : STAGGER_CORRUPT;
}

static enum stagger_status make_version(struct desk *d, struct stagger_error *err)
{
	(void)d;
	(void)err;
	return strstr(stagger_version(), "librdkafka") != NULL ? STAGGER_OK : STAGGER_CORRUPT;
}

const struct call calls_of_envelopes[] = {
	CALL(stagger_envelope_new, .set_up = nothing, .make = make_new, .n_least = 1),
	CALL(stagger_envelope_write, .set_up = filled, .make = make_write, .n_least = 2),
	CALL(stagger_envelope_read, .set_up = written, .make = make_read, .n_least = 2),
	CALL(stagger_envelope_json, .set_up = read_again, .make = make_json, .n_least = 2),
	CALL(stagger_envelope_is, .set_up = written, .make = make_is),
	CALL(stagger_envelope_schema, .set_up = nothing, .make = make_schema),
	CALL(stagger_envelope_free, .set_up = read_again, .make = make_free),
	CALL(stagger_status_name, .set_up = nothing, .make = make_status_name),
	CALL(stagger_version, .set_up = nothing, .make = make_version),
};
const size_t n_calls_of_envelopes = sizeof(calls_of_envelopes) / sizeof(calls_of_envelopes[0]);
