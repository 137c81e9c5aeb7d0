/* SPDX-License-Identifier: Apache-2.0
 *
 * `${NAME}`, `${NAME:-default}`, `${file:PATH}` and `$${` in values. Once: what comes out is not
 * looked at again, so that no secret can name another one. All that comes out is a secret. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "config/file.h"
#include "config/tree.h"

#define MAX_FILE ((size_t)65536)  /* bytes of a secret's file */
#define MAX_ALL ((size_t)4 << 20) /* bytes of all expanded values */
#define MAX_NAME 255
#define MAX_PATH 4096

struct expansion {
	struct arena *arena;
	struct report *report;
	size_t used; /* of MAX_ALL */
	size_t number;
};
/* One value under way. */
struct value {
	struct node *node;
	char *text; /* malloc'd */
	size_t size;
	bool expanded, failed;
};

static void add(struct expansion *x, struct value *v, const char *text, size_t size)
{
	char *longer = realloc(v->text, v->size + size + 1);

	if (longer == NULL) {
		x->arena->failed = true;
		return;
	}
	if (size > 0)
		memcpy(longer + v->size, text, size);
	v->text = longer;
	v->size += size;
	v->text[v->size] = '\0';
}

/* What came from outside. */
static void add_secret(struct expansion *x, struct value *v, const char *text, size_t size)
{
	char *copy = arena_text(x->arena, (struct stagger_bytes){ text, size });

	v->expanded = true;
	x->used += size;
	if (copy != NULL)
		report_secret(x->report, copy);
	add(x, v, text, size);
}

static void refuse(struct expansion *x, struct value *v, size_t at, size_t size, const char *what,
		   const char *why)
{
	report_add(x->report, node_part(v->node, at, size), "%s%s", what, why);
	v->failed = true;
}

/* A relative path is one beside the chain file. */
static void take_file(struct expansion *x, struct value *v, size_t at, size_t size,
		      const char *path)
{
	char full[MAX_PATH] = "";
	const char *slash = strrchr(x->report->name, '/');
	size_t folder = path[0] != '/' && slash != NULL ? (size_t)(slash - x->report->name) + 1 : 0;
	char *text;
	size_t n;

	if (folder + strlen(path) >= sizeof(full)) {
		refuse(x, v, at, size, "the secret's file: ", "its path is too long");
		return;
	}
	memcpy(full, x->report->name, folder);
	strcpy(full + folder, path);
	const char *why = file_read(&text, &n, full, MAX_FILE, &x->report->arena->failed);
	if (why != NULL) {
		report_add(x->report, node_part(v->node, at, size), "the secret's file '%s': %s",
			   path, why);
		v->failed = true;
		return;
	}
	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (memchr(text, '\0', n) != NULL || !utf8_valid((struct stagger_bytes){ text, n }))
		refuse(x, v, at, size, "the secret's file: ", "it is not text (UTF-8)");
	else
		add_secret(x, v, text, n);
	free(text);
}

static bool name_valid(const char *name)
{
	size_t letters = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_");
	size_t all =
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

	return letters > 0 && all <= MAX_NAME && name[all] == '\0';
}

static void take_variable(struct expansion *x, struct value *v, size_t at, size_t size, char *name)
{
	char *otherwise = strstr(name, ":-");

	if (otherwise != NULL) {
		size_t skipped = strlen("${") + (size_t)(otherwise - name) + strlen(":-");
		report_mask(x->report, node_part(v->node, at + skipped, size - skipped - 1));
		*otherwise = '\0';
		otherwise += strlen(":-");
	}
	if (!name_valid(name)) {
		refuse(x, v, at, size, "no name of a variable: ",
		       "write ${NAME}, ${NAME:-default}, ${file:PATH}, or $${ for the two "
		       "characters");
		return;
	}
	const char *value = getenv(name);
	if (otherwise != NULL && (value == NULL || value[0] == '\0'))
		value = otherwise;
	if (value == NULL) {
		report_add(
			x->report, node_part(v->node, at, size),
			"the environment variable %s is not set: set it, or write ${%s:-default}",
			name, name);
		v->failed = true;
	} else if (!utf8_valid(bytes_text(value))) {
		refuse(x, v, at, size, "the environment variable: ", "it is not text (UTF-8)");
	} else {
		add_secret(x, v, value, strlen(value));
	}
}

/* The word that opens at byte at. Returns the byte behind it. */
static size_t take_word(struct expansion *x, struct value *v, size_t at)
{
	const char *text = v->node->text;
	const char *end = strchr(text + at, '}');

	if (end == NULL) {
		refuse(x, v, at, 2, "'${' is not closed", "");
		return strlen(text);
	}
	size_t size = (size_t)(end - text) + 1 - at;
	char *word = strndup(text + at + 2, size - 3);
	if (word == NULL) {
		x->arena->failed = true;
		return at + size;
	}
	if (++x->number > SECRETS_MAX / 2 || x->used > MAX_ALL)
		refuse(x, v, at, size, "more than 1024 of these, or 4 MiB of what they stand for",
		       "");
	else if (strncmp(word, "file:", 5) == 0)
		take_file(x, v, at, size, word + 5);
	else
		take_variable(x, v, at, size, word);
	free(word);
	return at + size;
}

static void expand_value(struct expansion *x, struct node *node)
{
	struct value v = { .node = node };

	for (size_t at = 0; node->text[at] != '\0' && !x->arena->failed;) {
		const char *from = node->text + at;
		const char *dollar = strstr(from, "${");
		size_t plain = dollar != NULL ? (size_t)(dollar - from) : strlen(from);
		bool literal = dollar != NULL && plain > 0 && dollar[-1] == '$';

		add(x, &v, from, literal ? plain - 1 : plain);
		at += plain;
		if (literal)
			add(x, &v, "${", 2);
		if (dollar != NULL)
			at = literal ? at + 2 : take_word(x, &v, at);
	}
	if (v.text != NULL && !v.failed) {
		node->text = arena_text(x->arena, (struct stagger_bytes){ v.text, v.size });
		node->exact = false;
		node->expanded = v.expanded;
		if (v.expanded && node->text != NULL)
			report_secret(x->report, node->text);
	}
	if (v.failed)
		node->refused = true;
	free(v.text);
}

static void hide(struct report *r, const struct node *node)
{
	report_mask(r, node->place);
	report_secret(r, node->text);
}

void expand_tree(const struct tree *tree, struct arena *arena, struct report *report)
{
	struct expansion x = { .arena = arena, .report = report };

	for (size_t i = 0; i < tree->n_nodes && !arena->failed; i++) {
		struct node *node = tree->nodes[i];
		if (node->kind != NODE_SCALAR || node->is_key)
			continue;
		if (strstr(node->text, "${") != NULL)
			expand_value(&x, node);
		if (node->secret && !arena->failed)
			hide(report, node);
	}
}
