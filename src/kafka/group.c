/* SPDX-License-Identifier: Apache-2.0
 *
 * Membership: rebalances come as events on the consumer's queue and are answered when the engine
 * is ready, not in a callback. Leaving is a state too: the group takes the partitions once more,
 * and the queue tells when it is over. */
#include "kafka/internal.h"

#include "base/error.h"
#include "base/log.h"
#include "base/wake.h"

enum stagger_status group_join(struct kafka *k, struct stagger_error *err)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new((int)k->n_topics);

	for (size_t i = 0; i < k->n_topics; i++)
		if (k->rules[i].role != WISH_DEAD)
			rd_kafka_topic_partition_list_add(list, k->rules[i].topic,
							  RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t code = rd_kafka_subscribe(k->consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return fail_code(err, STAGGER_FATAL, code, "kafka: subscribe: %s",
				 rd_kafka_err2str(code));
	k->member.state = GROUP_IN;
	return STAGGER_OK;
}

/* Nothing to ask about an empty list. */
static bool assigned(struct kafka *k, const rd_kafka_topic_partition_list_t *list,
		     struct port_event *out)
{
	k->member.assigned_once = true;
	if (list->cnt == 0) {
		*out = (struct port_event){.kind = PORT_ASSIGN};
		return true;
	}
	struct ask *ask = asker_ask(ASK_ASSIGN);
	if (ask == NULL) {
		client_fail(k, &(struct stagger_error){.status = STAGGER_NO_MEMORY,
						       .text = "kafka: assign: out of memory"});
		return false;
	}
	ask->offsets = rd_kafka_topic_partition_list_copy(list);
	asker_put(k, ask);
	return false;
}

/* True: *out is an event for the engine. */
static bool rebalance(struct kafka *k, rd_kafka_event_t *event, struct port_event *out)
{
	const rd_kafka_resp_err_t what = rd_kafka_event_error(event);

	asker_cancel(k);
	if (k->member.state != GROUP_IN) { // the engine has dropped its lanes already
		(void)rd_kafka_assign(k->consumer, NULL);
		return false;
	}
	if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
		return assigned(k, rd_kafka_event_topic_partition_list(event), out);
	if (what != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
		log_error(k->log, "kafka: rebalance: %s", rd_kafka_err2str(what));
	*out = (struct port_event){.kind = PORT_REVOKE,
				   .lost = rd_kafka_assignment_lost(k->consumer) != 0};
	return true;
}

static bool left(struct kafka *k, struct port_event *out)
{
	if (k->member.state != GROUP_CLOSING ||
	    (!k->member.out && !rd_kafka_consumer_closed(k->consumer)))
		return false;
	k->member.state = GROUP_LEFT;
	*out = (struct port_event){.kind = PORT_LEFT};
	return true;
}

bool group_event(struct kafka *k, struct port_event *out)
{
	bool found = false;
	rd_kafka_event_t *event;

	while (!found && !k->failing && (event = bell_poll(&k->consumer_bell)) != NULL) {
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
			found = rebalance(k, event, out);
		else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
			client_error(k, k->consumer, event);
		rd_kafka_event_destroy(event);
	}
	return found || left(k, out);
}

void group_unassign(struct kafka *k)
{
	asker_cancel(k);
	commit_forget(k);
	fetch_unassign(k);
	(void)rd_kafka_assign(k->consumer, NULL);
}

void group_close(struct kafka *k)
{
	k->member.state = GROUP_CLOSING;
	rd_kafka_error_t *error =
		rd_kafka_consumer_close_queue(k->consumer, k->consumer_bell.queue);
	if (error == NULL)
		return;
	// A consumer with a fatal error is out of the group already.
	log_warn(k->log, "kafka: leaving the group: %s", rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	k->member.out = true;
	wake_signal(k->wake);
}

void group_leave(struct kafka *k, bool remove)
{
	bool member = k->member.state == GROUP_IN;

	group_unassign(k);
	if (!member || !remove) {
		group_close(k);
		return;
	}
	// librdkafka closes a static member without leaving; an unsubscribed one leaves first, and
	// only the asker can wait until it did.
	struct ask *ask = asker_ask(ASK_LEAVE);
	(void)rd_kafka_unsubscribe(k->consumer);
	k->member.state = GROUP_PARTING;
	if (ask != NULL)
		asker_put(k, ask);
	else
		group_close(k);
}
