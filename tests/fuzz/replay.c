/* SPDX-License-Identifier: Apache-2.0
 *
 * replay FOLDER...: every file below them through a fuzz target, in a block of just its size. */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

#define MOST (4 << 20) /* bytes of a file */

static size_t n_files;

static int feed(const char *path, const struct stat *about, int kind, struct FTW *place)
{
	(void)place;
	if (kind != FTW_F || about->st_size > MOST)
		return 0;
	size_t size = (size_t)about->st_size;
	uint8_t *data = malloc(size > 0 ? size : 1);
	FILE *file = fopen(path, "rb");
	if (data == NULL || file == NULL || fread(data, 1, size, file) != size) {
		perror(path);
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	n_files++;
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (nftw(argv[i], feed, 16, FTW_PHYS) != 0) {
			perror(argv[i]);
			return 1;
		}
	}
	printf("%zu files\n", n_files);
	return n_files > 0 ? 0 : 1;
}
