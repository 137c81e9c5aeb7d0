/* SPDX-License-Identifier: Apache-2.0
 *
 * The scratch is allocated once a thread and reused, so that a handler that fails costs one malloc:
 * the packed copy. Whatever handlers pass, what leaves here is clean UTF-8 within the limits. */
#define _GNU_SOURCE
#include "core/failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"

struct attribute { /* name NUL value NUL, or name NUL when it removes */
	size_t at, name_size, value_size;
	bool removes;
};
struct stagger_failure {
	char error_class[FAILURE_MAX_CLASS + 1];
	char code[FAILURE_MAX_CODE + 1];
	char message[FAILURE_MAX_MESSAGE + 1];
	char detail[FAILURE_MAX_DETAIL + 1];
	bool has_failure, has_code, has_detail;
	int64_t retry_after_ms;
	struct attribute attributes[FAILURE_MAX_ATTRIBUTES];
	size_t n_attributes;
	char texts[FAILURE_MAX_ATTRIBUTE_BYTES + 2 * FAILURE_MAX_ATTRIBUTES];
	size_t texts_size;
};

struct stagger_failure *failure_scratch_new(void)
{
	return calloc(1, sizeof(struct stagger_failure));
}

void failure_scratch_free(struct stagger_failure **scratch)
{
	if (scratch == NULL)
		return;
	free(*scratch);
	*scratch = NULL;
}

void failure_scratch_clear(struct stagger_failure *scratch)
{
	scratch->error_class[0] = '\0';
	scratch->message[0] = '\0';
	scratch->has_failure = false;
	scratch->has_code = false;
	scratch->has_detail = false;
	scratch->retry_after_ms = 0;
	scratch->n_attributes = 0;
	scratch->texts_size = 0;
}

bool failure_scratch_used(const struct stagger_failure *scratch)
{
	return scratch->has_failure || scratch->has_code || scratch->has_detail ||
	       scratch->n_attributes > 0;
}

void failure_set(struct stagger_failure *scratch, int64_t retry_after_ms, const char *error_class,
		 const char *fmt, va_list args)
{
	char raw[FAILURE_MAX_MESSAGE + 8]; /* longer, so that its torn end never gets through */
	const char *text = fmt == NULL ? "" : fmt;

	if (strchr(text, '%') != NULL) /* most have none, and printf is not cheap */
		text = vsnprintf(raw, sizeof(raw), fmt, args) < 0 ? "" : raw;
	utf8_clean(scratch->message, sizeof(scratch->message), bytes_text(text));
	utf8_clean(scratch->error_class, sizeof(scratch->error_class),
		   bytes_text(error_class != NULL ? error_class : ""));
	scratch->retry_after_ms = retry_after_ms > 0 ? retry_after_ms : 0;
	scratch->has_failure = true;
}

void failure_set_code(struct stagger_failure *scratch, const char *code)
{
	scratch->has_code = code != NULL;
	if (code != NULL)
		utf8_clean(scratch->code, sizeof(scratch->code), bytes_text(code));
}

void failure_set_detail(struct stagger_failure *scratch, const char *text, size_t size)
{
	scratch->has_detail = text != NULL;
	if (text != NULL)
		utf8_clean(scratch->detail, sizeof(scratch->detail),
			   (struct stagger_bytes){.data = text, .size = size});
}

/* Without their NULs: what the limit counts. */
static size_t attribute_size(const struct attribute *a)
{
	return a->name_size + a->value_size;
}

static size_t attribute_room(const struct attribute *a)
{
	return attribute_size(a) + (a->removes ? 1 : 2);
}

static size_t find_attribute(const struct stagger_failure *scratch, const char *name)
{
	size_t i = 0;

	while (i < scratch->n_attributes &&
	       strcmp(scratch->texts + scratch->attributes[i].at, name) != 0)
		i++;
	return i;
}

static void remove_attribute(struct stagger_failure *scratch, size_t i)
{
	struct attribute gone = scratch->attributes[i];
	size_t end = gone.at + attribute_room(&gone);

	memmove(scratch->texts + gone.at, scratch->texts + end, scratch->texts_size - end);
	scratch->texts_size -= attribute_room(&gone);
	for (scratch->n_attributes--; i < scratch->n_attributes; i++) {
		scratch->attributes[i] = scratch->attributes[i + 1];
		scratch->attributes[i].at -= attribute_room(&gone);
	}
}

