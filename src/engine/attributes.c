/* SPDX-License-Identifier: Apache-2.0
 *
 * What handlers of this visit changed in the message's attributes: the next in-place call sees it,
 * the hop writes it. One block, made again at each change; value NULL is a removal. */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct attributes {
	size_t n;      /* changes */
	size_t n_seen; /* pairs the next call sees: the envelope's with the changes */
	struct stagger_pair *seen;
	struct stagger_pair pairs[]; /* changes, then seen, then the texts of changes */
};

static const struct stagger_pair *find(const struct stagger_pair *pairs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return &pairs[i];
	return NULL;
}

static size_t text_size(const struct stagger_pair *pair)
{
	return text_packed(pair->name) + text_packed(pair->value);
}

/* The pairs the handler sees: what the envelope had and nobody changed, then the changes. base is
 * what the message showed before any change of this visit. */
static void see(struct attributes *a, const struct stagger_pair *base, size_t n_base)
{
	a->seen = &a->pairs[a->n];
	for (size_t i = 0; i < n_base; i++)
		if (find(a->pairs, a->n, base[i].name) == NULL)
			a->seen[a->n_seen++] = base[i];
	for (size_t i = 0; i < a->n; i++)
		if (a->pairs[i].value != NULL)
			a->seen[a->n_seen++] = a->pairs[i];
}

bool attributes_change(struct record *r, const struct failure *failure)
{
	if (failure->n_attributes == 0)
		return true;
	const struct attributes *old = r->attributes;
	size_t n_old = old != NULL ? old->n : 0;
	size_t most = n_old + failure->n_attributes;
	size_t texts = 0;
	for (size_t i = 0; i < n_old; i++)
		texts += text_size(&old->pairs[i]);
	for (size_t i = 0; i < failure->n_attributes; i++)
		texts += text_size(&failure->attributes[i]);
	size_t n_pairs = 2 * most + r->n_base_attributes;
	struct attributes *a = calloc(1, sizeof(*a) + n_pairs * sizeof(a->pairs[0]) + texts);
	if (a == NULL)
		return false;
	char *at = (char *)&a->pairs[n_pairs];
	for (size_t i = 0; i < n_old; i++)
		if (find(failure->attributes, failure->n_attributes, old->pairs[i].name) == NULL)
			a->pairs[a->n++] =
				(struct stagger_pair){ text_pack(&at, old->pairs[i].name),
						       text_pack(&at, old->pairs[i].value) };
	for (size_t i = 0; i < failure->n_attributes; i++)
		a->pairs[a->n++] = (struct stagger_pair){
			text_pack(&at, failure->attributes[i].name),
			text_pack(&at, failure->attributes[i].value) };
	see(a, r->base_attributes, r->n_base_attributes);
	attributes_free(&r->attributes);
	r->attributes = a;
	r->call.attributes = a->seen;
	r->call.n_attributes = a->n_seen;
	return true;
}

void attributes_free(struct attributes **attributes)
{
	free(*attributes);
	*attributes = NULL;
}

struct stagger_pair *attributes_changes(const struct record *r, size_t *n)
{
	*n = r->attributes != NULL ? r->attributes->n : 0;
	return *n > 0 ? r->attributes->pairs : NULL;
}
