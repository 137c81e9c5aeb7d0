/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a chain file: no crash, no leak, and a secret of the environment in nothing that is
 * shown. What is in force can be shown and read back. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "fuzz.h"

static const char secret[] = "a-secret-of-the-environment";

static void check_shown(const char *text, const uint8_t *data, size_t size)
{
	must(text == NULL || strstr(text, secret) == NULL ||
	     memmem(data, size, secret, strlen(secret)) != NULL);
}

static void read_back(const char *shown)
{
	struct config_text text = {"shown.yaml", {shown, strlen(shown)}, NULL};
	struct config *config = NULL;

	if (strstr(shown, "***") != NULL)
		return;
	must(config_read(&config, &text, NULL, NULL) == STAGGER_OK);
	config_free(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_text text = {"chain.yaml", {data, size}, size % 2 == 0 ? "g" : NULL};
	struct config *config = NULL;
	struct stagger_error err = {0};
	char *report = NULL;

	setenv("STAGGER_FUZZ_SECRET", secret, 1);
	setenv("STAGGER_FUZZ_DELAY", "1m", 1);
	enum stagger_status status = config_read(&config, &text, &report, &err);
	must(status == STAGGER_OK || status == STAGGER_INVALID);
	must((config != NULL) == (status == STAGGER_OK));
	must((report != NULL) == (status == STAGGER_INVALID));
	must(status == STAGGER_OK || (err.text[0] != '\0' && strstr(report, ": error: ") != NULL));
	check_shown(report, data, size);
	check_shown(err.text, data, size);
	if (config != NULL) {
		char *shown = config_show(config);
		must(shown != NULL);
		check_shown(shown, data, size);
		read_back(shown);
		free(shown);
	}
	free(report);
	config_free(&config);
	return 0;
}
