/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a call failed: the scratch that a handler fills (struct stagger_failure, one a thread,
 * bounded buffers) and the packed copy that travels with the record (struct failure, one block). */
#ifndef CORE_FAILURE_H
#define CORE_FAILURE_H

#include <stdarg.h>

#include <stagger/envelope.h>
#include <stagger/verdict.h>

#define FAILURE_MAX_CLASS      127
#define FAILURE_MAX_CODE       63
#define FAILURE_MAX_MESSAGE    1024
#define FAILURE_MAX_DETAIL     8192
#define FAILURE_MAX_ATTRIBUTES 32   /* names */
#define FAILURE_MAX_ATTRIBUTE_BYTES 4096 /* names and values */

struct stagger_failure;

/* What a record carries. Texts are clean UTF-8, NUL-terminated, within the limits above. */
struct failure {
	/* code, detail: NULL = none */
	char *error_class, *error_code, *error_message, *error_detail;
	int64_t retry_after_ms;         /* 0 = none */
	struct stagger_pair *attributes; /* value NULL: remove that one */
	size_t n_attributes;
};

STAGGER_MUST_USE struct stagger_failure *failure_scratch_new(void); /* NULL without memory */
void failure_scratch_free(struct stagger_failure **scratch);
void failure_scratch_clear(struct stagger_failure *scratch); /* cheap when nothing was set */
bool failure_scratch_used(const struct stagger_failure *scratch);

void failure_set(struct stagger_failure *scratch, int64_t retry_after_ms, const char *error_class,
		 const char *fmt, va_list args);
void failure_set_code(struct stagger_failure *scratch, const char *code);
void failure_set_detail(struct stagger_failure *scratch, const char *text, size_t size);
STAGGER_MUST_USE bool failure_set_attribute(struct stagger_failure *scratch, const char *name,
					    const char *value);

/* One malloc'd block with all that was set; NULL without memory. */
STAGGER_MUST_USE struct failure *failure_pack(const struct stagger_failure *scratch);
/* The same from plain texts, cleaned and cut; any may be NULL. carry: attributes to copy,
 * or NULL. */
STAGGER_MUST_USE struct failure *failure_of(const char *error_class, const char *error_code,
					    const char *error_message, const char *error_detail,
					    int64_t retry_after_ms, const struct failure *carry);
void failure_free(struct failure **failure);

#endif
