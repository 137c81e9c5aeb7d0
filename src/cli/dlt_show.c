/* SPDX-License-Identifier: Apache-2.0
 *
 * One dead letter, whole: for people, and as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "base/json.h"
#include "cli/dlt.h"

#define SHOWN 4000 /* bytes of one value that a terminal is shown */

static void name(struct output *out, const char *text)
{
	output_style(out, STYLE_DIM);
	output_print(out, "  %-10s", text);
	output_style(out, STYLE_PLAIN);
}

static void print_bytes(struct output *out, struct stagger_bytes bytes)
{
	size_t size = bytes.size;

	if (size > SHOWN)
		bytes.size = SHOWN;
	output_bytes(out, bytes);
	if (size > SHOWN)
		output_print(out, "... (%zu bytes, --output json shows them all)", size);
	output_print(out, "\n");
}

static void print_headers(struct output *out, const char *title,
			  const struct stagger_header *headers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		name(out, title);
		output_text(out, headers[i].name);
		output_print(out, ": ");
		print_bytes(out, headers[i].value);
	}
}

static void print_fault(struct output *out, const struct stagger_fault *fault)
{
	char text[DLT_CLASS];

	output_text(out, dlt_class(fault, text));
	output_print(out, ": ");
	print_bytes(out, bytes_text(fault->error_message));
}

static void print_place(struct output *out, const char *topic, int32_t partition, int64_t offset)
{
	char text[DLT_PLACE];

	output_text(out, dlt_place(topic, partition, offset, text));
}

static void print_time(struct output *out, int64_t ms)
{
	char text[INSTANT_TEXT];

	output_print(out, "%s", instant_format(ms, text));
}

static void print_history(struct output *out, const struct stagger_envelope *e)
{
	for (size_t i = 0; i < e->n_history; i++) {
		const struct stagger_attempt *a = e->history[i];
		name(out, i == 0 ? "history" : "");
		print_time(out, a->failed_ms);
		output_print(out, "  ");
		output_text(out, a->stage);
		if (a->tries > 1)
			output_print(out, " (%d calls)", (int)a->tries);
		output_print(out, ", ");
		print_fault(out, &a->fault);
	}
	if (e->history_dropped > 0) {
		name(out, "");
		output_print(out, "and %d more that were dropped\n", (int)e->history_dropped);
	}
}

static void print_why(struct output *out, const struct stagger_envelope *e)
{
	name(out, "error");
	output_style(out, STYLE_RED);
	print_fault(out, &e->last);
	output_style(out, STYLE_PLAIN);
	if (e->last.error_detail != NULL) {
		name(out, "detail");
		print_bytes(out, bytes_text(e->last.error_detail));
	}
	name(out, "end");
	output_text(out, e->disposition);
	output_print(out, " at attempt %d, %.1f s after the first failure", (int)e->attempts,
		     ((double)e->last_failed_ms - (double)e->first_failed_ms) / 1000);
	if (e->replays > 0)
		output_print(out, ", replays: %d", (int)e->replays);
	output_print(out, "\n");
}

static void print_envelope(struct output *out, const struct stagger_envelope *e)
{
	name(out, "key");
	print_bytes(out, e->key);
	name(out, "value");
	if (e->payload_omitted)
		output_print(out, "left out: it was too large; the original may still be there\n");
	else
		print_bytes(out, e->value);
	print_why(out, e);
	name(out, "from");
	print_place(out, e->original_topic, e->original_partition, e->original_offset);
	if (e->original_timestamp_ms >= 0) {
		output_print(out, " of ");
		print_time(out, e->original_timestamp_ms);
	}
	output_print(out, "\n");
	name(out, "chain");
	output_text(out, e->chain);
	output_print(out, ", group ");
	print_bytes(out, bytes_text(e->group));
	print_headers(out, "header", e->headers, e->n_headers);
	for (size_t i = 0; i < e->n_attributes; i++) {
		name(out, "attribute");
		output_text(out, e->attributes[i].name);
		output_print(out, ": ");
		print_bytes(out, bytes_text(e->attributes[i].value));
	}
	print_history(out, e);
}

void dlt_show_text(struct output *out, const struct dead_letter *letter)
{
	const struct reader_record *record = &letter->record;
	int64_t when_ms = dead_letter_when_ms(letter);

	output_style(out, STYLE_BOLD);
	print_place(out, record->topic, record->partition, record->offset);
	output_style(out, STYLE_PLAIN);
	if (when_ms >= 0) {
		output_print(out, "  ");
		print_time(out, when_ms);
	}
	output_print(out, "\n");
	if (letter->envelope != NULL) {
		print_envelope(out, letter->envelope);
	} else {
		name(out, "no envelope");
		output_text(out, letter->why);
		output_print(out, "\n");
		name(out, "key");
		print_bytes(out, record->key);
		name(out, "value");
		print_bytes(out, record->value);
	}
	print_headers(out, "outside", record->headers, record->n_headers);
	output_print(out, "\n");
}

/* -- JSON -------------------------------------------------------------------------------- */

static void put_record(struct json *j, const struct dead_letter *letter)
{
	const struct reader_record *record = &letter->record;

	json_name(j, "topic");
	json_text(j, record->topic);
	json_name(j, "partition");
	json_number(j, record->partition);
	json_name(j, "offset");
	json_number(j, record->offset);
	json_name(j, "timestamp");
	if (record->timestamp_ms >= 0)
		json_number(j, record->timestamp_ms);
	else
		json_null(j);
	json_name(j, "headers");
	json_open(j, '[');
	for (size_t i = 0; i < record->n_headers; i++) {
		json_open(j, '{');
		json_name(j, "key");
		json_text(j, record->headers[i].name);
		json_name(j, "value");
		json_bytes(j, record->headers[i].value);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_name(j, "key");
	json_bytes(j, record->key);
	if (letter->envelope != NULL)
		return;
	json_name(j, "value");
	json_bytes(j, record->value);
	json_name(j, "no_envelope");
	json_text(j, letter->why);
}

/* The envelope's own JSON is put in as it is. */
bool dlt_show_json(struct output *out, const struct dead_letter *letter)
{
	struct json j = {0};
	struct stagger_error err;
	char *envelope = NULL;
	bool good = letter->envelope == NULL ||
		    stagger_envelope_json(letter->envelope, &envelope, &err) == STAGGER_OK;

	json_open(&j, '{');
	put_record(&j, letter);
	json_name(&j, "envelope");
	char *text = json_finish(&j);
	good = good && text != NULL;
	if (good)
		output_print(out, "%s%s}\n", text, envelope != NULL ? envelope : "null");
	free(text);
	free(envelope);
	return good;
}
