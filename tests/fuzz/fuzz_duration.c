/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text as a duration: what is read is the sum of its parts, is within 3650 days and stays the
 * same when it is written and read again; what is not is refused with its place. And every number
 * of milliseconds can be written. */
#include <string.h>

#include "base/duration.h"
#include "draw.h"
#include "fuzz.h"

#define MOST_MS   (INT64_C(3650) * 24 * 3600 * 1000)
#define UNTOUCHED INT64_C(-77)

/* In another way than the library. The text was taken, so each unit is smaller than the last. */
static int64_t sum_ms(const char *text)
{
	int64_t sum = 0;
	int64_t last = INT64_MAX;

	while (*text != '\0') {
		char *unit;
		int64_t n = strtoll(text, &unit, 10);
		bool milli = unit[0] == 'm' && unit[1] == 's';
		int64_t ms = milli	      ? 1
			     : unit[0] == 's' ? 1000
			     : unit[0] == 'm' ? 60 * 1000
			     : unit[0] == 'h' ? 3600 * 1000
					      : 24 * 3600 * 1000;
		must(unit > text && ms < last);
		last = ms;
		sum += n * ms;
		text = unit + (milli ? 2 : 1);
	}
	return sum;
}

static void write_and_read(int64_t ms)
{
	char text[DURATION_TEXT];
	int64_t again = UNTOUCHED;
	enum stagger_status status = duration_parse(&again, duration_format(ms, text), NULL);

	must(strlen(text) < sizeof(text));
	must(sum_ms(text) == ms);
	must(status == (ms <= MOST_MS ? STAGGER_OK : STAGGER_INVALID));
	must(again == (ms <= MOST_MS ? ms : UNTOUCHED));
}

static void read_any(const char *text)
{
	struct stagger_error err = {0};
	int64_t ms = UNTOUCHED;
	enum stagger_status status = duration_parse(&ms, text, &err);

	must(status == STAGGER_OK || status == STAGGER_INVALID);
	if (status == STAGGER_OK) {
		must(ms >= 0 && ms <= MOST_MS && ms == sum_ms(text));
		write_and_read(ms);
		return;
	}
	must(ms == UNTOUCHED);
	must(strncmp(err.text, "duration '", 10) == 0);
	must(err.column >= 1 && err.column <= strlen(text) + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct draw d = {data, size};
	int64_t ms = draw_number(&d) & INT64_MAX;
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	read_any(text);
	write_and_read(ms);
	write_and_read(ms % (MOST_MS + 1));
	free(text);
	return 0;
}
