"""Servers that were already listening: GitHub's service containers, a server of the developer's."""

from pathlib import Path

from msgspec.structs import replace

from ci_toolkit.services.catalog.endpoint import Endpoint, Provider, endpoint_of
from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.databases.migrations import migrate_once
from ci_toolkit.services.providers.listening import who_listens
from ci_toolkit.services.providers.provider import ServiceRequest
from ci_toolkit.services.readiness.probe import ProbeStatus, ask
from ci_toolkit.services.readiness.waiting import wait_until_ready

_FIRST_ANSWER_SECONDS = 1.0
_SILENT_SECONDS = 4.0
"""A data store that was there before us and only starts, loads or recovers says so at once."""


class Found:
    """A server of somebody else's, which is left as it was."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def is_alive(self) -> bool:
        """Say yes: asking again and again would be in the way of whoever clones its database."""
        return True

    def tail(self) -> str:
        """Say that its log is not ours."""
        return "(its log is where it was started)"

    def stop(self) -> None:
        """Leave it alone."""

    def pause(self) -> None:
        """Leave it alone."""

    def kill(self) -> None:
        """Leave it alone."""

    def resume(self, request: ServiceRequest) -> bool:  # noqa: ARG002 (as providers promise)
        """Say yes: it was left alone."""
        return True


class ExternalProvider:
    """Finds a server on the port that the table says."""

    provider = Provider.EXTERNAL

    def missing(self, request: ServiceRequest) -> str:
        """Return that nobody listens, or ``""``: then whoever listens has to be the right server."""
        if not request.port:
            return f"{request.service.name} has no port"
        answer = ask(_endpoint(request), path=request.service.path, timeout=_FIRST_ANSWER_SECONDS)
        return answer.reason if answer.status is ProbeStatus.CLOSED else ""

    def start(self, request: ServiceRequest) -> Found:
        """Wait until it answers, and migrate its database where that has not been done.

        Raises an error that names who listens when it is not the right server.
        """
        endpoint = wait_until_ready(
            _endpoint(request),
            request.service,
            requested_at=request.requested_at,
            who_listens=who_listens,
            may_be_silent=_SILENT_SECONDS if request.service.protocol.is_data_store else None,
        )
        is_postgresql = request.service.protocol is Protocol.POSTGRESQL
        if is_postgresql and migrate_once(request.service, endpoint, Path(request.root)):
            endpoint = replace(endpoint, detail="migrated now")
        return Found(endpoint)

    def leftover_sessions(self) -> frozenset[str]:
        """Return nothing: this provider makes nothing."""
        return frozenset()

    def remove(self, session: str) -> None:
        """Return nothing: this provider makes nothing."""


def _endpoint(request: ServiceRequest) -> Endpoint:
    return endpoint_of(request.service, port=request.port, provider=Provider.EXTERNAL)
