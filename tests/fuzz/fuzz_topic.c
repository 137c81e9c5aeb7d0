/* SPDX-License-Identifier: Apache-2.0
 *
 * Any template with any words: it becomes a name that Kafka takes and that it matches itself, or it
 * is refused with its place. And any template beside any name, in bounded time. */
#include <string.h>

#include "base/duration.h"
#include "core/topics.h"
#include "draw.h"
#include "fuzz.h"

#define TEXT_MAX 600 /* bytes of a template, a word or a name: more than twice what fits */

static const char *draw_text(struct draw *d, char text[TEXT_MAX + 1])
{
	struct stagger_bytes bytes = draw_bytes(d, TEXT_MAX);

	if (bytes.size > 0)
		memcpy(text, bytes.data, bytes.size);
	text[bytes.size] = '\0';
	return text;
}

/* At one of the braces, or at what no topic may have. */
static void check_place(const char *pattern, uint32_t column)
{
	static const char alphabet[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	must(column <= strlen(pattern));
	must(column == 0 || strchr(alphabet, pattern[column - 1]) == NULL);
}

static void expand(const char *pattern, const struct topic_words *words)
{
	struct stagger_error err = {0};
	char *name = NULL;
	enum stagger_status status = topic_expand(&name, pattern, words, &err);

	if (status != STAGGER_OK) {
		must(status == STAGGER_INVALID && name == NULL);
		must(strncmp(err.text, "topic '", 7) == 0);
		check_place(pattern, err.column);
		return;
	}
	must(topic_valid(name));
	must(topic_matches(&(struct topic_pattern){pattern, *words}, name));
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct draw d = {data, size};
	char texts[5][TEXT_MAX + 1];
	char delay[DURATION_TEXT];
	char n[16];
	uint8_t missing = draw_byte(&d);
	struct topic_words words = {0};

	if ((missing & 1) == 0)
		words.delay = duration_format(draw_number(&d) & INT32_MAX, delay);
	if ((missing & 2) == 0) {
		snprintf(n, sizeof(n), "%u", draw_byte(&d));
		words.n = n;
	}
	const char *pattern = draw_text(&d, texts[0]);
	if ((missing & 4) == 0)
		words.topic = draw_text(&d, texts[1]);
	if ((missing & 8) == 0)
		words.group = draw_text(&d, texts[2]);
	if ((missing & 16) == 0)
		words.chain = draw_text(&d, texts[3]);
	expand(pattern, &words);
	(void)topic_matches(&(struct topic_pattern){pattern, words}, draw_text(&d, texts[4]));
	return 0;
}
