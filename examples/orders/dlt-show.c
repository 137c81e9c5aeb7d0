/* SPDX-License-Identifier: Apache-2.0
 *
 * Shows what is in a dead-letter topic now: for each dead letter the original record, why it is
 * here and all that was tried. A reader without a group: it commits nothing and disturbs nobody.
 *   dlt-show BROKERS TOPIC [--json] */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <librdkafka/rdkafka.h>
#include <stagger/envelope.h>

#define ANSWER_MS 10000

/* -- printing --------------------------------------------------------------------------------- */

/* What strangers produced must not reach the terminal's control codes. */
static void print_bytes(struct stagger_bytes bytes)
{
	const unsigned char *at = bytes.data;

	for (size_t i = 0; i < bytes.size; i++)
		if (at[i] < 0x20 || at[i] == 0x7f)
			printf("\\x%02x", at[i]);
		else
			putchar(at[i]);
	if (bytes.data == NULL)
		fputs("null", stdout);
}

static void print_text(const char *text)
{
	print_bytes((struct stagger_bytes){ text, strlen(text) });
}

static void print_fault(const struct stagger_fault *fault)
{
	print_text(fault->error_class);
	if (fault->error_code != NULL) {
		putchar('/');
		print_text(fault->error_code);
	}
	fputs(": ", stdout);
	print_text(fault->error_message);
}

static void print_attempt(const struct stagger_attempt *attempt)
{
	time_t seconds = (time_t)(attempt->failed_ms / 1000);
	struct tm utc = { 0 }; /* what is no date stays 00:00:00 */
	char clock[16];

	gmtime_r(&seconds, &utc);
	strftime(clock, sizeof(clock), "%H:%M:%S", &utc);
	printf("     %s.%03d  ", clock, (int)(attempt->failed_ms % 1000));
	print_text(attempt->stage);
	printf(", ");
	print_fault(&attempt->fault);
	putchar('\n');
}

static void print_envelope(const struct stagger_envelope *e)
{
	printf("  ");
	print_bytes(e->key);
	printf("  ");
	print_bytes(e->value);
	printf("\n     ");
	print_fault(&e->last);
	printf("\n     ");
	print_text(e->disposition);
	printf(" at attempt %d, %.1f s after the first; was ", e->attempts,
	       (double)(e->last_failed_ms - e->first_failed_ms) / 1000);
	print_text(e->original_topic);
	printf("[%d] offset %lld\n", e->original_partition, (long long)e->original_offset);
	for (size_t i = 0; i < e->n_headers; i++) {
		printf("     header ");
		print_text(e->headers[i].name);
		printf(": ");
		print_bytes(e->headers[i].value);
		putchar('\n');
	}
	for (size_t i = 0; i < e->n_history; i++)
		print_attempt(e->history[i]);
}

static void print_json(const struct stagger_envelope *e)
{
	struct stagger_error error;
	char *json;

	if (stagger_envelope_json(e, &json, &error) != STAGGER_OK)
		errx(1, "%s", error.text);
	puts(json);
	free(json);
}

static void show(const rd_kafka_message_t *m, bool as_json)
{
	const struct stagger_envelope *envelope;
	struct stagger_error error;

	if (stagger_envelope_read(&envelope, (struct stagger_bytes){ m->payload, m->len },
				  &error) != STAGGER_OK) {
		warnx("partition %d offset %lld: %s", m->partition, (long long)m->offset,
		      error.text);
		return;
	}
	if (as_json)
		print_json(envelope);
	else
		print_envelope(envelope);
	stagger_envelope_free(&envelope);
}

/* -- reading ---------------------------------------------------------------------------------- */

static rd_kafka_t *reader_new(const char *brokers)
{
	const char *const settings[][2] = {
		{ "bootstrap.servers", brokers },
		{ "group.id", "dlt-show" }, /* librdkafka wants a name; the group is never joined */
		{ "enable.auto.commit", "false" },
		{ "enable.partition.eof", "true" },
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char text[512];

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof(text)) !=
		    RD_KAFKA_CONF_OK)
			errx(2, "%s", text);
	rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
	if (reader == NULL)
		errx(1, "%s", text);
	rd_kafka_poll_set_consumer(reader);
	return reader;
}

/* Reads every partition from its beginning. Returns how many there are. */
static int assign_all(rd_kafka_t *reader, const char *name)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(reader, name, NULL);
	const struct rd_kafka_metadata *found;
	rd_kafka_resp_err_t code = rd_kafka_metadata(reader, 0, topic, &found, ANSWER_MS);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = found->topics[0].err;
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		errx(1, "%s: %s", name, rd_kafka_err2str(code));
	int count = found->topics[0].partition_cnt;
	rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(count);
	for (int i = 0; i < count; i++)
		rd_kafka_topic_partition_list_add(all, name, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
	code = rd_kafka_assign(reader, all);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		errx(1, "%s: %s", name, rd_kafka_err2str(code));
	rd_kafka_topic_partition_list_destroy(all);
	rd_kafka_metadata_destroy(found);
	rd_kafka_topic_destroy(topic);
	return count;
}

int main(int argc, char **argv)
{
	int shown = 0;

	if (argc < 3)
		errx(2, "usage: dlt-show BROKERS TOPIC [--json]");
	bool as_json = argc > 3 && strcmp(argv[3], "--json") == 0;
	rd_kafka_t *reader = reader_new(argv[1]);
	for (int left = assign_all(reader, argv[2]); left > 0;) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(reader, ANSWER_MS);
		if (m == NULL)
			errx(1, "%s: no answer for %d s", argv[2], ANSWER_MS / 1000);
		if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
			left--;
		} else if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
			errx(1, "%s: %s", argv[2], rd_kafka_message_errstr(m));
		} else {
			show(m, as_json);
			shown++;
		}
		rd_kafka_message_destroy(m);
	}
	rd_kafka_consumer_close(reader);
	rd_kafka_destroy(reader);
	if (!as_json)
		printf("%d dead letters in %s\n", shown, argv[2]);
	return 0;
}
