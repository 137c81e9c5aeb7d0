/* SPDX-License-Identifier: Apache-2.0
 *
 * The n-th allocation fails, for every n: what is read then is the file, or nothing, and never the
 * file in part. Only our own allocations fail: libraries below have tests of their own. */
#include "config_rig.h"

#include <errno.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OTHER_ALLOCATOR
#endif
#endif
#if !defined(__GLIBC__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHER_ALLOCATOR
#endif

static long until; /* allocations that succeed still; 0: all do */
static bool failed;

#ifdef OTHER_ALLOCATOR
static const bool can_fail = false;
#else
static const bool can_fail = true;
extern const char __executable_start;
extern const char etext;
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static bool short_of_memory(const void *caller)
{
	const char *at = caller;

	if (until == 0 || at < &__executable_start || at >= &etext || --until > 0)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return short_of_memory(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return short_of_memory(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return short_of_memory(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	void *copy =
		short_of_memory(__builtin_return_address(0)) ? NULL : __libc_malloc(size);

	return copy != NULL ? memcpy(copy, text, size) : NULL;
}
#endif

static const char good[] = "kafka:\n"
			   "  bootstrap.servers: b\n"
			   "  client.id: ${STAGGER_X:-x}\n"
			   "  sasl.password: $${\n"
			   "group: g\n"
			   "formerly: [f]\n"
			   "defaults: &d {retry: {topic: \"{topic}.{delay}\"}}\n"
			   "chains:\n"
			   "  a:\n"
			   "    topic: \"t.{chain}\"\n"
			   "    retry:\n"
			   "      stages: [60s, {delay: 2m, name: two}]\n"
			   "      in_place: {on: [main, 60s]}\n"
			   "      never: [E]\n"
			   "    dead_letter: {routes: {A: r}}\n"
			   "  b: *d\n";
static const char bad[] = "kafka: {bootstrap.servrs: b, sasl.password: abc}\n"
			  "x: ${STAGGER_NONE}\n"
			  "chains: {A: {}, a: {topic: \"{\", retry: {stages: [1, 1m], never: [a*b]}}}\n";

/* Reads and shows, allocation by allocation; returns how many runs failed. */
static size_t run_out(const char *yaml, enum stagger_status expected)
{
	struct config_text text = {"t.yaml", {yaml, strlen(yaml)}, NULL};
	size_t n = 0;

	for (long at = 1;; at++) {
		struct config *config = NULL;
		struct stagger_error err = {0};
		char *report = NULL;
		until = at;
		failed = false;
		enum stagger_status status = config_read(&config, &text, &report, &err);
		char *shown = status == STAGGER_OK ? config_show(config) : NULL;
		until = 0;
		if (!failed && status != expected)
			fail_msg("%s", err.text);
		else if (status != expected && status != STAGGER_NO_MEMORY)
			fail_msg("allocation %ld: %s", at, err.text);
		assert_int_equal(config != NULL, status == STAGGER_OK);
		assert_int_equal(report != NULL, status == STAGGER_INVALID);
		if (status == STAGGER_NO_MEMORY)
			assert_string_equal(err.text, "out of memory");
		if (shown != NULL)
			assert_non_null(strstr(shown, "- {name: two, delay: 2m"));
		free(shown);
		free(report);
		config_free(&config);
		if (!failed)
			return n;
		n++;
	}
}

static void memory__short_of_it_nothing_is_read_in_part(void **state)
{
	(void)state;
	if (!can_fail)
		skip();
	assert_true(run_out(good, STAGGER_OK) > 100);
	assert_true(run_out(bad, STAGGER_INVALID) > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory__short_of_it_nothing_is_read_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
