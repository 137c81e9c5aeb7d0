/* SPDX-License-Identifier: Apache-2.0
 *
 * Two doors for the simulation's own build of core/ and engine/ (-DSTAGGER_MUTANTS), shut in every
 * other, where they leave no code. MUTANT(name): a planted bug, asleep until the test program wakes
 * one of them. COVER(...): counts states and the ways between them. */
#ifndef BASE_MUTANT_H
#define BASE_MUTANT_H

#include <stdbool.h>

#ifdef STAGGER_MUTANTS
#include "sim/mutants.h"
#define MUTANT(name) (mutant_planted == MUTANT_##name)
#define COVER(what, ...) cover_##what(__VA_ARGS__)
#else
#define MUTANT(name) false
#define COVER(what, ...) ((void)0)
#endif

#endif
