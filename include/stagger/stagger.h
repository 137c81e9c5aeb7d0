/* SPDX-License-Identifier: Apache-2.0
 *
 * stagger: Kafka consumers whose failed messages wait in staged retry topics and end, explained,
 * in a dead-letter topic. This header brings all the others but testing.h.
 *
 * Three rules carry ABI and lifetime:
 *  1. A struct that the CALLER makes starts with `size_t size` and is set by its _INIT macro;
 *     0 and NULL mean "default". Never put one in an array.
 *  2. A struct that the LIBRARY makes is only reached by pointer; new fields are appended.
 *  3. Text passed in is copied before the call returns.
 * Ownership: a returned pointer is borrowed; `T **out` is yours, written only on STAGGER_OK;
 * a *_free() takes NULL and nulls the pointer. */
#ifndef STAGGER_STAGGER_H
#define STAGGER_STAGGER_H

#include <stagger/chain.h>
#include <stagger/consumer.h>
#include <stagger/envelope.h>
#include <stagger/error.h>
#include <stagger/message.h>
#include <stagger/stats.h>
#include <stagger/verdict.h>
#include <stagger/version.h>

#endif
