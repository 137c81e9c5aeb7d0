#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""free_ports.py [N]: N free ports of 127.0.0.1, for programs that bind them later, or again after they
were killed. As in ports.h they lie below those that the system chooses from (32768 and more), so that
no connection gets one meanwhile."""
import random
import socket
import sys

wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1
bound = []
for port in random.sample(range(10000, 32000), 22000):
    if len(bound) == wanted:
        break
    one = socket.socket()
    try:
        one.bind(("127.0.0.1", port))
    except OSError:
        one.close()
    else:
        bound.append(one)
if len(bound) < wanted:
    sys.exit(f"free_ports.py: of the ports 10000 to 31999 only {len(bound)} are free")
print(*[one.getsockname()[1] for one in bound])
