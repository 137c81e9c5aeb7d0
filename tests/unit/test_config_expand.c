/* SPDX-License-Identifier: Apache-2.0
 *
 * `${...}` in values: what it stands for, once, and what is said when it cannot. */
#include "config_rig.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/chain.h"

#define FILE_OF(value) HEAD "chains: {o: {value_content_type: \"" value "\"}}\n"

static char folder[] = "/tmp/stagger-expand-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int drop_folder(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/s", folder);
	unlink(path);
	return rmdir(folder);
}

static void write_secret(const void *bytes, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/s", folder);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* A file in the folder where the secret is. */
static enum stagger_status read_beside(struct config **out, const char *yaml,
				       struct stagger_error *err)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/chain.yaml", folder);
	struct config_text text = {name, {yaml, strlen(yaml)}, NULL};
	return config_read(out, &text, NULL, err);
}

static void assert_type(const char *yaml, const char *expected)
{
	struct config *config = NULL;
	struct stagger_error err = {0};

	if (read_beside(&config, yaml, &err) != STAGGER_OK)
		fail_msg("%s", err.text);
	assert_string_equal(config->chains[0]->value_content_type, expected);
	config_free(&config);
}

static void expand__puts_in_variables_once(void **state)
{
	(void)state;
	setenv("STAGGER_X", "x", 1);
	setenv("STAGGER_NESTED", "${STAGGER_X}", 1);
	setenv("STAGGER_EMPTY", "", 1);
	unsetenv("STAGGER_NONE");
	assert_type(FILE_OF("${STAGGER_X}"), "x");
	assert_type(FILE_OF("a${STAGGER_X}b${STAGGER_X}"), "axbx");
	assert_type(FILE_OF("${STAGGER_NESTED}"), "${STAGGER_X}");
	assert_type(FILE_OF("${STAGGER_EMPTY}"), "");
	assert_type(FILE_OF("${STAGGER_EMPTY:-d}"), "d");
	assert_type(FILE_OF("${STAGGER_NONE:-}"), "");
	assert_type(FILE_OF("${STAGGER_NONE:-a:-b{c}"), "a:-b{c");
	assert_type(FILE_OF("${STAGGER_X:-d}"), "x");
	assert_type(FILE_OF("$STAGGER_X $ $$ }"), "$STAGGER_X $ $$ }");
	assert_type(FILE_OF("$${STAGGER_X} ${STAGGER_X}$${"), "${STAGGER_X} x${");
	assert_type(FILE_OF("$$${STAGGER_X}"), "$${STAGGER_X}");
}

static void expand__puts_in_files_beside_the_chain_file(void **state)
{
	(void)state;
	write_secret("of a file\n\n", 11);
	assert_type(FILE_OF("${file:s}!"), "of a file\n!");
	write_secret("", 0);
	assert_type(FILE_OF("${file:./s}"), "");
}

static void assert_fails(const char *yaml, const char *says)
{
	struct config *config = NULL;
	struct stagger_error err = {0};

	assert_int_equal(read_beside(&config, yaml, &err), STAGGER_INVALID);
	if (strstr(err.text, says) == NULL)
		fail_msg("'%s' is not in\n%s", says, err.text);
}

static void expand__refuses_files_that_are_no_secrets(void **state)
{
	char *large = calloc(1, 65537);

	(void)state;
	assert_non_null(large);
	assert_fails(FILE_OF("${file:none}"), "the secret's file 'none': No such file");
	assert_fails(FILE_OF("${file:.}"), "the secret's file '.': not a regular file");
	assert_fails(FILE_OF("${file:}"), "the secret's file '': not a regular file");
	memset(large, 'x', 65537);
	write_secret(large, 65537);
	assert_fails(FILE_OF("${file:s}"), "the file is too large");
	write_secret(large, 65536);
	assert_fails(FILE_OF("${file:s}"), "a text of 65536 bytes is not within");
	write_secret("a\0b", 3);
	assert_fails(FILE_OF("${file:s}"), "it is not text (UTF-8)");
	write_secret("\xff", 1);
	assert_fails(FILE_OF("${file:s}"), "it is not text (UTF-8)");
	free(large);
	large = malloc(6000);
	assert_non_null(large);
	int used = snprintf(large, 6000, "%s", HEAD "instance: \"${file:");
	memset(large + used, 'p', 5000);
	strcpy(large + used + 5000, "}\"\nchains: {o: {}}\n");
	assert_fails(large, "its path is too long");
	free(large);
}

