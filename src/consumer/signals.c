/* SPDX-License-Identifier: Apache-2.0
 *
 * run_until_signal(): for programs that are one consumer. A signal handler can reach its consumer
 * only through a static pointer: this one, set while the call lasts; it is why only one such call
 * may run at a time in a process. */
#define _GNU_SOURCE
#include <stagger/consumer.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/error.h"

static _Atomic(struct stagger_consumer *) signalled;

static void on_signal(int number)
{
	(void)number;
	int saved = errno;
	struct stagger_consumer *c = atomic_load(&signalled);
	if (c != NULL)
		stagger_consumer_stop(c);
	errno = saved;
}

enum stagger_status stagger_consumer_run_until_signal(struct stagger_consumer *c,
						      struct stagger_error *err)
{
	struct stagger_consumer *none = NULL;
	if (!atomic_compare_exchange_strong(&signalled, &none, c))
		return fail(
			err, STAGGER_STATE,
			"run_until_signal() runs already in this process: use run() and stop()");
	/* SA_RESETHAND: a second signal ends the process. */
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	struct sigaction old_int;
	struct sigaction old_term;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, &old_int);
	sigaction(SIGTERM, &action, &old_term);
	enum stagger_status status = stagger_consumer_run(c, err);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	atomic_store(&signalled, NULL);
	return status;
}
