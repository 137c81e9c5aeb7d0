/* SPDX-License-Identifier: Apache-2.0
 *
 * Regular files only: a pipe or a terminal that a path leads to could hold the program for ever. */
#define _GNU_SOURCE
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Up to max bytes and one more, by which a larger file shows. */
static const char *read_all(int fd, char *text, size_t *size, size_t max)
{
	*size = 0;
	while (*size <= max) {
		ssize_t n = read(fd, text + *size, max + 1 - *size);
		if (n == 0)
			return NULL;
		if (n < 0 && errno != EINTR)
			return strerror(errno);
		*size += n > 0 ? (size_t)n : 0;
	}
	return "the file is too large";
}

const char *file_read(char **out, size_t *size, const char *path, size_t max, bool *no_memory)
{
	struct stat about;
	char *text = NULL;
	const char *why = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &about) != 0) {
		why = strerror(errno);
	} else if (!S_ISREG(about.st_mode)) {
		why = "not a regular file";
	} else if ((text = malloc(max + 2)) != NULL) {
		why = read_all(fd, text, size, max);
	} else {
		why = "out of memory";
		*no_memory = true;
	}
	if (fd >= 0)
		close(fd);
	if (why != NULL) {
		free(text);
		return why;
	}
	text[*size] = '\0';
	*out = text;
	return NULL;
}
