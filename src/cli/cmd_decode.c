/* SPDX-License-Identifier: Apache-2.0
 *
 * stagger decode: one envelope from stdin to JSON. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include <stagger/envelope.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/input.h"

#define MAX_INPUT ((size_t)256 << 20) /* bytes: no broker takes a record of that size */
#define MARK 10 /* bytes of the single object's framing, the same for all of one version */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* In place: two digits become a byte, blanks between them nothing. */
static enum stagger_status from_hex(char *bytes, size_t *size, struct stagger_error *err)
{
	size_t n_digits = 0;

	for (size_t i = 0; i < *size; i++) {
		char c = bytes[i];
		if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
			continue;
		int value = digit(c);
		if (value < 0)
			return fail(err, STAGGER_CORRUPT,
				    "standard input, byte %zu: not a hexadecimal digit", i);
		if (n_digits % 2 == 0)
			bytes[n_digits / 2] = (char)(value << 4);
		else
			bytes[n_digits / 2] |= (char)value;
		n_digits++;
	}
	if (n_digits % 2 != 0)
		return fail(err, STAGGER_CORRUPT,
			    "standard input has half a byte: %zu hexadecimal digits", n_digits);
	*size = n_digits / 2;
	return STAGGER_OK;
}

/* The envelope, also when a program that prints lines put a newline behind it. */
static enum stagger_status read_envelope(const struct stagger_envelope **out,
					 struct stagger_bytes bytes, struct stagger_error *err)
{
	enum stagger_status status = stagger_envelope_read(out, bytes, err);
	const char *text = bytes.data;

	if (status != STAGGER_CORRUPT || bytes.size == 0 || text[bytes.size - 1] != '\n')
		return status;
	struct stagger_bytes shorter = {text, bytes.size - 1};
	return stagger_envelope_read(out, shorter, NULL) == STAGGER_OK ? STAGGER_OK : status;
}

/* Where a second envelope begins behind a whole first one, or 0. */
static size_t second_at(struct stagger_bytes bytes)
{
	const char *text = bytes.data;

	for (size_t at = MARK; bytes.size > MARK && at <= bytes.size - MARK; at++) {
		const struct stagger_envelope *first = NULL;
		const char *found = memchr(text + at, text[0], bytes.size - MARK - at + 1);
		if (found == NULL)
			return 0;
		at = (size_t)(found - text);
		if (memcmp(found, text, MARK) != 0 ||
		    read_envelope(&first, (struct stagger_bytes){text, at}, NULL) != STAGGER_OK)
			continue;
		stagger_envelope_free(&first);
		return at;
	}
	return 0;
}

static enum stagger_status decode(char **json, struct stagger_bytes bytes,
				  struct stagger_error *err)
{
	const struct stagger_envelope *envelope = NULL;
	enum stagger_status status = read_envelope(&envelope, bytes, err);
	size_t second = status == STAGGER_CORRUPT ? second_at(bytes) : 0;

	if (second > 0)
		return fail(err, STAGGER_CORRUPT,
			    "these are the values of several records, the second begins at byte "
			    "%zu: decode one at a time (kcat -c 1), or use 'stagger dlt show'",
			    second);
	if (status != STAGGER_OK)
		return status;
	status = stagger_envelope_json(envelope, json, err);
	stagger_envelope_free(&envelope);
	return status;
}

int cmd_decode(struct cli *cli)
{
	struct stagger_error err;
	char *bytes = NULL, *json = NULL;
	size_t size = 0;
	int end = END_OK;

	enum stagger_status status = input_read(&bytes, &size, MAX_INPUT, &err);
	if (status == STAGGER_OK && cli->given.values[OPTION_HEX] != NULL)
		status = from_hex(bytes, &size, &err);
	if (status == STAGGER_OK && size == 0)
		status = fail(&err, STAGGER_CORRUPT,
			      "standard input is empty: an envelope is expected");
	if (status == STAGGER_OK)
		status = decode(&json, (struct stagger_bytes){bytes, size}, &err);
	if (status == STAGGER_OK)
		output_print(&cli->out, "%s\n", json);
	else
		end = cli_fail(&err);
	free(json);
	free(bytes);
	return end;
}
