/* SPDX-License-Identifier: Apache-2.0
 *
 * What an envelope collects from hop to hop, within limits: history and attributes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "core/envelope.h"

static char class_a[] = "BankBusy", message_a[] = "try later";

static const struct failure plain = {.error_class = class_a, .error_message = message_a};

static struct envelope_facts hop(int32_t tries, const struct failure *failure)
{
	return (struct envelope_facts){.tries = tries, .failed_ms = 5000, .failure = failure};
}

#define assert_text(bytes, text) assert_true(bytes_is((bytes), (text)))

/* -- history ----------------------------------------------------------------------------- */
static void envelope__history_keeps_the_first_and_the_newest(void **state)
{
	(void)state;
	static const struct {
		size_t n_old;
		int32_t tries, old_dropped;
		size_t n, first_kept;  /* entry 1 is this one of the old (or new) */
		int32_t dropped;
	} rows[] = {
		{0, 1, 0, 1, 0, 0},
		{0, 0, 0, 0, 0, 0},
		{1, 1, 0, 2, 1, 0},
		{15, 1, 0, 16, 1, 0},
		{16, 0, 3, 16, 1, 3},
		{16, 1, 0, 16, 2, 1},
		{16, 1, 5, 16, 2, 6},
		{20, 0, 0, 16, 5, 4},   /* a writer with other limits */
		{20, 1, INT32_MAX - 2, 16, 6, INT32_MAX},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct envelope_attempt history[20] = {0};
		struct envelope old = {.history = history,
				       .n_history = rows[i].n_old,
				       .history_dropped = rows[i].old_dropped};
		struct envelope_facts facts = hop(rows[i].tries, &plain);
		struct envelope_room room;
		struct envelope e;

		for (size_t k = 0; k < 20; k++)
			history[k].offset = (int64_t)k;
		facts.left_offset = (int64_t)rows[i].n_old;
		envelope_advance(&e, &room, &old, &facts);
		assert_int_equal(e.n_history, rows[i].n);
		assert_int_equal(e.history_dropped, rows[i].dropped);
		if (e.n_history > 0)
			assert_int_equal(e.history[0].offset, 0);
		for (size_t k = 1; k < e.n_history; k++)
			assert_int_equal(e.history[k].offset, rows[i].first_kept + k - 1);
	}
}

static void envelope__a_history_message_is_cut_between_characters(void **state)
{
	(void)state;
	char text[400];
	struct failure failure = {.error_class = class_a, .error_message = text};
	struct envelope_facts facts = hop(1, &failure);
	struct envelope_origin origin = {0};
	struct envelope_room room;
	struct envelope e;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text + 255, "\xc3\xa9", 2);
	assert_true(envelope_fresh(&e, &room, &origin, &facts));
	assert_int_equal(e.history[0].fault.error_message.size, 255);
	assert_int_equal(e.last.error_message.size, 399);
	memcpy(text + 254, "\xc3\xa9x", 3);
	assert_true(envelope_fresh(&e, &room, &origin, &facts));
	assert_int_equal(e.history[0].fault.error_message.size, 256);
}

/* -- attributes -------------------------------------------------------------------------- */
#define PAIRS 4

struct merge_row {
	const char *name;
	struct stagger_pair old[PAIRS], set[PAIRS], merged[PAIRS]; /* ended by a NULL name */
};

static const struct merge_row merges[] = {
	{"nothing", {{0}}, {{0}}, {{0}}},
	{"new ones", {{0}}, {{"a", "1"}, {"b", ""}}, {{"a", "1"}, {"b", ""}}},
	{"old ones stay", {{"a", "1"}}, {{0}}, {{"a", "1"}}},
	{"both", {{"a", "1"}}, {{"b", "2"}}, {{"a", "1"}, {"b", "2"}}},
	{"a handler's beat the old",
	 {{"a", "1"}, {"b", "2"}}, {{"a", "9"}}, {{"a", "9"}, {"b", "2"}}},
	{"removed", {{"a", "1"}, {"b", "2"}}, {{"a", NULL}}, {{"b", "2"}}},
	{"removed, never there", {{"a", "1"}}, {{"z", NULL}}, {{"a", "1"}}},
	{"names that begin alike",
	 {{"ab", "1"}}, {{"a", "2"}, {"abc", NULL}}, {{"ab", "1"}, {"a", "2"}}},
	{"twice in a forged map: the later", {{"a", "1"}, {"a", "2"}}, {{0}}, {{"a", "2"}}},
};

static size_t count_pairs(const struct stagger_pair *pairs)
{
	size_t n = 0;

	while (n < PAIRS && pairs[n].name)
		n++;
	return n;
}

