/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounded text building and did-you-mean. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stagger/message.h>

#define TEXT_MAX_WORD 64 /* text_nearest() has no advice for a longer word */

/* Appends into to[room]; what does not fit is cut, the text stays NUL-terminated. *used grows to at
 * most room - 1. False when it was cut. */
bool text_add(char *to, size_t room, size_t *used, const char *fmt, ...) STAGGER_PRINTF(4, 5);
/* The nearest of names[n] by edit distance (with transpositions), or NULL when none is near enough
 * (a third of the word's length, at least 1). */
const char *text_nearest(const char *word, const char *const *names, size_t n);

/* Packing texts and bytes into one block that the caller sized: a copy is put at *at, which moves
 * on behind it; NULL stays NULL. A text keeps its NUL. */
size_t text_packed(const char *text); /* bytes it takes: 0 for NULL */
const char *text_pack(char **at, const char *text);
struct stagger_bytes bytes_pack(char **at, struct stagger_bytes bytes);

#endif
