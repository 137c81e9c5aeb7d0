/* SPDX-License-Identifier: Apache-2.0
 *
 * A chain as a Mermaid flowchart. Everything that a chain file says stands in quotes, and of it
 * only letters, digits and a few marks as they are: the rest as entities, so that no pattern of
 * error classes is read as Mermaid or as HTML. */
#include <string.h>

#include "cli/plan.h"

static void label(struct output *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			     (c >= 'a' && c <= 'z') || strchr(" -._/+", c) != NULL;
		if (plain)
			output_print(out, "%c", c);
		else
			output_print(out, "#%d;", c);
	}
}

static void node(struct output *out, const struct stagger_chain *chain, size_t n, int32_t number)
{
	const struct chain_stage *stage = &chain->stages[number];
	char wait[PLAN_WAIT];

	output_print(out, "    c%zu_s%d[\"", n, (int)number);
	label(out, stage->topic);
	output_print(out, "<br/>");
	if (number == CHAIN_MAIN) {
		output_print(out, "main");
	} else {
		output_print(out, "waits ");
		label(out, plan_wait(chain, number, wait));
		if (stage->visits > 1)
			output_print(out, ", %d visits", (int)stage->visits);
		if (stage->retired)
			output_print(out, ", retired");
	}
	output_print(out, "\"]\n");
}

static void dead_nodes(struct output *out, const struct stagger_chain *chain, size_t n)
{
	output_print(out, "    c%zu_dead[(\"", n);
	if (chain->dead_letter_topic != NULL)
		label(out, chain->dead_letter_topic);
	else
		output_print(out, "the consumer stops");
	output_print(out, "\")]\n");
	for (size_t i = 0; i < chain->n_routes; i++) {
		output_print(out, "    c%zu_r%zu[(\"", n, i);
		label(out, chain->routes[i].topic);
		output_print(out, "\")]\n");
	}
}

static void edge_to(struct output *out, size_t n, int32_t from, int32_t to)
{
	output_print(out, "    c%zu_s%d -->|fails| ", n, (int)from);
	if (to == CHAIN_DLT)
		output_print(out, "c%zu_dead\n", n);
	else
		output_print(out, "c%zu_s%d\n", n, (int)to);
}

static void edges(struct output *out, const struct stagger_chain *chain, size_t n)
{
	char text[MATCH_TEXT];

	for (int32_t i = 0; i < chain->n_stages; i++) {
		int32_t next = i + 1;
		if (chain->stages[i].retired) {
			next = plan_after_retired(chain, i);
		} else {
			while (next < chain->n_stages && chain->stages[next].retired)
				next++;
			if (next == chain->n_stages)
				next = CHAIN_DLT;
		}
		edge_to(out, n, i, next);
		if (i != CHAIN_MAIN && chain->republish)
			output_print(out, "    c%zu_s%d -.->|due| c%zu_s0\n", n, (int)i, n);
	}
	for (size_t i = 0; i < chain->n_routes; i++) {
		output_print(out, "    c%zu_dead -->|\"", n);
		label(out, match_format(&chain->routes[i].match, text));
		output_print(out, "\"| c%zu_r%zu\n", n, i);
	}
}

void plan_mermaid(struct output *out, const struct stagger_chain *chain, size_t n)
{
	output_print(out, "  subgraph c%zu[\"", n);
	label(out, chain->name);
	output_print(out, "\"]\n");
	for (int32_t i = 0; i < chain->n_stages; i++)
		node(out, chain, n, i);
	dead_nodes(out, chain, n);
	edges(out, chain, n);
	output_print(out, "  end\n");
}
