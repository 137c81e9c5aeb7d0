/* SPDX-License-Identifier: Apache-2.0
 *
 * hex_to_json <FILE.hex: prints stagger's own JSON of each line's envelope, to be compared with
 * what other readers make of the same bytes. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include <stagger/envelope.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Over the line itself; returns the number of bytes. */
static size_t unhex(char *line)
{
	size_t n = 0;

	while (digit(line[2 * n]) >= 0 && digit(line[2 * n + 1]) >= 0) {
		line[n] = (char)(digit(line[2 * n]) * 16 + digit(line[2 * n + 1]));
		n++;
	}
	return n;
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;
	int code = 0;

	while (getline(&line, &room, stdin) > 0) {
		const struct stagger_envelope *envelope = NULL;
		struct stagger_bytes bytes = {line, unhex(line)};
		struct stagger_error err;
		char *json = NULL;
		enum stagger_status status = stagger_envelope_read(&envelope, bytes, &err);

		if (status == STAGGER_OK)
			status = stagger_envelope_json(envelope, &json, &err);
		if (status == STAGGER_OK) {
			puts(json);
		} else {
			fprintf(stderr, "hex_to_json: %s\n", err.text);
			code = 1;
		}
		free(json);
		stagger_envelope_free(&envelope);
	}
	free(line);
	return code;
}
