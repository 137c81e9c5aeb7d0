/* SPDX-License-Identifier: Apache-2.0
 *
 * A C++17 program on the installed library: joins its group on the embedded broker, stops when its
 * partitions are there. */
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include <stagger/stagger.h>

namespace
{

void check(stagger_status status, const stagger_error &error)
{
	if (status != STAGGER_OK)
		throw std::runtime_error(std::string(stagger_status_name(status)) + ": " +
					 error.text);
}

struct deleter {
	void operator()(stagger_consumer *consumer) const
	{
		stagger_consumer_free(&consumer);
	}
};

struct program {
	std::unique_ptr<stagger_consumer, deleter> consumer;
	int assigned = 0, revoked = 0;
};

void on_event(const stagger_event *event, void *user)
{
	auto *p = static_cast<program *>(user);

	if (event->kind == STAGGER_REVOKED)
		p->revoked++;
	if (event->kind == STAGGER_ASSIGNED && p->assigned++ == 0)
		stagger_consumer_stop(p->consumer.get());
}

void run(program &p)
{
	stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	stagger_chain_options chain_options = STAGGER_CHAIN_OPTIONS_INIT;
	stagger_consumer *consumer = nullptr;
	stagger_chain *chain = nullptr;
	stagger_error error;

	options.group = "billing";
	options.user = &p;
	options.event = on_event;
	chain_options.workers = 2;
	check(stagger_consumer_open(&consumer, nullptr, &options, &error), error);
	p.consumer.reset(consumer);
	check(stagger_consumer_set(consumer, "bootstrap.servers", "embedded", &error), error);
	check(stagger_chain_new(&chain, "orders", &chain_options, &error), error);
	check(stagger_consumer_add(consumer, &chain, &error), error);
	auto handler = [](const stagger_message *, stagger_failure *, void *) {
		return STAGGER_DONE;
	};
	check(stagger_consumer_on(consumer, "orders", handler, nullptr, &error), error);
	check(stagger_consumer_run(consumer, &error), error);
}

} // namespace

int main()
try {
	program p;

	run(p);
	std::printf("%d assigned, %d revoked\n", p.assigned, p.revoked);
	return p.assigned > 0 && p.assigned == p.revoked ? 0 : 1;
} catch (const std::exception &e) {
	std::fprintf(stderr, "%s\n", e.what());
	return 1;
}
