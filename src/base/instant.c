/* SPDX-License-Identifier: Apache-2.0
 *
 * Instants. The calendar is reckoned here (Howard Hinnant's days_from_civil): libc's own asks the
 * time zone of the host, and timegm() takes the 31st of February. */
#include "base/instant.h"

#include <string.h>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"

#define DAY_MS INT64_C(86400000)
#define SHOWN 40 /* bytes of the refused text that an error repeats */

/* Days from 1970-01-01 to that date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	if (month <= 2)
		year--;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t n_years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * n_years + n_years / 4 - n_years / 100);
	int64_t moved = (5 * of_year + 2) / 153;

	*day = of_year - (153 * moved + 2) / 5 + 1;
	*month = moved < 10 ? moved + 3 : moved - 9;
	*year = n_years + era * 400 + (*month <= 2 ? 1 : 0);
}

const char *instant_format(int64_t ms, char text[INSTANT_TEXT])
{
	int64_t days = ms / DAY_MS - (ms % DAY_MS < 0 ? 1 : 0);
	int64_t rest = ms - days * DAY_MS;
	int64_t year, month, day;
	size_t used = 0;

	date_of(days, &year, &month, &day);
	if (year < 0 || year > 9999)
		text_add(text, INSTANT_TEXT, &used, "@%lld", (long long)ms);
	else
		text_add(text, INSTANT_TEXT, &used, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
			 (int)year, (int)month, (int)day, (int)(rest / 3600000),
			 (int)(rest / 60000 % 60), (int)(rest / 1000 % 60), (int)(rest % 1000));
	return text;
}

/* -- reading ----------------------------------------------------------------------------- */

struct cursor {
	const char *at;
	bool good;
};

static int64_t take_digits(struct cursor *c, int n)
{
	int64_t number = 0;

	for (int i = 0; i < n && c->good; i++) {
		c->good = *c->at >= '0' && *c->at <= '9';
		if (c->good)
			number = number * 10 + (*c->at++ - '0');
	}
	return number;
}

static bool take(struct cursor *c, const char *one_of)
{
	if (!c->good || *c->at == '\0' || strchr(one_of, *c->at) == NULL)
		return false;
	c->at++;
	return true;
}

static void need(struct cursor *c, const char *one_of)
{
	c->good = take(c, one_of);
}

static int64_t take_number(struct cursor *c, int n, int64_t min, int64_t max)
{
	int64_t number = take_digits(c, n);

	c->good = c->good && number >= min && number <= max;
	return number;
}

static int64_t take_date(struct cursor *c)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t year = take_digits(c, 4);

	need(c, "-");
	int64_t month = take_number(c, 2, 1, 12);
	need(c, "-");
	int64_t day = take_number(c, 2, 1, 31);
	if (!c->good)
		return 0;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	c->good = day <= lengths[month - 1] + (month == 2 && leap ? 1 : 0);
	return days_of(year, month, day) * DAY_MS;
}

/* Digits beyond the third are cut off. */
static int64_t take_fraction(struct cursor *c)
{
	int64_t ms = take_digits(c, 1) * 100;

	for (int64_t worth = 10; *c->at >= '0' && *c->at <= '9'; worth /= 10)
		ms += (*c->at++ - '0') * worth;
	return ms;
}

static int64_t take_zone(struct cursor *c)
{
	if (take(c, "Zz"))
		return 0;
	int64_t sign = c->good && *c->at == '-' ? 1 : -1; /* 03:00+02:00 is 01:00 in UTC */
	need(c, "+-");
	int64_t hours = take_number(c, 2, 0, 23);
	need(c, ":");
	return sign * (hours * 60 + take_number(c, 2, 0, 59)) * 60000;
}

static int64_t take_instant(struct cursor *c)
{
	int64_t ms = take_date(c);

	if (!c->good || *c->at == '\0')
		return ms;
	need(c, "Tt ");
	ms += take_number(c, 2, 0, 23) * 3600000;
	need(c, ":");
	ms += take_number(c, 2, 0, 59) * 60000;
	need(c, ":");
	ms += take_number(c, 2, 0, 60) * 1000; /* a leap second */
	if (take(c, "."))
		ms += take_fraction(c);
	ms += take_zone(c);
	c->good = c->good && *c->at == '\0';
	return ms;
}

enum stagger_status instant_parse(int64_t *out_ms, const char *text, int64_t now_ms,
				  struct stagger_error *err)
{
	struct cursor c = {.at = text, .good = true};
	char shown[SHOWN];
	int64_t ago_ms;

	int64_t ms = take_instant(&c);
	if (c.good) {
		*out_ms = ms;
		return STAGGER_OK;
	}
	if (duration_parse(&ago_ms, text, NULL) == STAGGER_OK) {
		*out_ms = add_saturated(now_ms, -ago_ms);
		return STAGGER_OK;
	}
	utf8_clean(shown, sizeof(shown), bytes_text(text));
	return fail(err, STAGGER_INVALID,
		    "instant '%s': write 2026-01-02T03:04:05Z (or +02:00 for Z), 2026-01-02, or "
		    "2h for two hours ago",
		    shown);
}
