/* SPDX-License-Identifier: Apache-2.0
 *
 * What two chains of one group must keep apart in. */
#include "core/chains.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct stagger_chain *make(const char *name, const char *topic, const char *dlt,
				  const char *route)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *chain = NULL;

	o.topic = topic;
	o.dead_letter_topic = dlt;
	assert_int_equal(stagger_chain_new(&chain, name, &o, NULL), STAGGER_OK);
	if (route != NULL)
		assert_int_equal(stagger_chain_route(chain, "E", route, NULL), STAGGER_OK);
	assert_int_equal(chain_seal(chain, "g", NULL), STAGGER_OK);
	return chain;
}

static void chains__keep_apart(void **state)
{
	static const struct {
		const char *name, *topic, *dlt, *route, *says;
	} rows[] = {
		{"b", NULL, NULL, NULL, NULL},
		{"b", NULL, "all.dlt", "a.g.dlt", NULL}, /* dead letters may meet */
		{"a", "other", NULL, NULL, "chain 'a' was added before"},
		{"b", "a", NULL, NULL, "chains 'a' and 'b' share the topic 'a'"},
		{"b", "a.g.retry.5m", NULL, NULL,
		 "chains 'a' and 'b' share the topic 'a.g.retry.5m'"},
		{"b", NULL, "a", NULL, "the dead-letter topic 'a' of chain 'b' is a stage of chain 'a'"},
		{"b", NULL, NULL, "a.g.retry.1m",
		 "the dead-letter topic 'a.g.retry.1m' of chain 'b' is a stage of chain 'a'"},
		{"b", "a.g.dlt", NULL, NULL,
		 "the dead-letter topic 'a.g.dlt' of chain 'a' is a stage of chain 'b'"},
		{"b", "routed", NULL, NULL,
		 "the dead-letter topic 'routed' of chain 'a' is a stage of chain 'b'"},
	};
	struct stagger_chain *a = make("a", NULL, NULL, "routed");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stagger_error err = {0};
		struct stagger_chain *b =
			make(rows[i].name, rows[i].topic, rows[i].dlt, rows[i].route);
		enum stagger_status status = chains_apart(a, b, &err);
		assert_int_equal(status, rows[i].says == NULL ? STAGGER_OK : STAGGER_INVALID);
		assert_string_equal(err.text, rows[i].says == NULL ? "" : rows[i].says);
		stagger_chain_free(&b);
	}
	stagger_chain_free(&a);
}

static void chains__that_stop_have_no_dead_letters(void **state)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *a = make("a", NULL, NULL, NULL);
	struct stagger_chain *b = NULL;

	(void)state;
	o.stop_instead_of_dead_letter = true;
	assert_int_equal(stagger_chain_new(&b, "b", &o, NULL), STAGGER_OK);
	assert_int_equal(chain_seal(b, "g", NULL), STAGGER_OK);
	assert_int_equal(chains_apart(a, b, NULL), STAGGER_OK);
	stagger_chain_free(&a);
	stagger_chain_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains__keep_apart),
		cmocka_unit_test(chains__that_stop_have_no_dead_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
