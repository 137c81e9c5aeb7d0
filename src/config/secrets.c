/* SPDX-License-Identifier: Apache-2.0
 *
 * A secret is found by its text, wherever it turns up: in the words of librdkafka, in the name of a
 * topic made of it. */
#define _GNU_SOURCE
#include "config/secrets.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"

#define LONG  32 /* bytes; of a longer one so many are enough to know it */
#define SHORT 6  /* bytes; a shorter one is only taken out where it is a word of its own */

char *secrets_one_line(struct arena *arena, const char *text)
{
	char clean[SECRETS_MAX_TEXT];

	utf8_clean(clean, sizeof(clean), bytes_text(text));
	for (char *c = clean; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = ' ';
	return arena_text(arena, bytes_text(clean));
}

void secrets_add(struct secrets *s, struct arena *arena, const char *text)
{
	if (text[0] == '\0' || s->n == SECRETS_MAX)
		return;
	const char **texts = arena_more(arena, s->texts, s->n, sizeof(*texts));
	char *shown = secrets_one_line(arena, text); /* as a finding would show it */
	if (texts == NULL || shown == NULL)
		return;
	s->texts = texts;
	texts[s->n++] = shown;
}

static bool in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Where the secret stands in text, and how much of it: of a long one its beginning is enough, other
 * libraries cut what they repeat. */
static const char *secret_in(const char *text, const char *from, const char *secret, size_t *size)
{
	char head[LONG + 1];
	size_t head_size = strnlen(secret, LONG);

	memcpy(head, secret, head_size);
	head[head_size] = '\0';
	const char *at = strstr(from, head);
	while (at != NULL && head_size < SHORT &&
	       ((at > text && in_word(at[-1])) || in_word(at[head_size])))
		at = strstr(at + 1, head);
	for (*size = head_size; at != NULL && secret[*size] != '\0' && at[*size] == secret[*size];)
		++*size;
	return at;
}

static const char *scrub_one(struct arena *arena, const char *text, const char *secret)
{
	size_t n = 0;
	size_t size;
	for (const char *at = text; (at = secret_in(text, at, secret, &size)) != NULL; at += size)
		n++;
	if (n == 0)
		return text;
	char *out = arena_take(arena, strlen(text) + n * strlen(SECRETS_MASK) + 1);
	if (out == NULL)
		return SECRETS_MASK;
	const char *from = text;
	for (const char *at; (at = secret_in(text, from, secret, &size)) != NULL;) {
		strncat(out, from, (size_t)(at - from));
		strcat(out, SECRETS_MASK);
		from = at + size;
	}
	strcat(out, from);
	return out;
}

/* A secret may hold another one. */
static int by_length(const void *a, const void *b)
{
	size_t one = strlen(*(const char *const *)a);
	size_t other = strlen(*(const char *const *)b);

	return one < other ? 1 : one > other ? -1 : 0;
}

void secrets_sort(struct secrets *s)
{
	if (s->n > 1)
		qsort(s->texts, s->n, sizeof(*s->texts), by_length);
}

const char *secrets_scrub(const struct secrets *s, struct arena *arena, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		text = scrub_one(arena, text, s->texts[i]);
	return text;
}
