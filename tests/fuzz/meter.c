/* SPDX-License-Identifier: Apache-2.0
 *
 * Under a sanitizer by its own hooks, which see calloc() and realloc() as well; else in glibc's
 * place, which stays behind it. */
#include "meter.h"

#include <stdint.h>
#include <stdlib.h>

#include "fuzz.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HOOKS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HOOKS
#endif
#endif

static size_t total;

#ifdef HOOKS
/* Of <sanitizer/allocator_interface.h>, which gcc does not bring. */
int __sanitizer_install_malloc_and_free_hooks(void (*took)(const volatile void *, size_t),
					      void (*gave)(const volatile void *));

static void took(const volatile void *block, size_t size)
{
	(void)block;
	total += size;
}

static void gave(const volatile void *block)
{
	(void)block;
}

static void install(void)
{
	must(__sanitizer_install_malloc_and_free_hooks(took, gave) != 0);
}
#else
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	total += size;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	total += size == 0 ? 0 : n > SIZE_MAX / size ? SIZE_MAX / 2 : n * size;
	return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	total += size;
	return __libc_realloc(old, size);
}

static void install(void)
{
}
#endif

/* A bound that nothing is counted for would hold always. */
static void check(void)
{
	void *volatile block = malloc(100);

	must(total >= 100);
	free(block);
}

void meter_begin(void)
{
	static bool installed;

	if (!installed) {
		install();
		check();
		installed = true;
	}
	total = 0;
}

size_t meter_bytes(void)
{
	return total;
}
