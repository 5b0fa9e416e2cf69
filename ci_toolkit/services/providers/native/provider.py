"""The provider of servers as child processes: what it needs, how it starts each, what it left."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.processes.binaries import HOW_TO_GET, find_server
from ci_toolkit.services.processes.child import can_drop_privileges
from ci_toolkit.services.processes.termination import terminate_all
from ci_toolkit.services.providers.provider import LABEL, Running, ServiceRequest


class NativeProvider:
    """Starts PostgreSQL, Redis and ClickHouse, and a team's own services by their command."""

    provider = Provider.NATIVE

    def missing(self, request: ServiceRequest) -> str:
        """Return which program is missing and how to get it, or ``""``."""
        service = request.service
        if not service.protocol.is_data_store:
            return "" if service.command else f"the table has no command for {service.name}"
        if find_server(service.protocol) is None:
            return f"no {service.protocol} server here; {HOW_TO_GET[service.protocol]}"
        if service.protocol is Protocol.POSTGRESQL and not can_drop_privileges():
            return (
                "PostgreSQL refuses root, and setpriv (of util-linux), which would start it as another user, is missing"
            )
        return ""

    def start(self, request: ServiceRequest) -> Running:
        """Start it and wait for its first answer, or for a job's end. Raises an InfrastructureError."""
        return _starter(request.service.protocol)(request)

    def leftover_sessions(self) -> frozenset[str]:
        """Return the sessions that a process of this machine carries the label of."""
        return frozenset(session for _, session in _labelled())

    def remove(self, session: str) -> None:
        """End every process that carries the label of ``session``."""
        terminate_all(lambda: [pid for pid, label in _labelled() if label == session])


def _starter(protocol: Protocol) -> Callable[[ServiceRequest], Running]:
    """Return what starts a server of ``protocol``; each is imported when its server is asked for."""
    match protocol:
        case Protocol.POSTGRESQL:
            from ci_toolkit.services.providers.native import postgresql

            return postgresql.start
        case Protocol.REDIS:
            from ci_toolkit.services.providers.native import redis

            return redis.start
        case Protocol.CLICKHOUSE:
            from ci_toolkit.services.providers.native import clickhouse

            return clickhouse.start
        case Protocol.HTTP | Protocol.WEBSOCKET | Protocol.PLUGIN | Protocol.NONE | Protocol.JOB:
            from ci_toolkit.services.providers.native import program

            return program.run if protocol is Protocol.JOB else program.start


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
