/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a whole small file. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads a regular file of at most max bytes into a malloc'd *out, NUL-terminated. Returns NULL, or
 * why not, for people; *no_memory is set when that is the reason. */
const char *file_read(char **out, size_t *size, const char *path, size_t max, bool *no_memory);

#endif
