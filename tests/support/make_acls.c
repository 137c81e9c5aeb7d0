/* SPDX-License-Identifier: Apache-2.0
 *
 * make_acls [--remove] BROKERS PRINCIPAL {topic|group}:NAME*:OPERATION...: allows them, or takes
 * that away. NAME* is a prefix. Operations: read, write, describe, describe_configs, all. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#define TIMEOUT_MS 30000

static const struct {
	const char *name;
	rd_kafka_AclOperation_t operation;
} OPERATIONS[] = {
	{"read", RD_KAFKA_ACL_OPERATION_READ},
	{"write", RD_KAFKA_ACL_OPERATION_WRITE},
	{"describe", RD_KAFKA_ACL_OPERATION_DESCRIBE},
	{"describe_configs", RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS},
	{"all", RD_KAFKA_ACL_OPERATION_ALL},
};

/* With remove a filter, which is the same type with another maker. */
static rd_kafka_AclBinding_t *read_acl(char *text, const char *principal, bool remove)
{
	char why[512];
	char *rest = NULL;
	const char *kind = strtok_r(text, ":", &rest);
	char *name = strtok_r(NULL, ":", &rest);
	const char *operation = strtok_r(NULL, ":", &rest);
	rd_kafka_ResourcePatternType_t pattern = RD_KAFKA_RESOURCE_PATTERN_LITERAL;
	rd_kafka_ResourceType_t type = RD_KAFKA_RESOURCE_TOPIC;

	if (kind == NULL || name == NULL || operation == NULL)
		return NULL;
	if (name[strlen(name) - 1] == '*') {
		name[strlen(name) - 1] = '\0';
		pattern = RD_KAFKA_RESOURCE_PATTERN_PREFIXED;
	}
	if (strcmp(kind, "group") == 0)
		type = RD_KAFKA_RESOURCE_GROUP;
	for (size_t i = 0; i < sizeof(OPERATIONS) / sizeof(OPERATIONS[0]); i++) {
		rd_kafka_AclOperation_t wanted = OPERATIONS[i].operation;
		if (strcmp(OPERATIONS[i].name, operation) != 0)
			continue;
		if (remove)
			return rd_kafka_AclBindingFilter_new(type, name, pattern, principal, "*", wanted,
							     RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW,
							     why, sizeof(why));
		return rd_kafka_AclBinding_new(type, name, pattern, principal, "*", wanted,
					       RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, why,
					       sizeof(why));
	}
	return NULL;
}

static int report_error(const rd_kafka_error_t *error)
{
	if (error == NULL)
		return 0;
	fprintf(stderr, "make_acls: %s\n", rd_kafka_error_string(error));
	return 1;
}

static int report_created(rd_kafka_event_t *event)
{
	size_t n = 0;
	int code = 0;
	const rd_kafka_acl_result_t **results =
		rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event), &n);

	for (size_t i = 0; i < n; i++)
		code |= report_error(rd_kafka_acl_result_error(results[i]));
	return code;
}

/* What was not there to take away is a mistake of the test. */
static int report_removed(rd_kafka_event_t *event)
{
	size_t n = 0;
	int code = 0;
	const rd_kafka_DeleteAcls_result_response_t **results =
		rd_kafka_DeleteAcls_result_responses(rd_kafka_event_DeleteAcls_result(event), &n);

	for (size_t i = 0; i < n; i++) {
		size_t matched = 0;
		code |= report_error(rd_kafka_DeleteAcls_result_response_error(results[i]));
		(void)rd_kafka_DeleteAcls_result_response_matching_acls(results[i], &matched);
		if (matched > 0)
			continue;
		fputs("make_acls: no such ACL\n", stderr);
		code = 1;
	}
	return code;
}

static int change(rd_kafka_t *rk, rd_kafka_AclBinding_t **acls, size_t n, bool remove)
{
	char why[512];
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(
		rk, remove ? RD_KAFKA_ADMIN_OP_DELETEACLS : RD_KAFKA_ADMIN_OP_CREATEACLS);
	int code = 1;

	rd_kafka_AdminOptions_set_request_timeout(options, TIMEOUT_MS, why, sizeof(why));
	if (remove)
		rd_kafka_DeleteAcls(rk, acls, n, options, queue);
	else
		rd_kafka_CreateAcls(rk, acls, n, options, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TIMEOUT_MS + 5000);
	if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
		fprintf(stderr, "make_acls: %s\n",
			event == NULL ? "no answer" : rd_kafka_event_error_string(event));
	else
		code = remove ? report_removed(event) : report_created(event);
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	return code;
}

int main(int argc, char **argv)
{
	char why[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	bool remove = argc > 1 && strcmp(argv[1], "--remove") == 0;
	size_t n = 0;
	int code = 2;

	argc -= remove;
	argv += remove;
	if (argc < 4) {
		fputs("usage: make_acls [--remove] BROKERS PRINCIPAL "
		      "{topic|group}:NAME*:OPERATION...\n", stderr);
		rd_kafka_conf_destroy(conf);
		return 2;
	}
	rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof(why));
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (rk == NULL) {
		fprintf(stderr, "make_acls: %s\n", why);
		rd_kafka_conf_destroy(conf);
		return 1;
	}
	rd_kafka_AclBinding_t **acls = calloc((size_t)argc, sizeof(rd_kafka_AclBinding_t *));
	for (int i = 3; acls != NULL && i < argc; i++) {
		acls[n] = read_acl(argv[i], argv[2], remove);
		if (acls[n] == NULL)
			break;
		n++;
	}
	if (n == (size_t)argc - 3)
		code = change(rk, acls, n, remove);
	else
		fputs("make_acls: an ACL is {topic|group}:NAME*:OPERATION\n", stderr);
	rd_kafka_AclBinding_destroy_array(acls, n);
	free(acls);
	rd_kafka_destroy(rk);
	return code;
}
