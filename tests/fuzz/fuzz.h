/* SPDX-License-Identifier: Apache-2.0
 *
 * What a target of libFuzzer is: tests/fuzz/run.sh builds it with clang's; replay.c runs it over a
 * corpus without. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Aborts when what must hold does not. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
