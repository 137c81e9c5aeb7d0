/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns are read once, when a chain is declared, and only compared afterwards: an error must
 * cost no allocation. */
#define _GNU_SOURCE
#include "core/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "core/failure.h"

/* Reads one side of the slash: text[size], perhaps with a star at its end. */
static enum stagger_status parse_part(char **out, bool *prefix, struct stagger_bytes part,
				      size_t max, const char *pattern, struct stagger_error *err)
{
	const char *text = part.data;
	const char *star = memchr(text, '*', part.size);
	size_t size = part.size;

	if (size == 0)
		return fail(err, STAGGER_INVALID,
			    "pattern '%s' has an empty part: write '*' for any", pattern);
	if (star != NULL && star != text + size - 1)
		return fail(err, STAGGER_INVALID, "pattern '%s': a '*' may only end its part",
			    pattern);
	*prefix = star != NULL;
	if (*prefix)
		size--;
	if (size > max)
		return fail(err, STAGGER_INVALID,
			    "pattern '%.40s...': a part of %zu bytes, at most %zu", pattern, size,
			    max);
	*out = bytes_dup((struct stagger_bytes){.data = text, .size = size});
	return *out != NULL ? STAGGER_OK : fail_memory(err);
}

enum stagger_status match_parse(struct match *out, const char *pattern, struct stagger_error *err)
{
	struct match match = {0};

	if (pattern == NULL || pattern[0] == '\0')
		return fail(err, STAGGER_INVALID, "a pattern is empty");
	const char *slash = strchr(pattern, '/');
	size_t class_size = slash != NULL ? (size_t)(slash - pattern) : strlen(pattern);
	if (slash != NULL && strchr(slash + 1, '/') != NULL)
		return fail(err, STAGGER_INVALID, "pattern '%s' has more than one '/'", pattern);
	enum stagger_status status =
		parse_part(&match.error_class, &match.class_prefix,
			   (struct stagger_bytes){.data = pattern, .size = class_size},
			   FAILURE_MAX_CLASS, pattern, err);
	if (status == STAGGER_OK && slash != NULL)
		status = parse_part(&match.code, &match.code_prefix, bytes_text(slash + 1),
				    FAILURE_MAX_CODE, pattern, err);
	if (status != STAGGER_OK) {
		match_clear(&match);
		return status;
	}
	*out = match;
	return STAGGER_OK;
}

static bool part_fits(const char *part, bool prefix, const char *text)
{
	return prefix ? strncmp(part, text, strlen(part)) == 0 : strcmp(part, text) == 0;
}

bool match_fits(const struct match *m, const char *error_class, const char *code)
{
	if (!part_fits(m->error_class, m->class_prefix, error_class != NULL ? error_class : ""))
		return false;
	if (m->code == NULL)
		return true;
	return code != NULL && part_fits(m->code, m->code_prefix, code);
}

const char *match_format(const struct match *m, char text[MATCH_TEXT])
{
	size_t used = 0;

	text_add(text, MATCH_TEXT, &used, "%s%s", m->error_class, m->class_prefix ? "*" : "");
	if (m->code != NULL)
		text_add(text, MATCH_TEXT, &used, "/%s%s", m->code, m->code_prefix ? "*" : "");
	return text;
}

void match_clear(struct match *m)
{
	free(m->error_class);
	free(m->code);
	*m = (struct match){0};
}
