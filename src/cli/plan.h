/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a chain, shown: drawn, as a time table, as JSON, as Mermaid. */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "cli/chain_file.h"
#include "core/plan.h"

struct plan_view {
	const struct chain_file *file;
	const struct stagger_chain *chain;
	const struct plan *plan;
};

void plan_draw(struct output *out, const struct plan_view *view);
void plan_print_times(struct output *out, const struct plan_view *view);
void plan_print_costs(struct output *out, const struct plan_view *view);
/* One JSON object into j. */
struct json;
void plan_json(struct json *j, const struct plan_view *view);
/* n is the chain's number: makes the names of its nodes its own. */
void plan_mermaid(struct output *out, const struct stagger_chain *chain, size_t n);

/* The stage that a failed record of a retired one goes to, or CHAIN_DLT. */
int32_t plan_after_retired(const struct stagger_chain *chain, int32_t stage);
/* "1m ± 6s" as " +- ". Returns text. */
#define PLAN_WAIT 80
const char *plan_wait(const struct stagger_chain *chain, int32_t stage, char text[PLAN_WAIT]);

#endif
