/* SPDX-License-Identifier: Apache-2.0
 *
 * Views of bytes that somebody else owns, and saturating arithmetic for numbers from outside. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stagger/message.h>

#include <string.h>

/* The bytes of a C string without its NUL; NULL gives NULL data. */
static inline struct stagger_bytes bytes_text(const char *text)
{
	return (struct stagger_bytes){.data = text, .size = text == NULL ? 0 : strlen(text)};
}
/* NULL and empty differ. */
bool bytes_equal(struct stagger_bytes a, struct stagger_bytes b);
bool bytes_is(struct stagger_bytes a, const char *text);
/* A malloc'd NUL-terminated copy (NULL data gives ""); NULL without memory. */
char *bytes_dup(struct stagger_bytes a);
/* 64-bit FNV-1a with a final mix; for strands and tables, not for adversaries. */
uint64_t bytes_hash(struct stagger_bytes a);

/* a + b and a * b, held at INT64_MIN and INT64_MAX. */
int64_t add_saturated(int64_t a, int64_t b);
int64_t mul_saturated(int64_t a, int64_t b);

#endif
