/* SPDX-License-Identifier: Apache-2.0
 *
 * From a file to a config: parse, expand, bind; each step only on what the one before it left
 * whole, so that no finding follows from another. */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "config/bind.h"
#include "config/file.h"

void config_free(struct config **config)
{
	struct config *c = config != NULL ? *config : NULL;

	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_chains; i++)
		stagger_chain_free(&c->chains[i]);
	struct arena arena = c->inside->arena;
	free(c->inside);
	free(c);
	arena_clear(&arena);
	*config = NULL;
}

static struct config *config_new(void)
{
	struct config *c = calloc(1, sizeof(*c));
	struct config_inside *inside = calloc(1, sizeof(*inside));

	if (c == NULL || inside == NULL) {
		free(c);
		free(inside);
		return NULL;
	}
	c->consumer = (struct stagger_consumer_options)STAGGER_CONSUMER_OPTIONS_INIT;
	c->inside = inside;
	return c;
}

static void read_tree(struct bind *b, const struct tree *tree)
{
	static const struct node empty = { .kind = NODE_MAP };
	const struct node *root = tree->root;
	struct given given = { 0 };

	if (root == NULL || root->kind == NODE_NULL)
		root = &empty;
	if (root->kind != NODE_MAP) {
		report_add(b->report, root->place,
			   "a chain file is a map: 'kafka: ...', 'group: ...', 'chains: ...'");
		return;
	}
	expand_tree(tree, b->arena, b->report);
	if (b->arena->failed)
		return;
	bind_collect(b, KEY_TOP, "", root, &given);
	settings_read(b, &given);
	chains_read(b, &given);
}

enum stagger_status config_read(struct config **out, const struct config_text *text, char **report,
				struct stagger_error *err)
{
	struct config *c = config_new();

	if (c == NULL)
		return fail_memory(err);
	struct arena *arena = &c->inside->arena;
	/* An own copy: places must stay valid, and NUL-terminated is what a parser likes best. */
	char *source = arena_text(arena, text->bytes);
	struct report r = {
		.arena = arena,
		.secrets = &c->inside->secrets,
		.name = text->name,
		.source = { source, text->bytes.size },
	};
	struct bind b = { .config = c, .arena = arena, .report = &r };
	struct tree tree = { 0 };

	if (text->group != NULL)
		b.group = arena_text(arena, bytes_text(text->group));
	if (!arena->failed)
		tree_parse(&tree, arena, &r);
	if (!arena->failed && !tree.broken)
		read_tree(&b, &tree);
	secrets_sort(&c->inside->secrets);
	enum stagger_status status = report_finish(&r, report, err);
	if (status == STAGGER_OK)
		*out = c;
	else
		config_free(&c);
	return status;
}

enum stagger_status config_load(struct config **out, const char *path, const char *group,
				char **report, struct stagger_error *err)
{
	char *text;
	struct config_text from = { .name = path, .group = group };
	struct arena arena = { 0 };
	const char *why =
		file_read(&text, &from.bytes.size, path, CONFIG_MAX_FILE, &arena.failed);

	if (why == NULL) {
		from.bytes.data = text;
		enum stagger_status status = config_read(out, &from, report, err);
		free(text);
		return status;
	}
	struct secrets none = { 0 };
	struct report r = { .arena = &arena, .secrets = &none, .name = path };
	report_add(&r, PLACE_NONE, "cannot be read: %s", why);
	enum stagger_status status = report_finish(&r, report, err);
	arena_clear(&arena);
	return status;
}
