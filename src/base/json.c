/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON writer. One flag is enough for commas: it is set after every value and cleared after every
 * bracket that opens and every name. A failure sticks, so that callers check once, at the end. */
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"

#define FIRST_ROOM 256

static bool make_room(struct json *j, size_t more)
{
	if (j->failed || more > JSON_MAX_TEXT - j->size) {
		j->failed = true;
		return false;
	}
	if (more <= j->room - j->size)
		return true;
	size_t room = j->room == 0 ? FIRST_ROOM : j->room * 2;
	if (room < j->size + more)
		room = j->size + more;
	char *text = realloc(j->text, room);
	if (text == NULL) {
		j->failed = true;
		return false;
	}
	j->text = text;
	j->room = room;
	return true;
}

static void add(struct json *j, const char *text, size_t size)
{
	if (!make_room(j, size))
		return;
	memcpy(j->text + j->size, text, size);
	j->size += size;
}

static void add_comma(struct json *j)
{
	if (j->comma)
		add(j, ",", 1);
	j->comma = false;
}

static void add_value(struct json *j, const char *text)
{
	add_comma(j);
	add(j, text, strlen(text));
	j->comma = true;
}

static void add_quoted(struct json *j, struct stagger_bytes text)
{
	add(j, "\"", 1);
	while (text.size > 0 && !j->failed) {
		char escaped[JSON_ESCAPED];
		size_t n = json_escape(escaped, &text);
		add(j, escaped, n);
	}
	add(j, "\"", 1);
}

/* The control character at the start of a valid text of n bytes, or -1. */
static int control_of(const unsigned char *p, size_t n)
{
	if (n == 1 && (p[0] < 0x20 || p[0] == 0x7F))
		return p[0];
	if (n == 2 && p[0] == 0xC2 && p[1] < 0xA0)
		return p[1];
	return -1;
}

size_t json_escape(char to[JSON_ESCAPED], struct stagger_bytes *text)
{
	static const char special[] = "\"\\\b\f\n\r\t";
	static const char letter[] = "\"\\bfnrt";
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = text->data;
	bool valid;
	size_t n = utf8_step(*text, &valid);

	*text = (struct stagger_bytes){.data = p + n, .size = text->size - n};
	if (!valid) {
		memcpy(to, "\xEF\xBF\xBD", 3);
		return 3;
	}
	const char *found = memchr(special, p[0], sizeof(special) - 1);
	if (found != NULL) {
		to[0] = '\\';
		to[1] = letter[found - special];
		return 2;
	}
	int control = control_of(p, n);
	if (control >= 0) {
		memcpy(to, "\\u00", 4);
		to[4] = hex[control >> 4];
		to[5] = hex[control & 15];
		return 6;
	}
	memcpy(to, p, n);
	return n;
}

static void add_base64(struct json *j, struct stagger_bytes bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = bytes.data;

	add(j, "\"", 1);
	for (size_t i = 0; i < bytes.size && !j->failed; i += 3) {
		size_t left = bytes.size - i;
		unsigned three = (unsigned)p[i] << 16;
		three |= left > 1 ? (unsigned)p[i + 1] << 8 : 0;
		three |= left > 2 ? p[i + 2] : 0;
		char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
				left > 1 ? digits[three >> 6 & 63] : '=',
				left > 2 ? digits[three & 63] : '='};
		add(j, four, sizeof(four));
	}
	add(j, "\"", 1);
}

void json_open(struct json *j, char bracket)
{
	add_comma(j);
	add(j, &bracket, 1);
}

void json_close(struct json *j, char bracket)
{
	add(j, &bracket, 1);
	j->comma = true;
}

void json_name(struct json *j, const char *name)
{
	add_comma(j);
	add_quoted(j, bytes_text(name));
	add(j, ":", 1);
}

void json_string(struct json *j, struct stagger_bytes text)
{
	if (text.data == NULL) {
		json_null(j);
		return;
	}
	add_comma(j);
	add_quoted(j, text);
	j->comma = true;
}

void json_text(struct json *j, const char *text)
{
	json_string(j, bytes_text(text));
}

void json_bytes(struct json *j, struct stagger_bytes bytes)
{
	if (bytes.data == NULL || utf8_valid(bytes)) {
		json_string(j, bytes);
		return;
	}
	json_open(j, '{');
	json_name(j, "base64");
	add_base64(j, bytes);
	json_close(j, '}');
}

void json_number(struct json *j, int64_t number)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRId64, number);
	add_value(j, text);
}

void json_bool(struct json *j, bool value)
{
	add_value(j, value ? "true" : "false");
}

void json_null(struct json *j)
{
	add_value(j, "null");
}

void json_put_text(struct json *j, const char *name, const char *text)
{
	json_name(j, name);
	json_text(j, text);
}

void json_put_number(struct json *j, const char *name, int64_t number)
{
	json_name(j, name);
	json_number(j, number);
}

void json_put_number_unless(struct json *j, const char *name, int64_t number, int64_t null)
{
	json_name(j, name);
	if (number == null)
		json_null(j);
	else
		json_number(j, number);
}

void json_put_bool(struct json *j, const char *name, bool value)
{
	json_name(j, name);
	json_bool(j, value);
}

char *json_finish(struct json *j)
{
	if (make_room(j, 1)) {
		j->text[j->size] = '\0';
		return j->text;
	}
	free(j->text);
	*j = (struct json){.failed = true};
	return NULL;
}
