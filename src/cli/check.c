/* SPDX-License-Identifier: Apache-2.0
 *
 * What a chain file alone shows to be unwise. */
#include "cli/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/duration.h"
#include "core/backoff.h"
#include "core/plan.h"

#define LONG_IN_PLACE_MS 60000 /* a strand that waits longer is worth a word */

static void warn(struct check_warnings *w, const char *fmt, ...) STAGGER_PRINTF(2, 3);
static void warn(struct check_warnings *w, const char *fmt, ...)
{
	va_list args;

	if (w->n == CHECK_MAX_WARNINGS) {
		w->n_more++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(w->list[w->n++], CHECK_WARNING, fmt, args);
	va_end(args);
}

const char *check_session_why(const struct chain_file *file)
{
	if (file->config->consumer.session_timeout_ms != 0)
		return "as the file says";
	return file->options.instance != NULL ? "the default with 'instance'"
					      : "the default without 'instance'";
}

static void check_member(struct check_warnings *w, const struct chain_file *file)
{
	const char *servers = chain_file_property(file, "bootstrap.servers");
	char session[DURATION_TEXT];

	duration_format(file->options.session_timeout_ms, session);
	if (file->options.instance == NULL)
		warn(w,
		     "no 'instance': each restart rebalances the whole group, and partitions of a "
		     "member that died wait for %s; a name that is this process's own, '{host}' "
		     "say, avoids both",
		     session);
	if (servers != NULL && strcmp(servers, "embedded") == 0)
		warn(w, "bootstrap.servers is 'embedded': for development, nothing survives the "
			"process");
}

static void check_in_place(struct check_warnings *w, const struct stagger_chain *chain)
{
	int64_t total_ms = 0;
	char total[DURATION_TEXT];

	for (int32_t call = 1; call < chain->in_place_attempts; call++)
		total_ms = add_saturated(total_ms, backoff_wait_ms(chain, call, 1));
	if (total_ms > LONG_IN_PLACE_MS && chain->order != STAGGER_ORDER_NONE)
		warn(w,
		     "chain '%s': a message that fails in place holds up what must come after it "
		     "for %s: fewer 'attempts', or a stage",
		     chain->name, duration_format(total_ms, total));
}

static void check_stages(struct check_warnings *w, const struct stagger_chain *chain,
			 const struct plan *plan)
{
	for (int32_t i = 1; i < chain->n_stages; i++) {
		bool entered = chain->stages[i].retired;
		for (size_t k = 0; k < plan->n && !entered; k++)
			entered = plan->calls[k].stage == i;
		if (!entered)
			warn(w, "chain '%s': no message ever reaches %s: '%s' comes before it",
			     chain->name, chain->stages[i].name,
			     chain->deadline_ms != 0 ? "deadline" : "expire");
	}
}

enum stagger_status check_file(struct check_warnings *out, const struct chain_file *file,
			       struct stagger_error *err)
{
	out->n = out->n_more = 0;
	check_member(out, file);
	for (size_t i = 0; i < file->n_chains; i++) {
		struct plan plan;
		enum stagger_status status = plan_make(&plan, file->chains[i], err);
		if (status != STAGGER_OK)
			return status;
		check_in_place(out, file->chains[i]);
		check_stages(out, file->chains[i], &plan);
		plan_clear(&plan);
	}
	return STAGGER_OK;
}
