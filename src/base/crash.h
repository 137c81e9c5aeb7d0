/* SPDX-License-Identifier: Apache-2.0
 *
 * Named places where a test build dies at its n-th pass, so that a test can restart what was cut
 * off just there. Nothing at all in any other build (-Dcrash_points=false). */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#ifdef STAGGER_CRASH_POINTS
/* In tests/crash/crash.c. Any thread. */
void crash_point(const char *name);
#define CRASH_POINT(name) crash_point(#name)
#else
#define CRASH_POINT(name) ((void)0)
#endif

#endif
