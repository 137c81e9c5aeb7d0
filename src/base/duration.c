/* SPDX-License-Identifier: Apache-2.0
 *
 * Durations as people write them. One table of units, largest first, serves both directions. */
#include "base/duration.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"

#define MAX_MS (INT64_C(3650) * 24 * 3600 * 1000)
#define SHOWN 40 /* bytes of the refused text that an error repeats */

static const struct {
	const char *name;
	int64_t ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

#define N_UNITS (sizeof(units) / sizeof(units[0]))

const char *duration_format(int64_t ms, char text[DURATION_TEXT])
{
	size_t used = 0;

	assert(ms >= 0);
	for (size_t i = 0; i < N_UNITS; i++) {
		long long count = ms / units[i].ms;
		if (count > 0 || (used == 0 && i == N_UNITS - 1))
			text_add(text, DURATION_TEXT, &used, "%lld%s", count, units[i].name);
		ms %= units[i].ms;
	}
	return text;
}

static enum stagger_status refuse(struct stagger_error *err, const char *text, const char *at,
				  const char *why)
{
	char shown[SHOWN];

	utf8_clean(shown, sizeof(shown), bytes_text(text));
	enum stagger_status status = fail(err, STAGGER_INVALID, "duration '%s': %s", shown, why);
	if (err != NULL)
		err->column = (uint32_t)(at - text) + 1;
	return status;
}

/* The number at *at, saturated; *at moves behind it. */
static int64_t number_at(const char **at)
{
	int64_t number = 0;
	for (; **at >= '0' && **at <= '9'; ++*at)
		number = add_saturated(mul_saturated(number, 10), **at - '0');
	return number;
}

static size_t unit_of(const char *name, size_t size)
{
	size_t i = 0;
	while (i < N_UNITS && !bytes_is((struct stagger_bytes){name, size}, units[i].name))
		i++;
	return i;
}

enum stagger_status duration_parse(int64_t *out_ms, const char *text, struct stagger_error *err)
{
	int64_t total_ms = 0;
	size_t next_unit = 0; // units before it are used up

	if (text == NULL)
		text = "";
	if (text[0] == '\0')
		return refuse(err, text, text, "empty, write 30s");
	for (const char *at = text; *at != '\0';) {
		const char *number_start = at;
		int64_t number = number_at(&at);
		if (at == number_start)
			return refuse(err, text, at, "a number is expected, as in 1h30m");
		if (*at == '\0')
			return refuse(err, text, number_start, "the number has no unit, write 30s");
		size_t unit_size = strcspn(at, "0123456789");
		size_t unit = unit_of(at, unit_size);
		if (unit == N_UNITS)
			return refuse(err, text, at, "not a unit, use d, h, m, s or ms");
		if (unit < next_unit)
			return refuse(err, text, at, "units go from large to small, each once");
		total_ms = add_saturated(total_ms, mul_saturated(number, units[unit].ms));
		if (total_ms > MAX_MS)
			return refuse(err, text, number_start, "longer than 3650d");
		next_unit = unit + 1;
		at += unit_size;
	}
	*out_ms = total_ms;
	return STAGGER_OK;
}
