"""Servers as child processes, from the programs of this machine or of a wheel."""

import importlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, cast

from ci_toolkit.services.binaries import HOW_TO_GET, find_server
from ci_toolkit.services.child import Child, can_drop_privileges
from ci_toolkit.services.ending import end_all
from ci_toolkit.services.endpoint import Endpoint, Provider
from ci_toolkit.services.providers.provider import Order
from ci_toolkit.services.readiness import wait_until_ready
from ci_toolkit.services.session import LABEL
from ci_toolkit.services.table import Protocol

_STARTERS: Final = {
    Protocol.POSTGRESQL: "ci_toolkit.services.providers.postgresql",
    Protocol.REDIS: "ci_toolkit.services.providers.redis",
    Protocol.CLICKHOUSE: "ci_toolkit.services.providers.clickhouse",
}
_PROGRAM: Final = "ci_toolkit.services.providers.program"


class Server:
    """A server that is a child process."""

    def __init__(self, child: Child, *, stops_by: signal.Signals, grace: float = 2.0) -> None:
        self._child = child
        self._stops_by = stops_by
        self._grace = grace
        self._endpoint: Endpoint | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers."""
        assert self._endpoint is not None, "it was not yet ready"
        return self._endpoint

    def until_ready(self, order: Order, *, detail: str = "") -> "Server":
        """Return it once it has answered; end it if it does not. Raises an InfrastructureError."""
        try:
            self._endpoint = wait_until_ready(
                native_endpoint(order, detail=detail),
                order.service,
                wished_at=order.wished_at,
                is_alive=self.is_alive,
                tail=self.tail,
            )
        except BaseException:
            self.stop()
            raise
        return self

    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self._child.is_alive()

    def tail(self) -> str:
        """Return the end of its log."""
        return self._child.tail()

    def stop(self) -> None:
        """End it; what it holds is thrown away."""
        self._child.stop(self._stops_by, grace=self._grace)


class NativeProvider:
    """Starts PostgreSQL, Redis and ClickHouse, and a team's own services by their command."""

    provider = Provider.NATIVE

    def missing(self, order: Order) -> str:
        """Return which program is missing and how to get it, or ``""``."""
        service = order.service
        if not service.protocol.is_data_store:
            return "" if service.command else f"the table has no command for {service.name}"
        if find_server(service.protocol) is None:
            return f"no {service.protocol} server here; {HOW_TO_GET[service.protocol]}"
        if service.protocol is Protocol.POSTGRESQL and not can_drop_privileges():
            return (
                "PostgreSQL refuses root, and setpriv (of util-linux), which would start it as another user, is missing"
            )
        return ""

    def start(self, order: Order) -> Server:
        """Start it and wait for its first answer. Raises an InfrastructureError."""
        module = importlib.import_module(_STARTERS.get(order.service.protocol, _PROGRAM))
        return cast("Callable[[Order], Server]", module.start)(order)

    def remains(self) -> frozenset[str]:
        """Return the sessions that a process of this machine carries the label of."""
        return frozenset(session for _, session in _labelled())

    def remove(self, session: str) -> None:
        """End every process that carries the label of ``session``."""
        end_all(lambda: [pid for pid, label in _labelled() if label == session])


def native_endpoint(order: Order, *, detail: str = "") -> Endpoint:
    """Return where the server of ``order`` is to answer."""
    return Endpoint(
        name=order.service.name,
        protocol=order.service.protocol,
        port=order.port,
        credentials=order.service.credentials,
        provider=Provider.NATIVE,
        detail=detail,
    )


def _labelled() -> Iterator[tuple[int, str]]:
    """Yield process id and session of every process that carries our label; Linux only, else nothing."""
    mark = f"{LABEL}=".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "environ").read_bytes().split(b"\0")
        except OSError:  # it has ended, or is another user's
            continue
        for word in words:
            if word.startswith(mark):
                yield int(entry.name), word[len(mark) :].decode(errors="replace")


PROVIDER = NativeProvider()
