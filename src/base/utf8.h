/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 that readers in other languages accept: cut on a boundary, invalid bytes become U+FFFD. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stagger/message.h>

bool utf8_valid(struct stagger_bytes text);
/* Length of the first character of text (size >= 1) or, *valid false, of its maximal invalid
 * sequence. */
size_t utf8_step(struct stagger_bytes text, bool *valid);
/* Length of the longest prefix of text (any bytes) of at most max bytes that does not end inside a
 * character. */
size_t utf8_cut(struct stagger_bytes text, size_t max);
/* Copies text into to[room] (room >= 1), NUL-terminated, at most room - 1 bytes, cut on a boundary;
 * each maximal invalid sequence and each NUL becomes U+FFFD. Returns the length. */
size_t utf8_clean(char *to, size_t room, struct stagger_bytes text);

#endif
