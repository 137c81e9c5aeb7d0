/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that no folder of tests/data holds: other bytes than text, and sizes at the limits. */
#include "config_rig.h"

#include "config/tree.h"
#include "core/chain.h"

static char *repeated(const char *head, const char *part, size_t times, const char *tail)
{
	size_t size = strlen(part);
	char *text = malloc(strlen(head) + times * size + strlen(tail) + 1);

	assert_non_null(text);
	char *at = stpcpy(text, head);
	for (size_t i = 0; i < times; i++)
		at = stpcpy(at, part);
	stpcpy(at, tail);
	return text;
}

static void assert_refuses(char *yaml, const char *what)
{
	assert_mentions(yaml, strlen(yaml), what);
	free(yaml);
}

static void yaml__takes_line_ends_and_marks_of_other_systems(void **state)
{
	(void)state;
	struct config *config = must_read("\xef\xbb\xbfkafka: {bootstrap.servers: localhost}\r\n"
					  "group: g\r\nchains:\r\n  orders:\r\n    workers: 3\r\n");
	assert_int_equal(config->chains[0]->workers, 3);
	config_free(&config);
	assert_finds("\xef\xbb\xbfkafka: {bootstrap.servers: localhost}\r\n"
		     "group: g\r\nchains:\r\n  orders:\r\n    workers: x\r\n",
		     "t.yaml:5:14: error: workers: 'x' is not a whole number, nor inline\n"
		     "    workers: x\n"
		     "             ^\n");
}

static void yaml__refuses_bytes_that_are_no_text(void **state)
{
	static const char nul[] = "group: g\0x\n";
	static const char latin1[] = "group: caf\xe9\n";
	static const char bell[] = "group: \a\n";
	static const char del[] = "group: \x7f\n";
	static const char escaped[] = HEAD "chains: {o: {value_content_type: \"a\\0b\"}}\n";

	(void)state;
	assert_mentions(nul, sizeof(nul) - 1, ":1:9: error: a control character (0x00)");
	assert_mentions(latin1, sizeof(latin1) - 1, ":1:11: error: byte 0xe9 is not UTF-8");
	assert_mentions(bell, sizeof(bell) - 1, ":1:8: error: a control character (0x07)");
	assert_mentions(del, sizeof(del) - 1, ":1:8: error: a control character (0x7f)");
	assert_mentions(escaped, sizeof(escaped) - 1, "a text with a NUL byte in it");
}

static void yaml__has_limits(void **state)
{
	(void)state;
	assert_refuses(repeated("# ", "x", CONFIG_MAX_FILE, "\n"), "more than 1 MiB");
	assert_refuses(repeated("formerly: [", "a,", TREE_MAX_NODES, "]\n"),
		       "more than 65535 keys and values");
	assert_refuses(repeated("a: ", "[", TREE_MAX_DEPTH, ""),
		       "more than 16 maps and lists within each other");
	assert_refuses(repeated("a: ", "[", 100000, ""),
		       "more than 16 maps and lists within each other");
	size_t room = 16 * (TREE_MAX_PAIRS + 2);
	char *many = malloc(room);
	assert_non_null(many);
	size_t used = 0;
	for (int i = 0; i <= TREE_MAX_PAIRS; i++)
		used += (size_t)snprintf(many + used, room - used, "k%d: 1\n", i);
	assert_refuses(many, "more than 2048 keys in one map");
}

/* 10^9 laughs in 300 bytes: an alias is a pointer. */
static void yaml__aliases_cost_nothing(void **state)
{
	char text[2048] = HEAD "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
	size_t used = strlen(text);

	(void)state;
	for (char c = 'b'; c < 'k'; c++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n",
					 c, c, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1,
					 c - 1, c - 1, c - 1);
	snprintf(text + used, sizeof(text) - used,
		 "chains: {o: {retry: {never: *j, stages: *j}}}\n");
	assert_mentions(text, strlen(text), "retry.stages[].delay is a list, it takes one value");
}

static void yaml__an_alias_is_the_last_anchor_of_its_name(void **state)
{
	(void)state;
	struct config *config = must_read(HEAD "chains:\n"
					       "  a: {workers: &n 2}\n"
					       "  b: {workers: *n, retry: &r {stages: &n [3m]}}\n"
					       "  c: {retry: *r}\n"
					       "  d: {retry: {stages: *n}}\n");
	assert_int_equal(config->chains[1]->workers, 2);
	assert_int_equal(config->chains[2]->stages[1].delay_ms, 180000);
	assert_int_equal(config->chains[3]->n_stages, 2);
	config_free(&config);
}

static void yaml__what_the_parser_gives_up_on_has_a_place(void **state)
{
	static const char *const texts[] = {
		"a: [1, 2\nb: 3\n", "a: b: c\n",     "a: \"x\n",   "a: 1\n b: 2\n", "a: @x\n",
		"a: {b\n",          "a: \"\\q\"\n",  "a: &x &y 1", "a: 1\nb\nc: 2", "a: !",
		"%YAML 1.2\n",      "a: !x!y z\n",   "? a\n? b: [", "- a\nb: c\n",  "a: |x\n",
		"a: 'x",            "[a, b]: {c: ", "}",          "a: ]\n",        "*a\n",  "%YAML 0.1\n---\na: 1\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *report = findings_of(texts[i], strlen(texts[i]));
		if (strncmp(report, "t.yaml:", 7) != 0 || report[7] == ' ')
			fail_msg("%s has no place:\n%s", texts[i], report);
		free(report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml__takes_line_ends_and_marks_of_other_systems),
		cmocka_unit_test(yaml__refuses_bytes_that_are_no_text),
		cmocka_unit_test(yaml__has_limits),
		cmocka_unit_test(yaml__aliases_cost_nothing),
		cmocka_unit_test(yaml__an_alias_is_the_last_anchor_of_its_name),
		cmocka_unit_test(yaml__what_the_parser_gives_up_on_has_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
