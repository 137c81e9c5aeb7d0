/* SPDX-License-Identifier: Apache-2.0
 *
 * What is on a desk, as a text, and how it is put there. It looks inside: a change that a caller
 * cannot see yet is one, too. */
#include "calls.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/text.h"
#include "consumer/state.h"
#include "core/chain.h"
#include "core/failure.h"
#include "testing/world.h"

struct page {
	char *text;
	size_t used;
};

#define SAY(page, ...)                                                                             \
	assert_true(text_add((page)->text, DESK_LOOK, &(page)->used, __VA_ARGS__))

static const char *or_none(const char *text)
{
	return text != NULL ? text : "(none)";
}

static void look_at_patterns(struct page *p, const char *kind, const struct match *list, size_t n)
{
	char text[MATCH_TEXT];

	for (size_t i = 0; i < n; i++)
		SAY(p, " %s %s\n", kind, match_format(&list[i], text));
}

static void look_at_chain(struct page *p, const struct stagger_chain *c)
{
	char text[MATCH_TEXT];

	if (c == NULL)
		return;
	SAY(p, "chain %s topic %s retry %s dead %s sealed %d none %d wait %" PRId64 "\n", c->name,
	    c->topic, or_none(c->retry_template), or_none(c->dead_letter_topic), c->sealed,
	    c->no_stages, c->longest_wait_ms);
	for (int32_t i = 0; i < c->n_stages; i++)
		SAY(p, " stage %s topic %s delay %" PRId64 " visits %d\n", c->stages[i].name,
		    or_none(c->stages[i].topic), c->stages[i].delay_ms, (int)c->stages[i].visits);
	look_at_patterns(p, "never", c->never, c->n_never);
	look_at_patterns(p, "only", c->only, c->n_only);
	for (size_t i = 0; i < c->n_routes; i++)
		SAY(p, " route %s to %s\n", match_format(&c->routes[i].match, text),
		    c->routes[i].topic);
	for (size_t i = 0; c->in_place_on != NULL && c->in_place_on[i] != NULL; i++)
		SAY(p, " in place on %s\n", c->in_place_on[i]);
	SAY(p, " types %s %s\n", or_none(c->key_content_type), or_none(c->value_content_type));
}

static void look_at_consumer(struct page *p, const struct stagger_consumer *c)
{
	if (c == NULL)
		return;
	SAY(p, "consumer group %s instance %s file %s phase %d stop %d engine %d\n", c->o.group,
	    or_none(c->o.instance), or_none(c->file), (int)c->phase, (int)c->stop_asked,
	    c->engine != NULL);
	for (size_t i = 0; c->o.formerly != NULL && c->o.formerly[i] != NULL; i++)
		SAY(p, " formerly %s\n", c->o.formerly[i]);
	for (size_t i = 0; i < c->n_properties; i++)
		SAY(p, " %s=%s\n", c->properties[i].name, c->properties[i].value);
	for (size_t i = 0; i < c->n_topics; i++)
		SAY(p, " topic %s\n", c->topics[i]);
	for (size_t i = 0; i < c->n_chains; i++) {
		SAY(p, " handler %d\n", c->chains[i].handler != NULL);
		look_at_chain(p, c->chains[i].chain);
	}
}

/* Not the time, nor how often a message was copied: who mends lets time pass, and repeats. */
static void look_at_world(struct page *p, const struct stagger_world *w)
{
	enum stagger_status status = STAGGER_OK;

	if (w == NULL)
		return;
	SAY(p, "world, ended %d %d\n", world_ended(w, 0, &status, NULL), (int)status);
	for (int32_t i = 0; i < world_partitions(w, "orders"); i++)
		SAY(p, " orders/%d: %zu\n", (int)i, world_size(w, "orders", i));
	SAY(p, " elsewhere: %zu\n", stagger_world_count(w, "elsewhere"));
	look_at_consumer(p, stagger_world_consumer(w));
}

static void look_at_envelope(struct page *p, const struct stagger_envelope *e)
{
	char *json = NULL;

	if (e == NULL)
		return;
	must(stagger_envelope_json(e, &json, NULL), NULL);
	SAY(p, "%s\n", json);
	free(json);
}

void desk_look(const struct desk *d, char text[DESK_LOOK])
{
	struct page p = {.text = text};

	text[0] = '\0';
	look_at_chain(&p, d->chain);
	look_at_consumer(&p, d->consumer);
	look_at_world(&p, d->world);
	look_at_envelope(&p, d->read);
	look_at_envelope(&p, d->fresh);
	SAY(&p, "json %s\n", or_none(d->json));
	SAY(&p, "%zu bytes %016" PRIx64 "\n", d->size,
	    bytes_hash((struct stagger_bytes){d->bytes, d->size}));
	if (d->stats != NULL)
		SAY(&p, "stats %zu lanes, handled %" PRId64 "\n", d->stats->n_lanes,
		    d->stats->handled);
	SAY(&p, "deferred %d, done %x\n", d->deferred != NULL, d->done);
}

void desk_clear(struct desk *d)
{
	stagger_stats_free(&d->stats);
	stagger_world_free(&d->world);
	stagger_consumer_free(&d->consumer);
	stagger_chain_free(&d->chain);
	stagger_envelope_free(&d->read);
	const struct stagger_envelope *fresh = d->fresh;
	stagger_envelope_free(&fresh);
	failure_scratch_free(&d->why);
	free(d->bytes);
	free(d->json);
}
