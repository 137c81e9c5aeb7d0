/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers of a record that was read. Asking librdkafka costs a dozen mallocs and frees even when
 * there are none, more than all else that happens to a message; so it is asked only when there may
 * be some. A record's value is followed by the number of its headers, and librdkafka's messages
 * point into what the broker sent:
 *
 *   ... value | n headers, headers | the next record: length, ..., key, ... value | n headers ...
 *
 * So where the next message's bytes follow closely, the byte behind this one's value belongs to the
 * same response, and 0 says that there are no headers. (In the formats before Kafka 0.11, which had
 * none, it is the first byte of the next offset.) Of what is read last, librdkafka is asked. */
#include "kafka/internal.h"

#include <stdlib.h>

#define CLOSE 64 /* bytes between two records' values without headers and key: 34 at most */

bool headers_none(const rd_kafka_message_t *m, const rd_kafka_message_t *next)
{
	if (next == NULL || next->err != RD_KAFKA_RESP_ERR_NO_ERROR || m->payload == NULL ||
	    !gates_bytes_in_place())
		return false;
	const void *follows = next->key != NULL ? next->key : next->payload;
	const unsigned char *end = (const unsigned char *)m->payload + m->len;
	uintptr_t distance = (uintptr_t)follows - (uintptr_t)end; // huge when it does not follow
	return distance > 0 && distance <= CLOSE && *end == 0;
}

bool headers_take(const rd_kafka_message_t *m, struct port_record *r)
{
	rd_kafka_headers_t *headers;

	if (rd_kafka_message_headers(m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return true;
	size_t n = rd_kafka_header_cnt(headers);
	if (n == 0)
		return true;
	r->headers = malloc(n * sizeof(*r->headers));
	if (r->headers == NULL)
		return false;
	while (r->n_headers < n) {
		struct stagger_header *h = &r->headers[r->n_headers];
		if (rd_kafka_header_get_all(headers, r->n_headers, &h->name, &h->value.data,
					    &h->value.size) != RD_KAFKA_RESP_ERR_NO_ERROR)
			break;
		r->n_headers++;
	}
	return true;
}
