/* SPDX-License-Identifier: Apache-2.0
 *
 * The virtual clocks of the fake world: time stands still until the world moves it. */
#include "testing/fake.h"

#include "base/bytes.h"

static int64_t wall_us(void *self)
{
	const struct fake_view *view = self;
	return add_saturated(view->clock->wall_us, view->skew_us);
}

static int64_t boot_us(void *self)
{
	const struct fake_view *view = self;
	return view->clock->boot_us;
}

struct port_clock fake_clock_port(struct fake_view *view)
{
	return (struct port_clock){ .self = view, .wall_us = wall_us, .boot_us = boot_us };
}

void fake_clock_move(struct fake_clock *clock, int64_t us)
{
	clock->wall_us = add_saturated(clock->wall_us, us);
	clock->boot_us = add_saturated(clock->boot_us, us);
}