/* Whether it fits beside all others but the replaced-th, whose place it takes (n: none). */
static bool attribute_fits(const struct stagger_failure *scratch, const struct attribute *fresh,
			   size_t replaced)
{
	size_t size = attribute_size(fresh);

	for (size_t i = 0; i < scratch->n_attributes; i++) {
		if (i != replaced)
			size += attribute_size(&scratch->attributes[i]);
	}
	return size <= FAILURE_MAX_ATTRIBUTE_BYTES &&
	       (replaced < scratch->n_attributes || scratch->n_attributes < FAILURE_MAX_ATTRIBUTES);
}

bool failure_set_attribute(struct stagger_failure *scratch, const char *name, const char *value)
{
	/* Larger than the limit by more than one character: what was cut is still too large. */
	char clean_name[FAILURE_MAX_ATTRIBUTE_BYTES + 8];
	char clean_value[FAILURE_MAX_ATTRIBUTE_BYTES + 8] = "";
	struct attribute fresh = {.removes = value == NULL};

	if (name == NULL)
		return false;
	fresh.name_size = utf8_clean(clean_name, sizeof(clean_name), bytes_text(name));
	if (value != NULL)
		fresh.value_size = utf8_clean(clean_value, sizeof(clean_value), bytes_text(value));
	size_t replaced = find_attribute(scratch, clean_name);
	if (!attribute_fits(scratch, &fresh, replaced))
		return false;
	if (replaced < scratch->n_attributes)
		remove_attribute(scratch, replaced);
	fresh.at = scratch->texts_size;
	memcpy(scratch->texts + fresh.at, clean_name, fresh.name_size + 1);
	if (value != NULL)
		memcpy(scratch->texts + fresh.at + fresh.name_size + 1, clean_value,
		       fresh.value_size + 1);
	scratch->texts_size += attribute_room(&fresh);
	scratch->attributes[scratch->n_attributes++] = fresh;
	return true;
}

/* Appends a text with its NUL at *to and moves *to behind it. */
static char *pack_text(char **to, const char *text)
{
	char *start = *to;
	size_t size = strlen(text) + 1;

	memcpy(start, text, size);
	*to += size;
	return start;
}

struct failure *failure_pack(const struct stagger_failure *scratch)
{
	size_t pairs_size = scratch->n_attributes * sizeof(struct stagger_pair);
	size_t size = sizeof(struct failure) + pairs_size + scratch->texts_size;

	size += strlen(scratch->error_class) + 1 + strlen(scratch->message) + 1;
	size += scratch->has_code ? strlen(scratch->code) + 1 : 0;
	size += scratch->has_detail ? strlen(scratch->detail) + 1 : 0;
	struct failure *packed = malloc(size);
	if (packed == NULL)
		return NULL;
	*packed = (struct failure){
		.retry_after_ms = scratch->retry_after_ms,
		.attributes = (struct stagger_pair *)(packed + 1),
		.n_attributes = scratch->n_attributes,
	};
	char *to = (char *)(packed + 1) + pairs_size;
	packed->error_class = pack_text(&to, scratch->error_class);
	packed->error_message = pack_text(&to, scratch->message);
	if (scratch->has_code)
		packed->error_code = pack_text(&to, scratch->code);
	if (scratch->has_detail)
		packed->error_detail = pack_text(&to, scratch->detail);
	memcpy(to, scratch->texts, scratch->texts_size);
	for (size_t i = 0; i < scratch->n_attributes; i++) {
		const struct attribute *a = &scratch->attributes[i];

		packed->attributes[i].name = to + a->at;
		packed->attributes[i].value = a->removes ? NULL : to + a->at + a->name_size + 1;
	}
	return packed;
}

struct failure *failure_of(const char *error_class, const char *error_code,
			   const char *error_message, const char *error_detail,
			   int64_t retry_after_ms, const struct failure *carry)
{
	struct stagger_failure *scratch = failure_scratch_new();

	if (scratch == NULL)
		return NULL;
	utf8_clean(scratch->error_class, sizeof(scratch->error_class),
		   bytes_text(error_class != NULL ? error_class : ""));
	utf8_clean(scratch->message, sizeof(scratch->message),
		   bytes_text(error_message != NULL ? error_message : ""));
	scratch->retry_after_ms = retry_after_ms > 0 ? retry_after_ms : 0;
	failure_set_code(scratch, error_code);
	failure_set_detail(scratch, error_detail, error_detail != NULL ? strlen(error_detail) : 0);
	for (size_t i = 0; carry != NULL && i < carry->n_attributes; i++) {
		/* They were within the limits when they were packed. */
		if (!failure_set_attribute(scratch, carry->attributes[i].name,
					   carry->attributes[i].value))
			break;
	}
	struct failure *packed = failure_pack(scratch);
	failure_scratch_free(&scratch);
	return packed;
}

void failure_free(struct failure **failure)
{
	if (failure == NULL || *failure == NULL)
		return;
	free(*failure);
	*failure = NULL;
}
