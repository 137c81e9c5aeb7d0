/* SPDX-License-Identifier: Apache-2.0
 *
 * No bytes whatever make a reader read beyond them, crash, leak or take much memory: many thousand
 * damaged envelopes, always the same ones. Worth most under the sanitizers. */
#define _GNU_SOURCE
#include "codec/envelope_codec.h"

#include <malloc.h>

#include "mutants.h"

#define MUTANTS     40000
#define MOST_MEMORY 40 /* times the input */

/* The public functions take the same bytes, or refuse them as well. */
static void check_public(struct stagger_bytes bytes, enum stagger_status expected)
{
	const struct stagger_envelope *e = NULL;
	struct stagger_error err;
	char *json = NULL;

	assert_int_equal(stagger_envelope_read(&e, bytes, &err), expected);
	if (expected != STAGGER_OK)
		return;
	assert_true(malloc_usable_size((void *)(uintptr_t)e) <= MOST_MEMORY * bytes.size);
	assert_int_equal(stagger_envelope_json(e, &json, &err), STAGGER_OK);
	stagger_envelope_free(&e);
	free(json);
}

/* What a mutant is read as is written and read again; both must agree. */
static bool survives(struct stagger_bytes bytes)
{
	struct envelope *e;
	struct stagger_error err;

	if (envelope_read(&e, bytes, &err) != STAGGER_OK) {
		check_public(bytes, STAGGER_CORRUPT);
		return false;
	}
	assert_true(malloc_usable_size(e) <= MOST_MEMORY * bytes.size);
	struct stagger_bytes again = sample_write(e);
	struct envelope *twice;
	assert_int_equal(envelope_read(&twice, again, &err), STAGGER_OK);
	assert_same_envelope(e, twice);
	assert_true(bytes_equal(e->tail, twice->tail));
	check_public(bytes, STAGGER_OK);
	envelope_free(&twice);
	envelope_free(&e);
	sample_drop(again);
	return true;
}

static void envelope_read__survives_mutants_of_good_envelopes(void **state)
{
	struct sample *full = sample_new(sample_full);
	struct sample *minimal = sample_new(sample_minimal);
	struct sample *lists = sample_new(sample_sixty_four);
	struct sample *newer = sample_new(sample_unicode);
	uint64_t seed = 20260501;
	size_t n_read = 0;

	(void)state;
	lists->e.framing = ENVELOPE_REGISTRY;
	newer->e.fingerprint = 42;
	newer->e.tail = bytes_text("tail");
	struct stagger_bytes bases[] = {sample_write(&full->e), sample_write(&minimal->e),
					sample_write(&lists->e), sample_write(&newer->e)};
	for (size_t i = 0; i < MUTANTS; i++) {
		struct stagger_bytes bytes = mutant(bases[i % 4], &seed);
		n_read += survives(bytes);
		sample_drop(bytes);
	}
	/* Else the mutations are too rough, or too gentle, to prove anything. */
	assert_in_range(n_read, MUTANTS / 20, MUTANTS * 3 / 4);
	for (size_t i = 0; i < 4; i++)
		sample_drop(bases[i]);
	sample_free(full);
	sample_free(minimal);
	sample_free(lists);
	sample_free(newer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelope_read__survives_mutants_of_good_envelopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
