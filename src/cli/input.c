/* SPDX-License-Identifier: Apache-2.0
 *
 * Standard input as a whole. */
#define _GNU_SOURCE
#include "cli/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define FIRST_ROOM 65536

struct input {
	char *bytes;
	size_t size, room;
};

static enum stagger_status make_room(struct input *in, size_t max, struct stagger_error *err)
{
	size_t room = in->room == 0 ? FIRST_ROOM : in->room * 2;

	if (in->size > max)
		return fail(err, STAGGER_INVALID, "standard input has more than %zu MiB",
			    max >> 20);
	if (in->size < in->room)
		return STAGGER_OK;
	char *bytes = realloc(in->bytes, room);
	if (bytes == NULL)
		return fail_memory(err);
	in->bytes = bytes;
	in->room = room;
	return STAGGER_OK;
}

enum stagger_status input_read(char **out, size_t *size, size_t max, struct stagger_error *err)
{
	struct input in = {0};

	for (;;) {
		enum stagger_status status = make_room(&in, max, err);
		ssize_t n = -1;
		if (status == STAGGER_OK)
			n = read(STDIN_FILENO, in.bytes + in.size, in.room - in.size);
		if (status == STAGGER_OK && n < 0 && errno == EINTR)
			continue;
		if (status == STAGGER_OK && n < 0)
			status = fail(err, STAGGER_INVALID, "standard input: %s", strerror(errno));
		if (status != STAGGER_OK) {
			free(in.bytes);
			return status;
		}
		if (n == 0)
			break;
		in.size += (size_t)n;
	}
	*out = in.bytes;
	*size = in.size;
	return STAGGER_OK;
}
