/* SPDX-License-Identifier: Apache-2.0
 *
 * By hand: strtod() and strtoll() take signs, blanks, hexadecimal and the locale's point. */
#include "config/numbers.h"

#include <string.h>

#include "base/bytes.h"

bool number_digits(const char **at, int64_t *out)
{
	const char *from = *at;
	int64_t number = 0;

	for (; **at >= '0' && **at <= '9'; ++*at)
		number = add_saturated(mul_saturated(number, 10), **at - '0');
	*out = number;
	return *at > from && (from[0] != '0' || *at == from + 1);
}

bool number_decimal(const char **at, double *out)
{
	int64_t whole;
	double part = 0.1;

	if (!number_digits(at, &whole))
		return false;
	*out = (double)whole;
	if (**at != '.')
		return true;
	const char *from = ++*at;
	for (; **at >= '0' && **at <= '9'; ++*at, part /= 10)
		*out += (**at - '0') * part;
	return *at > from;
}

bool number_size(const char *text, int64_t *out)
{
	static const struct {
		const char *name;
		int64_t bytes;
	} units[] = {
		{ "B", 1 }, { "KiB", 1024 }, { "MiB", 1024 * 1024 }, { "GiB", 1024 * 1024 * 1024 }
	};
	int64_t number;

	if (!number_digits(&text, &number))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text, units[i].name) == 0) {
			*out = mul_saturated(number, units[i].bytes);
			return true;
		}
	}
	return false;
}
