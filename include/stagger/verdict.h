/* SPDX-License-Identifier: Apache-2.0
 *
 * What a handler says of a message, and why. */
#ifndef STAGGER_VERDICT_H
#define STAGGER_VERDICT_H

#include <stagger/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 0 is no verdict: a handler that falls through by mistake loses nothing (it is a RETRY of class
 * "NoVerdict"). */
enum stagger_verdict {
	STAGGER_DONE = 1,
	STAGGER_RETRY,
	STAGGER_DEAD_LETTER,
	STAGGER_DEFER,
	/* stop the consumer, leave this message unfinished: the handler cannot go on */
	STAGGER_HALT
};

struct stagger_failure; /* opaque, owned by the library, valid while the handler runs */

/* Called on a worker thread, or in dispatch() with STAGGER_INLINE; many at once for one chain
 * unless its order forbids it. Must not call run, dispatch or free. A C++ handler must not throw
 * through. */
typedef enum stagger_verdict (*stagger_handler)(const struct stagger_message *m,
						struct stagger_failure *why, void *user);

/* These fill *why and return the verdict, so that a handler fails in one line. error_class groups
 * errors ("BankBusy") and is cut at 127 bytes; the text is cut at 1 KiB on a UTF-8 boundary;
 * invalid UTF-8 becomes U+FFFD. delay_ms is a floor for the due time; below 1 it is no floor. */
STAGGER_API enum stagger_verdict stagger_retry(struct stagger_failure *why, const char *error_class,
					       const char *fmt, ...) STAGGER_PRINTF(3, 4);
STAGGER_API enum stagger_verdict stagger_retry_after(struct stagger_failure *why, int64_t delay_ms,
						     const char *error_class, const char *fmt, ...)
	STAGGER_PRINTF(4, 5);
STAGGER_API enum stagger_verdict stagger_dead_letter(struct stagger_failure *why,
						     const char *error_class, const char *fmt, ...)
	STAGGER_PRINTF(3, 4);
/* "503", "EAGAIN"; cut at 63 bytes. NULL removes. */
STAGGER_API void stagger_failure_code(struct stagger_failure *why, const char *code);
/* A stack trace or other long detail; cut at 8 KiB. text NULL removes. */
STAGGER_API void stagger_failure_detail(struct stagger_failure *why, const char *text, size_t size);
/* Travels in the envelope to the next attempt and the DLT. 32 names, 4 KiB in all; false when that
 * is exceeded or memory is short. value NULL removes. */
STAGGER_API bool stagger_failure_attribute(struct stagger_failure *why, const char *name,
					   const char *value);

/* Asynchronous handlers. A ticket is a value: keep it, copy it, lose it. */
struct stagger_ticket {
	uint64_t slot, check;
};
/* Returns a copy of *m that stays valid until the ticket is settled (OK or STALE), or NULL without
 * memory (then return a RETRY). After it the handler must return STAGGER_DEFER; the settle may come
 * before that. */
STAGGER_API const struct stagger_message *stagger_defer(const struct stagger_message *m,
							struct stagger_ticket *ticket);
/* What stagger_settle() takes. Texts are copied. DEFER is not allowed here. */
struct stagger_outcome {
	size_t size;
	enum stagger_verdict verdict;
	int64_t retry_after_ms; /* with RETRY; 0 = the stage's delay */
	const char *error_class, *error_code, *error_message, *error_detail;
};
#define STAGGER_OUTCOME_INIT STAGGER_INIT(struct stagger_outcome)

#ifdef __cplusplus
}
#endif
#endif
