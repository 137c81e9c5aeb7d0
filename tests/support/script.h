/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages that say what shall become of them:
 * "id=42;script=RRD;class=Busy;detail=...;after=1500;payload=...". For attempt n the n-th letter rules, the
 * last one for all later attempts. */
#ifndef SUPPORT_SCRIPT_H
#define SUPPORT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stagger/message.h>

#define SCRIPT_MAX_TEXT 64
#define SCRIPT_MAX_STAGES 32
#define SCRIPT_DURATION 40 /* bytes of a formatted duration */

struct script {
	char id[SCRIPT_MAX_TEXT], letters[SCRIPT_MAX_TEXT], error_class[SCRIPT_MAX_TEXT];
	char detail[SCRIPT_MAX_TEXT]; /* "": none */
	int64_t after_ms; /* 0: none */
};

/* What is no script is id "-" and letters "D". */
struct script script_read(struct stagger_bytes value);
char script_letter(const struct script *script, int32_t attempt);
/* Over names and values; 0 when there are none. */
uint64_t script_headers_hash(const struct stagger_header *headers, size_t n);
uint64_t script_bytes_hash(struct stagger_bytes bytes); /* 0: null */

/* "1m30s" to milliseconds and back; -1 for what is no duration. */
int64_t script_duration(const char *text);
const char *script_duration_text(int64_t ms, char text[SCRIPT_DURATION]);

/* One write(2) of a whole line, so that lines of threads and processes never mix. */
void script_line(int fd, const char *line, size_t size);
int64_t script_wall_ms(void);
int64_t script_boot_ms(void);

#endif
