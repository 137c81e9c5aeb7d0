/* SPDX-License-Identifier: Apache-2.0
 *
 * A dead letter: a record of a dead-letter topic, and the envelope that is in it. */
#ifndef DEAD_LETTER_H
#define DEAD_LETTER_H

#include <stagger/envelope.h>

#include "kafka/reader.h"

struct dead_letter {
	struct reader_record record;             /* as it lies in the dead-letter topic */
	const struct stagger_envelope *envelope; /* NULL: its value is none, why says why */
	const char *why;
};

/* When it was put there: the record's timestamp, else when it failed last, else -1. */
int64_t dead_letter_when_ms(const struct dead_letter *letter);
/* The stage whose call was the last: "main", "retry.5m"; NULL without an envelope. */
const char *dead_letter_stage(const struct dead_letter *letter);

#endif
