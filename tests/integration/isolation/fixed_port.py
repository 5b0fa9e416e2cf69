"""A port to write into a suite's settings, which nobody takes until a server listens there."""

import itertools
import os
import random
import socket

_EACH = 1000
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 9
_PORTS = range(10_000 + _EACH * _WORKER, 10_000 + _EACH * (_WORKER + 1))
"""Of this worker alone. The system hands out higher ones: to whoever binds port 0, and to every connection."""
_next = itertools.count(random.randrange(_EACH))


def fixed_port() -> int:
    """Return a port that is free and that no other test of this run gets."""
    while True:
        port = _PORTS[next(_next) % _EACH]
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
