/* SPDX-License-Identifier: Apache-2.0
 *
 * Free ports of 127.0.0.1, for tests with cmocka. */
#ifndef SUPPORT_PORTS_H
#define SUPPORT_PORTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static inline struct sockaddr_in port_address(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/* A socket that is bound there and does not listen yet, or -1: the port is taken. */
static inline int port_try(int port)
{
	struct sockaddr_in at = port_address(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The same at a port that the system chooses; *port is where. */
static inline int port_bind(int *port)
{
	struct sockaddr_in at;
	socklen_t size = sizeof(at);
	int fd = port_try(0);

	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* For one that binds it later. Below those that the system chooses from (32768 and more), else a
 * connection of any program could take it meanwhile; programs that run at once begin with
 * different ones. */
static inline int port_free(void)
{
	static int n;
	int fd, port;

	do {
		port = 10000 + (int)((getpid() + 11003L * n++) % 22000);
		fd = port_try(port);
	} while (fd < 0);
	close(fd);
	return port;
}

#endif
