/* SPDX-License-Identifier: Apache-2.0
 *
 * What worker, flood and drain share: scripts, hashes, durations, lines. */
#define _GNU_SOURCE
#include "script.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "map.h"

static void copy_text(char to[SCRIPT_MAX_TEXT], const char *from, size_t size)
{
	size_t n = size < SCRIPT_MAX_TEXT - 1 ? size : SCRIPT_MAX_TEXT - 1;

	memcpy(to, from, n);
	to[n] = '\0';
}

static void take_field(struct script *script, const char *field, size_t size)
{
	static const char *const names[] = {"id=", "script=", "class=", "detail=", "after="};
	char text[SCRIPT_MAX_TEXT];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);
		if (size <= n || memcmp(field, names[i], n) != 0)
			continue;
		copy_text(text, field + n, size - n);
		if (i == 0)
			memcpy(script->id, text, sizeof(text));
		else if (i == 1)
			memcpy(script->letters, text, sizeof(text));
		else if (i == 2)
			memcpy(script->error_class, text, sizeof(text));
		else if (i == 3)
			memcpy(script->detail, text, sizeof(text));
		else
			script->after_ms = strtoll(text, NULL, 10);
	}
}

struct script script_read(struct stagger_bytes value)
{
	struct script script = {.id = "-", .letters = "D", .error_class = "Scripted"};
	const char *text = value.data;
	size_t at = 0;

	if (value.size < 3 || memcmp(text, "id=", 3) != 0)
		return script;
	while (at < value.size) {
		const char *end = memchr(text + at, ';', value.size - at);
		size_t size = end == NULL ? value.size - at : (size_t)(end - text) - at;
		if (size >= 8 && memcmp(text + at, "payload=", 8) == 0)
			break;
		take_field(&script, text + at, size);
		at += size + 1;
	}
	return script;
}

char script_letter(const struct script *script, int32_t attempt)
{
	size_t n = strlen(script->letters);
	size_t at = attempt < 1 ? 0 : (size_t)attempt - 1;

	return script->letters[at < n ? at : n - 1];
}

uint64_t script_bytes_hash(struct stagger_bytes bytes)
{
	return bytes.data == NULL ? 0 : map_hash(bytes.data, bytes.size);
}

uint64_t script_headers_hash(const struct stagger_header *headers, size_t n)
{
	uint64_t hash = n;

	for (size_t i = 0; i < n; i++) {
		hash = hash * 31 + map_hash(headers[i].name, strlen(headers[i].name));
		hash = hash * 31 + script_bytes_hash(headers[i].value);
	}
	return hash;
}

static const struct {
	const char *name;
	int64_t ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

int64_t script_duration(const char *text)
{
	int64_t sum_ms = 0;

	while (*text >= '0' && *text <= '9') {
		char *end;
		int64_t n = strtoll(text, &end, 10);
		size_t size = strspn(end, "dhms");
		size_t i = 0;
		while (i < 5 && (strlen(units[i].name) != size ||
				 memcmp(units[i].name, end, size) != 0))
			i++;
		if (i == 5 || n > INT64_C(100000000000))
			return -1;
		sum_ms += n * units[i].ms;
		text = end + size;
	}
	return *text == '\0' ? sum_ms : -1;
}

const char *script_duration_text(int64_t ms, char text[SCRIPT_DURATION])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < 5; i++) {
		if (ms / units[i].ms == 0)
			continue;
		used += (size_t)snprintf(text + used, SCRIPT_DURATION - used, "%" PRId64 "%s",
					 ms / units[i].ms, units[i].name);
		ms %= units[i].ms;
	}
	return text;
}

void script_line(int fd, const char *line, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, line, size);
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			line += n;
			size -= (size_t)n;
		}
	}
}

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t script_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t script_boot_ms(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}
