/* SPDX-License-Identifier: Apache-2.0
 *
 * The client of tools: librdkafka's consumer, because a reader may want to consume with it, but
 * in no group: who asks for commits gives it the name of one, and it does not join. First contact
 * is bounded and decided as a consumer's (contact.c). */
#include "kafka/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "kafka/internal.h"

#define TIMEOUT_MS 10000
#define CONTACT_MS 300 /* one attempt */
#define AGAIN_MS   50  /* between attempts that fail at once */

static void look(struct tool *tool, int wait_ms)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(tool->rk);
	rd_kafka_event_t *event;

	while ((event = rd_kafka_queue_poll(queue, wait_ms)) != NULL) {
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
			rd_kafka_resp_err_t code = rd_kafka_event_error(event);
			const char *text = rd_kafka_event_error_string(event);
			contact_note(&tool->trouble, tool->logs, code,
				     text != NULL ? text : rd_kafka_err2str(code));
		}
		rd_kafka_event_destroy(event);
		wait_ms = 0;
	}
	rd_kafka_queue_destroy(queue);
}

enum stagger_status tool_check(struct tool *tool, struct stagger_error *err)
{
	look(tool, 0);
	return contact_refused(tool->rk, &tool->trouble, false, err) ? STAGGER_DENIED : STAGGER_OK;
}

static enum stagger_status meet(struct tool *tool, int64_t timeout_ms, struct stagger_error *err)
{
	int64_t until_us = clock_boot_us() + timeout_ms * 1000;

	for (;;) {
		const struct rd_kafka_metadata *found = NULL;
		if (rd_kafka_metadata(tool->rk, 0, NULL, &found, CONTACT_MS) ==
		    RD_KAFKA_RESP_ERR_NO_ERROR) {
			tool->controller = admin_controller(tool->rk, found);
			rd_kafka_metadata_destroy(found);
			tool->trouble = (struct trouble){0}; // it is over
			return STAGGER_OK;
		}
		look(tool, AGAIN_MS);
		bool last = clock_boot_us() >= until_us;
		if (contact_refused(tool->rk, &tool->trouble, last, err))
			return STAGGER_DENIED;
		if (last)
			return contact_silent(tool->rk, &tool->trouble, timeout_ms, err);
	}
}

static enum stagger_status set_own(rd_kafka_conf_t *conf, const char *name, const char *value,
				   struct stagger_error *err)
{
	char text[256];

	if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) == RD_KAFKA_CONF_OK)
		return STAGGER_OK;
	return fail(err, STAGGER_INVALID, "kafka: '%s': %s", name, text);
}

static enum stagger_status open(struct tool *tool, const struct tool_options *o,
				struct stagger_error *err)
{
	const struct kafka_options properties = {.properties = o->properties,
						 .n_properties = o->n_properties};
	rd_kafka_conf_t *conf;
	const char *servers;

	enum stagger_status status = keys_servers(&properties, &servers, err);
	if (status == STAGGER_OK && strcmp(servers, EMBEDDED_SERVERS) == 0)
		return fail(err, STAGGER_INVALID,
			    "kafka: bootstrap.servers is 'embedded': that broker lives in the "
			    "process of its consumer: only with embedded.port is it found");
	if (status == STAGGER_OK)
		status = client_secrets(tool->logs, &properties, err);
	if (status == STAGGER_OK)
		status = keys_conf(&conf, &properties, ROLE_ADMIN, servers, err);
	if (status != STAGGER_OK)
		return status;
	for (size_t i = 0; status == STAGGER_OK && i < o->n_own; i++)
		status = set_own(conf, o->own[i].name, o->own[i].value, err);
	if (status == STAGGER_OK && o->group != NULL)
		status = set_own(conf, "group.id", o->group, err);
	if (status != STAGGER_OK) {
		rd_kafka_conf_destroy(conf);
		return status;
	}
	snprintf(tool->servers, sizeof(tool->servers), "%s", servers);
	status = client_make(tool->logs, &tool->rk, ROLE_ADMIN, conf, err);
	if (status == STAGGER_OK && o->group != NULL)
		tool->group_rk = tool->rk;
	return status;
}

enum stagger_status tool_new(struct tool **out, const struct tool_options *o,
			     struct stagger_error *err)
{
	struct tool *tool = calloc(1, sizeof(*tool));

	if (tool == NULL)
		return fail_memory(err);
	tool->log = o->log;
	tool->logs = logs_new(o->log);
	enum stagger_status status = tool->logs != NULL ? STAGGER_OK : fail_memory(err);
	if (status == STAGGER_OK)
		status = open(tool, o, err);
	if (status == STAGGER_OK)
		status = meet(tool, o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS, err);
	if (status == STAGGER_OK)
		*out = tool;
	else
		tool_free(&tool);
	return status;
}

const char *tool_servers(const struct tool *tool)
{
	return tool->servers;
}

static void destroy(void *what)
{
	struct tool *tool = what;

	if (tool->rk != NULL)
		rd_kafka_destroy(tool->rk);
}

static void release(void *what)
{
	struct tool *tool = what;

	logs_free(&tool->logs);
	free(tool);
}

void tool_free(struct tool **tool)
{
	if (*tool == NULL)
		return;
	farewell_say(&(struct farewell_of){.destroy = destroy,
					   .release = release,
					   .what = *tool,
					   .log = (*tool)->log,
					   .logs = (*tool)->logs});
	*tool = NULL;
}
