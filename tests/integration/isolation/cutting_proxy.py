"""A TCP proxy that cuts connections when it is told to, as one on the way to a server does with those that are idle."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import msgspec

from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.closing import Closing


class CuttingProxy(Closing):
    """Passes on what comes, both ways, until ``cut``. ``endpoint`` is where it listens."""

    def __init__(self, server: Endpoint) -> None:
        self._server = (server.host, server.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = msgspec.structs.replace(server, port=self._listener.getsockname()[1])
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._half_open: set[socket.socket] = set()
        self._sockets = [self._listener]
        self._threads: list[threading.Thread] = []
        self._refuses = False
        self._start(self._listen)

    def __enter__(self) -> Self:
        return self

    def cut(self, *, server_knows: bool = True) -> int:
        """Cut every connection on the client's side, and unless it is to be left half open, on the server's.

        Return how many there were.
        """
        pairs, self._pairs = self._pairs, []
        for client, server in pairs:
            if server_knows:
                _shut(server)
            else:
                self._half_open.add(server)
            _shut(client)
        return len(pairs)

    def refuse(self) -> None:
        """Cut every connection, and each new one at once."""
        self._refuses = True
        self.cut()

    def accept(self) -> None:
        """Pass on what comes over new connections again."""
        self._refuses = False

    def close(self) -> None:
        for one in self._sockets:
            _shut(one)
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()

    def _listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                if self._refuses:
                    client.close()
                    continue
                server = socket.create_connection(self._server)
                self._sockets += [client, server]
                self._pairs.append((client, server))
                self._start(self._pass_on, client, server)
                self._start(self._pass_on, server, client)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while some := source.recv(65536):
                target.sendall(some)
            if target not in self._half_open:
                target.shutdown(socket.SHUT_WR)

    def _start(self, work: Callable[..., None], *words: object) -> None:
        thread = threading.Thread(target=work, args=words, daemon=True)
        thread.start()
        self._threads.append(thread)


def _shut(one: socket.socket) -> None:
    with suppress(OSError):  # the other end was faster
        one.shutdown(socket.SHUT_RDWR)
