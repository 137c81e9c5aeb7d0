/* SPDX-License-Identifier: Apache-2.0
 *
 * Why there is no contact: a wrong password, a wrong certificate, a wrong protocol, a missing
 * permission and nobody there told apart. librdkafka tries for ever with all of them; until the
 * first metadata we decide from the errors it reports. For consumers and tools alike. */
#include "kafka/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

#define PROTOCOL_LASTS_US 10000000 /* a proxy before a broker that is coming up looks the same */
#define SETTING 256

void contact_note(struct trouble *trouble, const struct logs *logs, rd_kafka_resp_err_t code,
		  const char *text)
{
	enum trouble_kind kind = error_trouble(code, text);

	if (kind == TROUBLE_PROTOCOL && trouble->protocol_us == 0)
		trouble->protocol_us = clock_boot_us();
	// That all brokers are down says less than what was said of one of them.
	bool better = kind > trouble->kind ||
		      (kind == trouble->kind && code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
	// No connection at all after "wrong protocol?": the broker was just going or coming.
	bool instead = kind == TROUBLE_NETWORK && trouble->kind == TROUBLE_PROTOCOL &&
		       strstr(text, "Connect to ") != NULL;
	if (instead)
		trouble->protocol_us = 0;
	if (better || instead) {
		trouble->kind = kind;
		trouble->code = code;
		snprintf(trouble->text, sizeof(trouble->text), "%s", text);
		logs_clean(logs, trouble->text);
	}
}

static void refuse_password(const rd_kafka_t *rk, const struct trouble *trouble,
			    struct stagger_error *err)
{
	char mechanism[SETTING];

	client_setting(rk, "sasl.mechanisms", mechanism, sizeof(mechanism));
	bool hopeless = strncmp(mechanism, "SCRAM", 5) == 0 && !gates_scram() &&
			strstr(trouble->text, "Unsupported SASL mechanism") == NULL;
	fail_code(err, STAGGER_DENIED, trouble->code,
		  "kafka: the broker refused our credentials (%s): %s; %s%s", mechanism,
		  trouble->text, error_advice(trouble->kind),
		  hopeless ? ". SCRAM never works between librdkafka before 2.6.1 and Kafka 4: "
			     "use a newer librdkafka, or PLAIN over TLS"
			   : "");
}

bool contact_refused(const rd_kafka_t *rk, const struct trouble *trouble, bool last,
		     struct stagger_error *err)
{
	char protocol[SETTING];

	switch (trouble->kind) {
	case TROUBLE_NONE:
	case TROUBLE_NETWORK:
	case TROUBLE_GROUP: // told by the group itself
		return false;
	case TROUBLE_PROTOCOL:
		if (!last && clock_boot_us() - trouble->protocol_us < PROTOCOL_LASTS_US)
			return false;
		client_setting(rk, "security.protocol", protocol, sizeof(protocol));
		fail_code(err, STAGGER_DENIED, trouble->code,
			  "kafka: the broker does not speak %s: %s; %s", protocol, trouble->text,
			  error_advice(trouble->kind));
		return true;
	case TROUBLE_TLS:
		fail_code(err, STAGGER_DENIED, trouble->code, "kafka: TLS failed: %s; %s",
			  trouble->text, error_advice(trouble->kind));
		return true;
	case TROUBLE_PASSWORD:
		refuse_password(rk, trouble, err);
		return true;
	}
	return false;
}

enum stagger_status contact_silent(const rd_kafka_t *rk, const struct trouble *trouble,
				   int64_t waited_ms, struct stagger_error *err)
{
	char servers[SETTING];

	client_setting(rk, "bootstrap.servers", servers, sizeof(servers));
	return fail_code(err, STAGGER_UNREACHABLE, trouble->code,
			 "kafka: no broker of %s answered within %lld ms (%s); %s", servers,
			 (long long)waited_ms,
			 trouble->kind != TROUBLE_NONE ? trouble->text : "no answer",
			 error_advice(TROUBLE_NETWORK));
}

enum stagger_status contact_denied(const char *topic, rd_kafka_resp_err_t code,
				   struct stagger_error *err)
{
	return fail_code(err, STAGGER_DENIED, code,
			 "kafka: topic '%s' is not authorized: an ACL that allows DESCRIBE, READ "
			 "and WRITE on the chain's topics is missing",
			 topic);
}
