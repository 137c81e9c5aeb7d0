/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the dead letters of chains: their dead-letter topics and those of their routes, each once,
 * from their starts to their present ends. Nothing is joined or committed (kafka/reader.h). */
#ifndef DEAD_READ_H
#define DEAD_READ_H

#include "core/chain.h"
#include "dead/filter.h"
#include "kafka/tool.h"

struct dead_read;
struct dead_read_options {
	const struct stagger_chain *const *chains; /* sealed; borrowed during the call */
	size_t n_chains;
	const struct dead_filter *filter;          /* must outlive the reader */
	struct tool_options tool;                  /* but .own */
	/* A topic that cannot be read; the others are. */
	void (*trouble)(const struct stagger_error *err, void *user);
	void *user;
};

/* As tool_new(). With one topic that cannot be read among others *out is made and trouble was
 * called; when none can be read the first one's error is returned. */
STAGGER_MUST_USE enum stagger_status dead_read_new(struct dead_read **out,
						   const struct dead_read_options *o,
						   struct stagger_error *err);
/* The next one that fits, valid until the next call; NULL: that was all. */
STAGGER_MUST_USE enum stagger_status dead_read_next(struct dead_read *r,
						    const struct dead_letter **out,
						    struct stagger_error *err);
/* Topics that could not be read, or not to their end. */
size_t dead_read_n_troubles(const struct dead_read *r);
void dead_read_free(struct dead_read **r);

#endif
