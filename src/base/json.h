/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON writer: one escape rule for the command, HTTP and decode. Into a growing text that is
 * yours. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stagger/message.h>

#define JSON_MAX_TEXT ((size_t)1 << 30) /* a longer text fails like one without memory */
#define JSON_ESCAPED 6                  /* bytes that hold any one character, escaped */

struct json {
	char *text;       /* NUL-terminated after json_finish() */
	size_t size, room;
	bool comma, failed; /* failed: no memory; all further writes do nothing */
};

void json_open(struct json *j, char bracket);               /* '{' or '[' */
void json_close(struct json *j, char bracket);              /* '}' or ']' */
void json_name(struct json *j, const char *name);
/* NULL data: null; invalid UTF-8: U+FFFD. */
void json_string(struct json *j, struct stagger_bytes text);
void json_text(struct json *j, const char *text); /* the same of a C string */
/* NULL data: null; UTF-8: a string; else {"base64": ...}. */
void json_bytes(struct json *j, struct stagger_bytes bytes);
void json_number(struct json *j, int64_t number);
void json_bool(struct json *j, bool value);
void json_null(struct json *j);
/* A name and its value; unless: null when the number is that one. */
void json_put_text(struct json *j, const char *name, const char *text);
void json_put_number(struct json *j, const char *name, int64_t number);
void json_put_number_unless(struct json *j, const char *name, int64_t number, int64_t null);
void json_put_bool(struct json *j, const char *name, bool value);
/* The escape rule itself: takes the first character off *text (size >= 1) and writes it as it
 * stands between quotes, not NUL-terminated. Control characters (C0, DEL, C1) are escaped. Returns
 * the length. */
size_t json_escape(char to[JSON_ESCAPED], struct stagger_bytes *text);
/* NUL-terminates; the text is the caller's to free(). NULL without memory (all is freed). */
char *json_finish(struct json *j);

#endif