static void expand__refuses_what_is_no_variable(void **state)
{
	(void)state;
	setenv("STAGGER_LATIN1", "caf\xe9", 1);
	assert_fails(FILE_OF("${STAGGER_LATIN1}"), "it is not text (UTF-8)");
	assert_fails(FILE_OF("${1}"), "no name of a variable");
	assert_fails(FILE_OF("${}"), "no name of a variable");
	assert_fails(FILE_OF("${A-B}"), "no name of a variable");
	assert_fails(FILE_OF("x ${A"), ":3:37: error: '${' is not closed");
	assert_fails(FILE_OF("${STAGGER_NONE}"), "variable STAGGER_NONE is not set");
}

/* A thousand references are a mistake; so are megabytes of secrets. */
static void expand__has_limits(void **state)
{
	size_t room = 65536;
	char *yaml = malloc(room);
	char *large = malloc(65536);

	(void)state;
	assert_non_null(yaml);
	assert_non_null(large);
	setenv("STAGGER_X", "x", 1);
	size_t used = (size_t)snprintf(yaml, room, "%sinstance: \"", HEAD);
	for (int i = 0; i < 1025; i++)
		used += (size_t)snprintf(yaml + used, room - used, "${STAGGER_X}");
	snprintf(yaml + used, room - used, "\"\nchains: {o: {}}\n");
	assert_fails(yaml, "more than 1024 of these, or 4 MiB of what they stand for");
	memset(large, 'x', 65536);
	write_secret(large, 65536);
	used = (size_t)snprintf(yaml, room, "%sformerly: [", HEAD);
	for (int i = 0; i < 70; i++)
		used += (size_t)snprintf(yaml + used, room - used, "\"${file:s}\",");
	snprintf(yaml + used, room - used, "]\nchains: {o: {}}\n");
	assert_fails(yaml, "more than 1024 of these, or 4 MiB of what they stand for");
	free(yaml);
	free(large);
}

static void expand__what_came_out_is_never_shown(void **state)
{
	struct config *config = NULL;
	struct stagger_error err;

	(void)state;
	setenv("STAGGER_S", "top-secret", 1);
	assert_int_equal(read_beside(&config,
				     "kafka: {bootstrap.servers: \"${STAGGER_S}:9092\","
				     " client.id: \"pre-${STAGGER_S}\", sasl.password: plain}\n"
				     "group: g\nchains: {o: {topic: \"${STAGGER_S}\"}}\n",
				     &err),
			 STAGGER_OK);
	char *text = config_show(config);
	assert_null(strstr(text, "top-secret"));
	assert_null(strstr(text, "plain"));
	assert_non_null(strstr(text, "topic: \"***.g.retry.1m\""));
	for (size_t i = 0; i < config->n_properties; i++)
		assert_true(config->properties[i].secret);
	assert_string_equal(config->properties[1].value, "pre-top-secret");
	free(text);
	config_free(&config);
}

/* librdkafka and others cut long values in their texts: what is cut is not found again. */
static void expand__a_long_secret_is_not_shown_in_part(void **state)
{
	static const char *const wheres[] = {
		"kafka: {bootstrap.servers: b, security.protocol: \"${STAGGER_L}\"}\n"
		"group: g\nchains: {o: {}}\n",
		HEAD "session_timeout: ${STAGGER_L}\nchains: {o: {}}\n",
		HEAD "chains: {o: {topic: \"{${STAGGER_L}\"}}\n",
		HEAD "chains: {o: {retry: {never: [\"**${STAGGER_L}\"]}}}\n",
		HEAD "chains: {o: {retry: {stages: [{delay: 1m, name: \"${STAGGER_L}\"}]}}}\n",
		HEAD "chains: {o: {retry: {in_place: {on: [\"${STAGGER_L}\"]}}}}\n",
	};
	char secret[2000];

	(void)state;
	memset(secret, 'Z', sizeof(secret) - 1);
	secret[sizeof(secret) - 1] = '\0';
	setenv("STAGGER_L", secret, 1);
	for (size_t i = 0; i < sizeof(wheres) / sizeof(wheres[0]); i++) {
		char *report = findings_of(wheres[i], strlen(wheres[i]));
		if (strstr(report, "ZZ") != NULL)
			fail_msg("%s", report);
		free(report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expand__puts_in_variables_once),
		cmocka_unit_test(expand__puts_in_files_beside_the_chain_file),
		cmocka_unit_test(expand__refuses_files_that_are_no_secrets),
		cmocka_unit_test(expand__refuses_what_is_no_variable),
		cmocka_unit_test(expand__has_limits),
		cmocka_unit_test(expand__what_came_out_is_never_shown),
		cmocka_unit_test(expand__a_long_secret_is_not_shown_in_part),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
