"""Asks what runs now: every living session, and whether its servers answer."""

from typing import Final

from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.table import ServiceEnvironment
from ci_toolkit.services.readiness.probe import ProbeStatus, ask
from ci_toolkit.services.storage.folders import registry
from ci_toolkit.services.supervision.session import SessionInfo, deaths, ready_sessions, stopped

_ANSWER_SECONDS: Final = 1.0


class ServiceStatus(Record, frozen=True, kw_only=True):
    """One server of a session; holds no secret."""

    name: str
    provider: Provider
    version: str
    host: str
    port: int
    detail: str
    ready_ms: int
    state: str
    """``ready``, or in one word why not."""
    reason: str
    """In the server's or the system's words, empty when it is ready."""


class SessionStatus(Record, frozen=True, kw_only=True):
    """One session."""

    session: str
    root: str
    environment: ServiceEnvironment
    owner_pid: int | None
    """None where it lives until `services down`."""
    keeper_pid: int
    services: tuple[ServiceStatus, ...]

    def describe(self) -> str:
        """Return it in a few lines."""
        until = f"until process {self.owner_pid} ends" if self.owner_pid else "until `ci-toolkit services down`"
        lines = [f"session {self.session} ({self.environment}, {self.root}) {until}"]
        for row in self.services:
            how = f"({row.detail}) " if row.detail else ""
            state = row.state if not row.reason else f"{row.state}: {row.reason}"
            address = f"{row.host}:{row.port}" if row.port else ""
            lines.append(f"  {' '.join(filter(None, (row.name, row.version, row.provider, address)))} {how}{state}")
        return "\n".join(lines)


def session_status() -> tuple[SessionStatus, ...]:
    """Ask every server of every living session of this user."""
    from concurrent.futures import ThreadPoolExecutor

    found = ready_sessions(registry())
    with ThreadPoolExecutor(max(1, sum(len(info.endpoints) for info in found))) as threads:
        asked = [(info, [threads.submit(_status, info, endpoint) for endpoint in info.endpoints]) for info in found]
    return tuple(
        SessionStatus(
            session=info.session,
            root=info.root,
            environment=info.environment,
            owner_pid=info.owner.pid if info.owner else None,
            keeper_pid=info.keeper.pid,
            services=tuple(answer.result() for answer in answers),
        )
        for info, answers in asked
    )


def _status(info: SessionInfo, endpoint: Endpoint) -> ServiceStatus:
    state, reason = state_of(info, endpoint)
    return ServiceStatus(
        name=endpoint.name,
        provider=endpoint.provider,
        version=endpoint.version,
        host=endpoint.host,
        port=endpoint.port,
        detail=endpoint.detail,
        ready_ms=endpoint.ready_ms,
        state=state,
        reason=reason,
    )


def state_of(info: SessionInfo, endpoint: Endpoint) -> tuple[str, str]:
    """Ask a server as its row of the table says: ``ready``, or in one word why not, and the reason."""
    death = next((death for death in deaths(registry(), info.session) if death.service == endpoint.name), None)
    if death is not None:
        return "ended", death.reason.splitlines()[-1] if death.reason else "by itself"
    if endpoint.name in stopped(registry(), info.session):
        return "stopped", "a test has stopped it"
    row = next((row for row in info.services if row.name == endpoint.name), None)
    if row is not None and not row.is_asked:  # it was ready, and has not ended
        return "ready", ""
    answer = ask(endpoint, path=row.path if row else "/", timeout=_ANSWER_SECONDS)
    return answer.status.name.lower(), "" if answer.status is ProbeStatus.READY else answer.reason
