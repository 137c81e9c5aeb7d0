/* SPDX-License-Identifier: Apache-2.0 */
#include "spread.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP 1.2589254117941673 /* 10^0.1 */

void spread_init(struct spread *spread, int64_t most)
{
	spread->us = calloc((size_t)most, sizeof(*spread->us));
	if (spread->us == NULL)
		errx(1, "out of memory");
	spread->most = most;
	spread->n = 0;
}

void spread_clear(struct spread *spread)
{
	free(spread->us);
	spread->us = NULL;
}

void spread_add(struct spread *spread, int64_t us)
{
	int64_t i = atomic_fetch_add_explicit(&spread->n, 1, memory_order_relaxed);

	if (i < spread->most)
		spread->us[i] = us > INT32_MAX ? INT32_MAX : (int32_t)us;
}

static int by_size(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a;
	int32_t y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

int64_t spread_close(struct spread *spread)
{
	int64_t n = spread->n < spread->most ? spread->n : spread->most;

	qsort(spread->us, (size_t)n, sizeof(*spread->us), by_size);
	return n;
}

double spread_share_ms(const struct spread *spread, int64_t n, double share)
{
	return (double)spread->us[(int64_t)((double)(n - 1) * share)] / 1000;
}

void spread_write(const struct spread *spread, int64_t n, const char *path)
{
	FILE *file = fopen(path, "w");
	double from = 0;
	double to = 1;

	if (file == NULL)
		err(1, "%s", path);
	for (int64_t i = 0; i < n; from = to, to *= STEP) {
		int64_t begin = i;
		while (i < n && spread->us[i] <= to)
			i++;
		if (i > begin)
			fprintf(file, "%.1f %.1f %" PRId64 "\n", from, to, i - begin);
	}
	if (fclose(file) != 0)
		err(1, "%s", path);
}