static void envelope__attributes_are_merged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(merges) / sizeof(merges[0]); i++) {
		const struct merge_row *row = &merges[i];
		struct envelope_pair pairs[PAIRS];
		struct stagger_pair set[PAIRS];
		struct failure failure = {.error_class = class_a, .attributes = set};
		struct envelope_facts facts = hop(1, &failure);
		struct envelope old = {.attributes = pairs, .n_attributes = count_pairs(row->old)};
		struct envelope_room room;
		struct envelope e;

		print_message("           %s\n", row->name);
		memcpy(set, row->set, sizeof(set));
		failure.n_attributes = count_pairs(set);
		for (size_t k = 0; k < old.n_attributes; k++)
			pairs[k] = (struct envelope_pair){bytes_text(row->old[k].name),
							  bytes_text(row->old[k].value)};
		envelope_advance(&e, &room, &old, &facts);
		assert_int_equal(e.n_attributes, count_pairs(row->merged));
		for (size_t k = 0; k < e.n_attributes; k++) {
			assert_text(e.attributes[k].name, row->merged[k].name);
			assert_text(e.attributes[k].value, row->merged[k].value);
			assert_text(envelope_attribute(&e, bytes_text(row->merged[k].name)),
				    row->merged[k].value);
		}
		assert_null(envelope_attribute(&e, bytes_text("not there")).data);
	}
}

static void envelope__attributes_beyond_32_names_are_left_out(void **state)
{
	(void)state;
	char names[40][4];
	struct envelope_pair pairs[40];
	char *x = names[39];
	struct stagger_pair set[] = {{"new", "1"}, {names[3], "changed"}};
	struct failure failure = {.error_class = class_a, .attributes = set, .n_attributes = 2};
	struct envelope_facts facts = hop(1, &failure);
	struct envelope old = {.attributes = pairs, .n_attributes = 40};
	struct envelope_room room;
	struct envelope e;

	for (size_t i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "n%zu", i);
		pairs[i] = (struct envelope_pair){bytes_text(names[i]), bytes_text("old")};
	}
	envelope_advance(&e, &room, &old, &facts);
	assert_int_equal(e.n_attributes, 32);
	assert_text(envelope_attribute(&e, bytes_text("n31")), "old");
	assert_text(envelope_attribute(&e, bytes_text("n3")), "changed");
	assert_null(envelope_attribute(&e, bytes_text("n32")).data);
	assert_null(envelope_attribute(&e, bytes_text("new")).data);
	assert_null(envelope_attribute(&e, bytes_text(x)).data);

	set[1].value = NULL; /* a place becomes free: for the oldest that waits for one */
	envelope_advance(&e, &room, &old, &facts);
	assert_int_equal(e.n_attributes, 32);
	assert_null(envelope_attribute(&e, bytes_text("n3")).data);
	assert_text(envelope_attribute(&e, bytes_text("n32")), "old");
}

static void envelope__attributes_beyond_4_kib_are_left_out(void **state)
{
	(void)state;
	static char large[5001];
	struct envelope_pair pairs[] = {{{"a", 1}, {large, 4000}}, {{"b", 1}, {large, 95}},
					{{"c", 1}, {large, 1}},    {{large, 5000}, {NULL, 0}},
					{{"d", 1}, {large, SIZE_MAX}}};
	struct stagger_pair set[] = {{"a", "short"}, {"e", "fits now"}};
	struct failure failure = {.error_class = class_a, .attributes = set};
	struct envelope_facts facts = hop(1, &failure);
	struct envelope old = {.attributes = pairs, .n_attributes = 5};
	struct envelope_room room;
	struct envelope e;

	memset(large, 'x', sizeof(large) - 1);
	envelope_advance(&e, &room, &old, &facts);
	assert_int_equal(e.n_attributes, 2); /* a: 4001; b would make 4097; c makes 4003 */
	assert_text(envelope_attribute(&e, bytes_text("c")), "x");
	failure.n_attributes = 2;
	envelope_advance(&e, &room, &old, &facts);
	assert_int_equal(e.n_attributes, 3);
	assert_text(envelope_attribute(&e, bytes_text("a")), "short");
	assert_text(envelope_attribute(&e, bytes_text("e")), "fits now");
	pairs[0].value.size = 5;
	set[0].value = large; /* too long for its place: the old value stays */
	envelope_advance(&e, &room, &old, &facts);
	assert_text(envelope_attribute(&e, bytes_text("a")), "xxxxx");
	pairs[0].value.size = 4095;
	failure.n_attributes = 0;
	envelope_advance(&e, &room, &old, &facts);
	assert_int_equal(e.n_attributes, 1); /* 4,096 exactly */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelope__history_keeps_the_first_and_the_newest),
		cmocka_unit_test(envelope__a_history_message_is_cut_between_characters),
		cmocka_unit_test(envelope__attributes_are_merged),
		cmocka_unit_test(envelope__attributes_beyond_32_names_are_left_out),
		cmocka_unit_test(envelope__attributes_beyond_4_kib_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
