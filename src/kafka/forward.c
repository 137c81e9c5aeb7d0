/* SPDX-License-Identifier: Apache-2.0
 *
 * A fixed port for the embedded broker: one thread, one poll() over all connections, each with a
 * buffer a direction. A full buffer is not read into, so that a slow end slows the other one. */
#define _GNU_SOURCE
#include "kafka/forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#define ROOM 32768 /* bytes of a buffer */
#define DEAF_MS 100 /* until the next try */

struct way { /* from one end of a connection to the other */
	char bytes[ROOM];
	size_t start, end; /* what was read and not yet written */
	bool ended;        /* nothing more is read; the other end is told when all is written */
	bool told;
};
struct link {
	int ends[2];
	struct way ways[2]; /* ways[i]: read from ends[i], written to ends[1 - i] */
};
struct forward {
	int listener, quit;
	struct sockaddr_in to;
	pthread_t thread;
	bool begun;
	struct link *links[FORWARD_MAX]; /* the thread's */
	size_t n;
	bool deaf; /* without a descriptor a connection can only wait */
};

static struct sockaddr_in loopback(int32_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = {htonl(INADDR_LOOPBACK)},
	};
}

static int open_socket(int flags)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
}

static enum stagger_status listen_on(int socket, int32_t port, struct stagger_error *err)
{
	struct sockaddr_in at = loopback(port);
	int yes = 1; /* connections that have just ended must not keep the port */

	if (setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
	    bind(socket, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(socket, SOMAXCONN) == 0)
		return STAGGER_OK;
	if (errno == EADDRINUSE)
		return fail(err, STAGGER_INVALID,
			    "embedded broker: port %d is in use by another program; port 0 is a "
			    "free one",
			    (int)port);
	return fail(err, STAGGER_INVALID, "embedded broker: port %d: %s", (int)port,
		    strerror(errno));
}

enum stagger_status forward_new(struct forward **out, int32_t port, struct stagger_error *err)
{
	struct forward *f = calloc(1, sizeof(*f));
	enum stagger_status status;

	if (f == NULL)
		return fail_memory(err);
	f->listener = open_socket(SOCK_NONBLOCK);
	f->quit = eventfd(0, EFD_CLOEXEC);
	if (f->listener < 0 || f->quit < 0)
		status = fail_system(err, errno, "embedded broker");
	else
		status = listen_on(f->listener, port, err);
	if (status == STAGGER_OK)
		*out = f;
	else
		forward_free(&f);
	return status;
}

/* -- the thread -------------------------------------------------------------------------- */

static void link_free(struct link *link)
{
	close(link->ends[0]);
	close(link->ends[1]);
	free(link);
}

/* The listening end of the other side is this host's: connecting to it does not wait. */
static void link_new(struct forward *f)
{
	int client = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	f->deaf = client < 0 && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR;
	struct link *link = client >= 0 ? calloc(1, sizeof(*link)) : NULL;
	int broker = link != NULL ? open_socket(0) : -1;

	if (broker < 0 || connect(broker, (struct sockaddr *)&f->to, sizeof(f->to)) != 0 ||
	    fcntl(broker, F_SETFL, O_NONBLOCK) != 0) {
		if (broker >= 0)
			close(broker);
		if (client >= 0)
			close(client);
		free(link);
		return;
	}
	link->ends[0] = client;
	link->ends[1] = broker;
	f->links[f->n++] = link;
}

static short wants(const struct link *link, int end)
{
	const struct way *out = &link->ways[end];
	const struct way *in = &link->ways[1 - end];
	int events = 0;

	if (!out->ended && out->end < ROOM)
		events |= POLLIN;
	if (in->start < in->end)
		events |= POLLOUT;
	return (short)events;
}

static bool would_wait(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* False: the connection is broken. */
static bool read_way(struct way *way, int from)
{
	ssize_t n = recv(from, way->bytes + way->end, ROOM - way->end, 0);

	if (would_wait(n))
		return true;
	way->ended = n == 0;
	way->end += n > 0 ? (size_t)n : 0;
	return n >= 0;
}

static bool write_way(struct way *way, int to)
{
	if (way->start < way->end) {
		ssize_t n = send(to, way->bytes + way->start, way->end - way->start, MSG_NOSIGNAL);
		if (!would_wait(n) && n < 0)
			return false;
		way->start += n > 0 ? (size_t)n : 0;
	}
	if (way->start == way->end) {
		way->start = way->end = 0;
		if (way->ended && !way->told) {
			way->told = true;
			shutdown(to, SHUT_WR);
		}
	}
	return true;
}

/* False: it is over. */
static bool serve(struct link *link, const struct pollfd *polled)
{
	for (int end = 0; end < 2; end++) {
		short events = polled[end].revents;
		struct way *way = &link->ways[end];
		if ((events & (POLLERR | POLLNVAL)) != 0)
			return false;
		if ((events & (POLLIN | POLLHUP)) != 0 && !way->ended && way->end < ROOM &&
		    !read_way(way, link->ends[end]))
			return false;
	}
	for (int end = 0; end < 2; end++)
		if (!write_way(&link->ways[end], link->ends[1 - end]))
			return false;
	return !link->ways[0].told || !link->ways[1].told;
}

static void serve_all(struct forward *f, const struct pollfd *polled)
{
	size_t left = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (serve(f->links[i], &polled[2 * i]))
			f->links[left++] = f->links[i];
		else
			link_free(f->links[i]);
	}
	f->n = left;
}

static void *run(void *of)
{
	struct forward *f = of;
	struct pollfd polled[2 + 2 * FORWARD_MAX];

	for (;;) {
		polled[0] = (struct pollfd){.fd = f->quit, .events = POLLIN};
		bool listens = f->n < FORWARD_MAX && !f->deaf;
		polled[1] = (struct pollfd){.fd = listens ? f->listener : -1, .events = POLLIN};
		for (size_t i = 0; i < f->n; i++)
			for (int end = 0; end < 2; end++)
				polled[2 + 2 * i + (size_t)end] =
					(struct pollfd){.fd = f->links[i]->ends[end],
							.events = wants(f->links[i], end)};
		int n = poll(polled, 2 + 2 * f->n, f->deaf ? DEAF_MS : -1);
		f->deaf = false;
		if (n < 0)
			continue; /* a signal: there is no other way to fail */
		if (polled[0].revents != 0)
			return NULL;
		serve_all(f, polled + 2);
		if (polled[1].revents != 0)
			link_new(f);
	}
}

enum stagger_status forward_begin(struct forward *f, int32_t port, struct stagger_error *err)
{
	f->to = loopback(port);
	int code = pthread_create(&f->thread, NULL, run, f);
	if (code != 0)
		return fail_system(err, code, "embedded broker: no thread can be made");
	f->begun = true;
	return STAGGER_OK;
}

void forward_free(struct forward **forward)
{
	struct forward *f = *forward;

	if (f == NULL)
		return;
	if (f->begun) {
		eventfd_write(f->quit, 1);
		pthread_join(f->thread, NULL);
	}
	for (size_t i = 0; i < f->n; i++)
		link_free(f->links[i]);
	if (f->listener >= 0)
		close(f->listener);
	if (f->quit >= 0)
		close(f->quit);
	free(f);
	*forward = NULL;
}
