/* SPDX-License-Identifier: Apache-2.0
 *
 * No bytes whatever make a reader read beyond them, crash, leak or take much memory: many thousand
 * damaged envelopes, always the same ones. Worth most under the sanitizers. */
#define _GNU_SOURCE
#include "codec/envelope_codec.h"

#include <malloc.h>

#include "envelope_samples.h"

#define MUTANTS     40000
#define MOST_MEMORY 40 /* times the input */

static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static struct stagger_bytes mutant(struct stagger_bytes from, uint64_t *seed)
{
	static const char bombs[][10] = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
					 "\xfe\xff\xff\xff\x0f", "\x80\x80\x80\x80\x80\x40",
					 "\x01\x02", "\x03\xff\x01", "\x80\x80\x80\x80"};
	size_t more = next_random(seed) % 16;
	unsigned char *bytes = malloc(from.size + more + 1);
	size_t size = from.size;
	size_t place = next_random(seed) % size;

	assert_non_null(bytes);
	memcpy(bytes, from.data, size);
	switch (next_random(seed) % 5) {
	case 0: /* flip a few bits */
		for (uint64_t flips = 1 + next_random(seed) % 4; flips > 0; flips--) {
			uint64_t bit = next_random(seed) % (8 * size);
			bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
		}
		break;
	case 1: /* truncate */
		size = place;
		break;
	case 2: /* extend */
		for (; more > 0; more--)
			bytes[size++] = (unsigned char)next_random(seed);
		break;
	case 3: { /* put a length or count that is a bomb */
		size_t n = sizeof(bombs[0]);
		if (n > size - place)
			n = size - place;
		memcpy(bytes + place, bombs[next_random(seed) % 6], n);
		break;
	}
	default: /* take a piece out */
		more = more < size - place ? more : size - place;
		memmove(bytes + place, bytes + place + more, size - place - more);
		size -= more;
	}
	struct stagger_bytes exact = sample_copy((struct stagger_bytes){bytes, size});
	free(bytes);
	return exact;
}

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
