/* SPDX-License-Identifier: Apache-2.0
 *
 * libfyaml's events -> a tree. Events, not its documents: so depth, number and duplicates are ours
 * to bound, an alias costs nothing, and every node keeps the byte it came from. */
#include <libfyaml.h>

#include <string.h>

#include "base/utf8.h"
#include "config/builder.h"
#include "config/config.h"

static struct place token_place(const struct builder *b, struct fy_token *token)
{
	const struct fy_mark *start = token != NULL ? fy_token_start_mark(token) : NULL;
	const struct fy_mark *end = token != NULL ? fy_token_end_mark(token) : NULL;
	size_t size = b->report->source.size;

	if (start == NULL || start->input_pos > size)
		return (struct place){ size, 0 };
	struct place place = { start->input_pos, 0 };
	if (end != NULL && end->input_pos > place.at && end->input_pos <= size)
		place.size = end->input_pos - place.at;
	return place;
}

static const char *token_text(struct builder *b, struct fy_token *token, size_t *size)
{
	const char *text = token != NULL ? fy_token_get_text(token, size) : NULL;

	if (text == NULL)
		return NULL;
	return arena_text(b->arena, (struct stagger_bytes){ text, *size });
}

static void refuse_tag(struct builder *b, struct fy_token *tag)
{
	if (tag != NULL)
		report_add(b->report, token_place(b, tag),
			   "a tag means nothing here: leave it out");
}

static void scalar(struct builder *b, const struct fy_event_scalar_data *event)
{
	size_t ignored;
	struct written w = { .plain = true };

	w.text = token_text(b, event->value, &w.size);
	if (w.text != NULL) {
		w.place = token_place(b, event->value);
		w.plain = fy_token_scalar_style(event->value) == FYSS_PLAIN;
	}
	refuse_tag(b, event->tag);
	builder_scalar(b, &w, token_text(b, event->anchor, &ignored));
}

/* A map or a list. */
static void collection(struct builder *b, enum node_kind kind, struct fy_token *start,
		       struct fy_token *anchor, struct fy_token *tag)
{
	size_t ignored;

	refuse_tag(b, tag);
	builder_open(b, kind, token_place(b, start), token_text(b, anchor, &ignored));
}

static void alias(struct builder *b, struct fy_token *token)
{
	size_t size;
	const char *name = token_text(b, token, &size);

	if (name != NULL)
		builder_alias(b, name, token_place(b, token));
}

static void document(struct builder *b, struct fy_token *start)
{
	if (b->tree->root != NULL)
		builder_stop(b, token_place(b, start), "a second document: a chain file has one");
}

static void take_event(struct builder *b, const struct fy_event *event)
{
	switch (event->type) {
	case FYET_DOCUMENT_START:
		document(b, event->document_start.document_start);
		break;
	case FYET_SCALAR:
		scalar(b, &event->scalar);
		break;
	case FYET_ALIAS:
		alias(b, event->alias.anchor);
		break;
	case FYET_MAPPING_START:
		collection(b, NODE_MAP, event->mapping_start.mapping_start,
			   event->mapping_start.anchor, event->mapping_start.tag);
		break;
	case FYET_SEQUENCE_START:
		collection(b, NODE_LIST, event->sequence_start.sequence_start,
			   event->sequence_start.anchor, event->sequence_start.tag);
		break;
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		builder_close(b);
		break;
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_END:
		break;
	}
}

/* The byte of a line and column, both from 1. */
static size_t byte_of(const struct report *r, int line, int column)
{
	const char *source = r->source.data;
	size_t at = 0;

	for (; line > 1 && at < r->source.size; line--) {
		const char *end = memchr(source + at, '\n', r->source.size - at);
		at = end != NULL ? (size_t)(end - source) + 1 : r->source.size;
	}
	for (; column > 1 && at < r->source.size && source[at] != '\n'; column--) {
		bool valid;
		at += utf8_step((struct stagger_bytes){ source + at, r->source.size - at }, &valid);
	}
	return at;
}

/* The brace of a `${`: plain texts between braces cannot have one. */
static bool is_variable(const struct report *r, size_t at)
{
	const char *source = r->source.data;

	return at > 0 && at < r->source.size && source[at] == '{' && source[at - 1] == '$';
}

static void take_errors(struct builder *b, struct fy_diag *diag)
{
	struct fy_diag_error *error;
	void *iterator = NULL;
	size_t n = b->report->n_findings;

	while ((error = fy_diag_errors_iterate(diag, &iterator)) != NULL) {
		if (error->type != FYET_ERROR || error->msg == NULL)
			continue;
		struct place place = { byte_of(b->report, error->line, error->column), 1 };
		report_add(b->report, place, "YAML: %s%s", error->msg,
			   is_variable(b->report, place.at)
				   ? ": between { } and [ ] write \"${...}\" in quotes"
				   : "");
	}
	if (b->report->n_findings == n) { /* some directives, and no memory, it does not mention */
		size_t nodes = b->tree->n_nodes;
		report_add(b->report,
			   nodes > 0 ? b->tree->nodes[nodes - 1]->place : (struct place){ 0, 1 },
			   "YAML: the parser gives up here or a little later");
	}
	b->tree->broken = true;
	builder_hide_secrets(b);
}

static void parse(struct builder *b, struct fy_parser *parser, struct fy_diag *diag)
{
	struct fy_event *event;

	while (!b->stop && (event = fy_parser_parse(parser)) != NULL) {
		take_event(b, event);
		fy_parser_event_free(parser, event);
	}
	if (b->stop)
		b->tree->broken = true;
	else if (fy_parser_get_stream_error(parser) || fy_diag_got_error(diag))
		take_errors(b, diag);
}

/* What libfyaml would read over or stop at without a word. */
static bool bytes_allowed(struct report *r)
{
	const char *source = r->source.data;

	if (r->source.size > CONFIG_MAX_FILE) {
		report_add(r, PLACE_NONE, "the file has more than 1 MiB");
		return false;
	}
	for (size_t at = 0; at < r->source.size;) {
		bool valid;
		unsigned char c = (unsigned char)source[at];
		size_t step = utf8_step((struct stagger_bytes){ source + at, r->source.size - at },
					&valid);
		if (valid && (c >= ' ' || c == '\t' || c == '\n' || c == '\r') && c != 127) {
			at += step;
			continue;
		}
		report_add(r, (struct place){ at, 1 },
			   valid ? "a control character (0x%02x) in the file"
				 : "byte 0x%02x is not UTF-8: save the file as UTF-8",
			   c);
		return false;
	}
	return true;
}

void tree_parse(struct tree *tree, struct arena *arena, struct report *report)
{
	struct builder b = { .tree = tree, .arena = arena, .report = report };
	struct fy_diag_cfg quiet;

	if (!bytes_allowed(report)) {
		tree->broken = true;
		return;
	}
	fy_diag_cfg_default(&quiet);
	quiet.fp = NULL;
	quiet.level = FYET_ERROR;
	struct fy_diag *diag = fy_diag_create(&quiet);
	struct fy_parse_cfg how = {
		.flags = FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
		.diag = diag,
	};
	if (diag != NULL)
		fy_diag_set_collect_errors(diag, true);
	struct fy_parser *parser = diag != NULL ? fy_parser_create(&how) : NULL;
	if (parser == NULL ||
	    fy_parser_set_string(parser, report->source.data, report->source.size))
		arena->failed = true;
	else
		parse(&b, parser, diag);
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
}
