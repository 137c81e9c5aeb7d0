/* SPDX-License-Identifier: Apache-2.0
 *
 * Which library this is and which librdkafka it runs on: put together once, constant from then on.
 */
#include <stagger/version.h>

#include <pthread.h>
#include <stdio.h>

#include "base/error.h"
#include "kafka/kafka.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char text[96];

static void put_together(void)
{
	snprintf(text, sizeof(text), "%s librdkafka %s", STAGGER_VERSION_TEXT, kafka_version());
}

const char *stagger_version(void)
{
	pthread_once(&once, put_together);
	return text;
}
