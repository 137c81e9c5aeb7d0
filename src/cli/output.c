/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that is printed. */
#define _GNU_SOURCE
#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/json.h"
#include "base/utf8.h"

#define MAX_MESSAGE 8192 /* bytes of one message; an error's text has 4,080 */

void output_open(struct output *o, FILE *file)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	bool dumb = term == NULL || strcmp(term, "dumb") == 0;

	*o = (struct output){
		.file = file,
		.color = (no_color == NULL || no_color[0] == '\0') && !dumb &&
			 isatty(fileno(file)) == 1,
	};
}

static void note_failure(struct output *o)
{
	if (!o->gone)
		o->error = errno;
	o->gone = true;
}

void output_print(struct output *o, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (!o->gone && vfprintf(o->file, fmt, args) < 0)
		note_failure(o);
	va_end(args);
}

/* A quote needs no escape where nothing is quoted. */
static size_t escape(char to[JSON_ESCAPED], struct stagger_bytes *text)
{
	const char *p = text->data;

	if (*p == '"') {
		to[0] = '"';
		*text = (struct stagger_bytes){p + 1, text->size - 1};
		return 1;
	}
	return json_escape(to, text);
}

void output_bytes(struct output *o, struct stagger_bytes bytes)
{
	if (bytes.data == NULL)
		bytes = bytes_text("null");
	while (bytes.size > 0 && !o->gone) {
		char escaped[JSON_ESCAPED];
		size_t n = escape(escaped, &bytes);
		if (fwrite(escaped, 1, n, o->file) != n)
			note_failure(o);
	}
}

void output_text(struct output *o, const char *text)
{
	output_bytes(o, bytes_text(text));
}

void output_style(struct output *o, enum style style)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "\033[0m", [STYLE_BOLD] = "\033[1m",   [STYLE_DIM] = "\033[2m",
		[STYLE_RED] = "\033[31m",  [STYLE_GREEN] = "\033[32m", [STYLE_YELLOW] = "\033[33m",
	};

	if (o->color)
		output_print(o, "%s", codes[style]);
}

bool output_flush(struct output *o)
{
	if (fflush(o->file) != 0)
		note_failure(o);
	return !o->gone;
}

bool output_close(struct output *o)
{
	if (output_flush(o) || o->error == EPIPE)
		return true;
	message("standard output: %s", strerror(o->error));
	return false;
}

/* -- widths ------------------------------------------------------------------------------ */

static unsigned code_point(const unsigned char *p, size_t n)
{
	switch (n) {
	case 2:
		return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
	case 3:
		return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
	case 4:
		return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 |
		       (p[3] & 0x3Fu);
	default:
		return p[0];
	}
}

/* The big blocks of Unicode: enough for columns that line up, and independent of the locale. */
static size_t columns_of(unsigned point)
{
	static const struct {
		unsigned from, to;
		size_t columns;
	} blocks[] = {
		{0x0300, 0x036F, 0},   {0x200B, 0x200F, 0},   {0x20D0, 0x20FF, 0},
		{0xFE00, 0xFE0F, 0},   {0x1100, 0x115F, 2},   {0x2E80, 0x303E, 2},
		{0x3041, 0xA4CF, 2},   {0xAC00, 0xD7A3, 2},   {0xF900, 0xFAFF, 2},
		{0xFE30, 0xFE6F, 2},   {0xFF00, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2},
		{0x1F300, 0x1F64F, 2}, {0x1F900, 0x1F9FF, 2}, {0x20000, 0x3FFFD, 2},
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (point >= blocks[i].from && point <= blocks[i].to)
			return blocks[i].columns;
	return 1;
}

/* Takes the first character off. */
static size_t take_width(struct stagger_bytes *text)
{
	const unsigned char *p = text->data;
	bool valid;
	size_t n = utf8_step(*text, &valid);

	*text = (struct stagger_bytes){p + n, text->size - n};
	return valid ? columns_of(code_point(p, n)) : 1;
}

size_t output_width(struct stagger_bytes text)
{
	size_t width = 0;

	while (text.size > 0)
		width += take_width(&text);
	return width;
}

static size_t escaped_width(const char *escaped, size_t n)
{
	return output_width((struct stagger_bytes){escaped, n});
}

char *output_escaped(struct stagger_bytes bytes, size_t width)
{
	static const char ellipsis[] = "\xE2\x80\xA6";
	if (bytes.size > SIZE_MAX / JSON_ESCAPED - sizeof(ellipsis))
		return NULL;
	/* No character takes less than a byte, and none of ours more than JSON_ESCAPED; what is
	 * beyond the width is not kept, but combining characters are endless: hence the bound. */
	size_t most = width < bytes.size / 4 ? width * 4 : bytes.size;
	char *text = malloc(most * JSON_ESCAPED + sizeof(ellipsis));
	if (text == NULL)
		return NULL;
	size_t used = 0, used_before = 0, columns = 0;

	while (bytes.size > 0) {
		char escaped[JSON_ESCAPED];
		size_t n = escape(escaped, &bytes);
		columns += escaped_width(escaped, n);
		if (columns > width || used + n > most * JSON_ESCAPED) {
			used = used_before; /* room for the ellipsis */
			memcpy(text + used, ellipsis, sizeof(ellipsis) - 1);
			used += sizeof(ellipsis) - 1;
			break;
		}
		if (columns < width)
			used_before = used + n;
		memcpy(text + used, escaped, n);
		used += n;
	}
	text[used] = '\0';
	return text;
}

/* -- messages ---------------------------------------------------------------------------- */

void findings(const char *text)
{
	fflush(stdout); /* on a terminal, what was said before comes before */
	fputs(text, stderr);
}

void message(const char *fmt, ...)
{
	struct output err = {.file = stderr};
	char text[MAX_MESSAGE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fflush(stdout);
	fputs("stagger: ", stderr);
	for (const char *line = text; *line != '\0'; line += *line != '\0' ? 1 : 0) {
		size_t n = strcspn(line, "\n");
		output_bytes(&err, (struct stagger_bytes){line, n});
		fputc('\n', stderr);
		line += n;
	}
}
