/* SPDX-License-Identifier: Apache-2.0
 *
 * What librdkafka's codes mean to the engine. Tables: a code that is not in them is worth
 * another try, because skipping a message for a code we do not know would lose it. */
#include "kafka/internal.h"

#include <string.h>

struct meaning {
	rd_kafka_resp_err_t code;
	enum port_fault fault;
};

static const struct meaning PRODUCE[] = {
	{RD_KAFKA_RESP_ERR_NO_ERROR, PORT_FINE},
	{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, PORT_TOO_LARGE},
	{RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, PORT_TOO_LARGE},
	{RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, PORT_TOO_LARGE},
	{RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, PORT_NO_TOPIC},
	{RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, PORT_NO_TOPIC},
	{RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, PORT_NO_TOPIC},
	{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, PORT_DENIED},
	{RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, PORT_DENIED},
	{RD_KAFKA_RESP_ERR__AUTHENTICATION, PORT_DENIED},
	{RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, PORT_REFUSED},
	{RD_KAFKA_RESP_ERR_INVALID_RECORD, PORT_REFUSED},
	{RD_KAFKA_RESP_ERR_POLICY_VIOLATION, PORT_REFUSED},
	{RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT, PORT_REFUSED},
	{RD_KAFKA_RESP_ERR__INVALID_ARG, PORT_REFUSED},
	{RD_KAFKA_RESP_ERR__FATAL, PORT_FATAL},
	{RD_KAFKA_RESP_ERR__FENCED, PORT_FATAL},
	{RD_KAFKA_RESP_ERR__PURGE_QUEUE, PORT_FATAL},
	{RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, PORT_FATAL},
};
static const struct meaning COMMIT[] = {
	{RD_KAFKA_RESP_ERR_NO_ERROR, PORT_FINE},
	{RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, PORT_REBALANCE},
	{RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, PORT_REBALANCE},
	{RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, PORT_REBALANCE},
	{RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, PORT_REBALANCE},
	{RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE, PORT_METADATA_TOO_LARGE},
	{RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE, PORT_METADATA_TOO_LARGE},
	{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, PORT_METADATA_TOO_LARGE},
	{RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, PORT_METADATA_TOO_LARGE},
	{RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, PORT_NO_TOPIC},
	{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, PORT_DENIED},
	{RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, PORT_DENIED},
};

static enum port_fault look_up(const struct meaning *table, size_t n, rd_kafka_resp_err_t code)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].code == code)
			return table[i].fault;
	return PORT_RETRIABLE;
}

enum port_fault error_of_produce(rd_kafka_resp_err_t code)
{
	return look_up(PRODUCE, sizeof(PRODUCE) / sizeof(PRODUCE[0]), code);
}

enum port_fault error_of_commit(rd_kafka_resp_err_t code)
{
	return look_up(COMMIT, sizeof(COMMIT) / sizeof(COMMIT[0]), code);
}

bool error_is_missing_topic(rd_kafka_resp_err_t code)
{
	return error_of_produce(code) == PORT_NO_TOPIC;
}

bool error_is_reset(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
	       code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

/* librdkafka has no code for a listener that speaks something else, only these words. A broker that
 * is just coming up can cause them too. */
static bool sounds_like_protocol(const char *text)
{
	return strstr(text, "security.protocol") != NULL ||
	       strstr(text, "might require SASL") != NULL ||
	       strstr(text, "might not require SASL") != NULL ||
	       strstr(text, "PLAINTEXT broker listener") != NULL ||
	       strstr(text, "wrong version number") != NULL;
}

enum trouble_kind error_trouble(rd_kafka_resp_err_t code, const char *text)
{
	if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
	    code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
	    code == RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM)
		return TROUBLE_PASSWORD;
	if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
		return TROUBLE_GROUP;
	if (sounds_like_protocol(text))
		return TROUBLE_PROTOCOL;
	if (code == RD_KAFKA_RESP_ERR__SSL)
		return TROUBLE_TLS;
	if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__RESOLVE ||
	    code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__TIMED_OUT)
		return TROUBLE_NETWORK;
	return TROUBLE_NONE;
}

const char *error_advice(enum trouble_kind kind)
{
	switch (kind) {
	case TROUBLE_NONE:
	case TROUBLE_NETWORK:
		return "check bootstrap.servers and the network";
	case TROUBLE_PROTOCOL:
		return "check security.protocol against what the listener of this port speaks";
	case TROUBLE_TLS:
		return "check ssl.ca.location, that the broker's certificate bears the host name "
		       "in bootstrap.servers, and that this port speaks TLS";
	case TROUBLE_PASSWORD:
		return "check sasl.username, sasl.password and sasl.mechanisms";
	case TROUBLE_GROUP:
		return "an ACL that allows READ on the group is missing";
	}
	return "";
}
