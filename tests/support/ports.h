/* SPDX-License-Identifier: Apache-2.0
 *
 * Ports of 127.0.0.1 that the system chooses, for tests with cmocka. */
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

/* A socket that is bound and does not listen yet; *port is where. */
static inline int port_bind(int *port)
{
	struct sockaddr_in at = port_address(0);
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* It may be taken by another program meanwhile: not by one of ours, they take what they are given. */
static inline int port_free(void)
{
	int port;

	close(port_bind(&port));
	return port;
}

#endif
