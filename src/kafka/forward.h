/* SPDX-License-Identifier: Apache-2.0
 *
 * A fixed port for the embedded broker. librdkafka's mock cluster listens on a port that it chooses
 * itself; what connects here is carried there, byte for byte, by a thread of its own. Clients need
 * it for their first connection only: the metadata name the broker's own port. */
#ifndef KAFKA_FORWARD_H
#define KAFKA_FORWARD_H

#include <stagger/error.h>

#define FORWARD_MAX 64 /* connections; more wait until one ends */

struct forward;
/* Listens on 127.0.0.1:port. INVALID: the port is taken, or not ours to take. */
STAGGER_MUST_USE enum stagger_status forward_new(struct forward **out, int32_t port,
						 struct stagger_error *err);
/* Carries on to 127.0.0.1:port from now on. Once. */
STAGGER_MUST_USE enum stagger_status forward_begin(struct forward *f, int32_t port,
						   struct stagger_error *err);
/* Closes all connections. */
void forward_free(struct forward **f);

#endif
