/* SPDX-License-Identifier: Apache-2.0
 *
 * librdkafka's log lines on their way to ours. A tap of its own, because a client that hangs is
 * left behind and may outlive the log. Lines about broken connections go to debug: the same is
 * reported as an error event, which is told once and not per thread and broker. */
#define _GNU_SOURCE
#include "kafka/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define LOGS_MAX_SECRETS 64
#define LOGS_MIN_SECRET 4   /* bytes; a shorter one would blacken ordinary words */
#define LOGS_MAX_LINE 1024

struct logs {
	pthread_mutex_t lock; /* for log */
	struct log *log;
	char *secrets[LOGS_MAX_SECRETS]; /* constant once clients exist */
	size_t n_secrets;
};

struct logs *logs_new(struct log *log)
{
	struct logs *logs = calloc(1, sizeof(*logs));

	if (logs == NULL)
		return NULL;
	pthread_mutex_init(&logs->lock, NULL);
	logs->log = log;
	return logs;
}

void logs_free(struct logs **logs)
{
	if (*logs == NULL)
		return;
	for (size_t i = 0; i < (*logs)->n_secrets; i++)
		free((*logs)->secrets[i]);
	pthread_mutex_destroy(&(*logs)->lock);
	free(*logs);
	*logs = NULL;
}

bool logs_secret(struct logs *logs, const char *value)
{
	if (strlen(value) < LOGS_MIN_SECRET)
		return true;
	if (logs->n_secrets == LOGS_MAX_SECRETS)
		return false;
	char *copy = strdup(value);
	if (copy == NULL)
		return false;
	logs->secrets[logs->n_secrets++] = copy;
	return true;
}

void logs_clean(const struct logs *logs, char *text)
{
	for (size_t i = 0; i < logs->n_secrets; i++) {
		size_t size = strlen(logs->secrets[i]);
		for (char *at = strstr(text, logs->secrets[i]); at != NULL;
		     at = strstr(at, logs->secrets[i]))
			memset(at, '*', size);
	}
}

static enum stagger_level level_of(int level, const char *facility)
{
	if (level >= 7 || strcmp(facility, "FAIL") == 0 || strcmp(facility, "ERROR") == 0)
		return STAGGER_LOG_DEBUG;
	if (level <= 2)
		return STAGGER_LOG_ERROR;
	return level <= 4 ? STAGGER_LOG_WARN : STAGGER_LOG_INFO;
}

static void line(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	struct logs *logs = rd_kafka_opaque(rk);
	enum stagger_level ours = level_of(level, facility);
	char clean[LOGS_MAX_LINE];

	pthread_mutex_lock(&logs->lock);
	if (log_wants(logs->log, ours)) {
		size_t size = strnlen(text, sizeof(clean) - 1);
		memcpy(clean, text, size);
		clean[size] = '\0';
		logs_clean(logs, clean);
		if (ours == STAGGER_LOG_DEBUG)
			log_debug(logs->log, "librdkafka %s: %s", facility, clean);
		else
			log_write(logs->log, ours, "librdkafka: %s: %s", facility, clean);
	}
	pthread_mutex_unlock(&logs->lock);
}

void logs_conf(struct logs *logs, rd_kafka_conf_t *conf)
{
	rd_kafka_conf_set_opaque(conf, logs);
	rd_kafka_conf_set_log_cb(conf, line);
}

void logs_mute(struct logs *logs)
{
	pthread_mutex_lock(&logs->lock);
	logs->log = NULL;
	pthread_mutex_unlock(&logs->lock);
}
