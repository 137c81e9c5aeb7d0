/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that is printed. Data on stdout, messages on stderr; colour only on a terminal; what
 * strangers produced goes through the escape rule of base/json.h, so that no byte of it commands
 * the terminal. A closed pipe is the reader's good right; a full disk is a failure. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdio.h>

#include <stagger/message.h>

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_YELLOW };

struct output {
	FILE *file;
	bool color;
	bool gone; /* nobody reads any more, or the disk is full: stop producing */
	int error; /* errno of the first write that failed */
};

/* Colour: file is a terminal that knows it (TERM) and NO_COLOR is unset or empty. */
void output_open(struct output *o, FILE *file);
/* Our own words, as they are. */
void output_print(struct output *o, const char *fmt, ...) STAGGER_PRINTF(2, 3);
/* Bytes of others, escaped; NULL data: "null". */
void output_bytes(struct output *o, struct stagger_bytes bytes);
void output_text(struct output *o, const char *text); /* the same of a C string */
void output_style(struct output *o, enum style style);
/* False: it cannot be written; output_close() will say why. */
bool output_flush(struct output *o);
/* Flushes. False, and said: not all could be written; that the reader has gone is no failure. */
bool output_close(struct output *o);

/* Columns that a terminal takes for the text: wide characters two, combining ones none. */
size_t output_width(struct stagger_bytes text);
/* A malloc'd escaped copy, NUL-terminated, cut to at most width columns with a final "…"; NULL
 * without memory. */
char *output_escaped(struct stagger_bytes bytes, size_t width);

/* "stagger: TEXT" on stderr; TEXT is escaped but for its newlines. */
void message(const char *fmt, ...) STAGGER_PRINTF(1, 2);
/* Findings about a chain file, on stderr as they are: config_load() has cleaned them. */
void findings(const char *text);

#endif
