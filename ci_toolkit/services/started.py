"""Services that answer: asked anew, their logs copied, one of them ended and started again, all ended."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.services.catalog.endpoint import Endpoint, variables
from ci_toolkit.services.errors import ServiceDiedError
from ci_toolkit.services.processes.logs import copy_log
from ci_toolkit.services.status import state_of
from ci_toolkit.services.storage.folders import registry
from ci_toolkit.services.supervision.keeper_client import end_session
from ci_toolkit.services.supervision.orders import Action, give
from ci_toolkit.services.supervision.session import Death, SessionInfo, deaths, read_info

_NOTING_SECONDS: Final = 2.5
"""How long the keeper may take to note a death that was seen here first."""

_AFTER_A_DEATH: Final = "Its log says why, or `dmesg` where memory ran out. A test may end one by `real_services.kill`."


class Stack:
    """Services that answer."""

    def __init__(
        self, endpoints: tuple[Endpoint, ...], sessions: tuple[SessionInfo, ...], *, started: tuple[SessionInfo, ...]
    ) -> None:
        self.endpoints = endpoints
        """In the order of the table."""
        self._sessions = sessions
        self._started = started

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def endpoint(self, name: str) -> Endpoint:
        """Return where the service ``name`` answers. Raises ConfigurationError if it was not asked for."""
        for endpoint in self.endpoints:
            if endpoint.name == name:
                return endpoint
        running = ", ".join(endpoint.name for endpoint in self.endpoints) or "none"
        raise ConfigurationError(f"the service '{name}' was not requested; running: {running}")

    def variables(self) -> dict[str, str]:
        """Return the environment variables that tell a program where the services are; they hold the passwords."""
        return variables(self.endpoints)

    def check(self) -> None:
        """Raise ServiceDiedError, with the end of its log, if a server has ended by itself since it was ready."""
        self._raise_noted_death()
        silent = {name: said for name, said in self.health().items() if said.startswith("closed")}
        until = time.monotonic() + _NOTING_SECONDS
        while silent and time.monotonic() < until:  # the keeper looks only now and then, and knows the log
            time.sleep(_NOTING_SECONDS / 50)
            self._raise_noted_death()
        for name, said in silent.items():
            raise ServiceDiedError(f"{name} ended by itself: {said.removeprefix('closed: ')}", advice=_AFTER_A_DEATH)

    def _raise_noted_death(self) -> None:
        names = {endpoint.name for endpoint in self.endpoints}
        for info in self._sessions:
            for death in deaths(registry(), info.session):
                if death.service in names:
                    raise death_error(death)
            if read_info(registry(), info.session) is None:
                raise ServiceDiedError(
                    f"the session {info.session} with {', '.join(sorted(names))} has ended",
                    advice="Look for a test or a program that ends processes, or for a `services down` beside the run.",
                )

    def health(self) -> dict[str, str]:
        """Ask each server anew, as its row of the table says; return ``ready``, or why not, by name."""
        return {endpoint.name: ": ".join(filter(None, state_of(info, endpoint))) for info, endpoint in self._kept()}

    def end(self, name: str, *, by_force: bool = False) -> None:
        """End the service ``name``, in order or by SIGKILL, until it is started again; nobody calls that its death."""
        self._order(name, Action.KILL if by_force else Action.STOP)

    def start_again(self, name: str) -> None:
        """Start ``name`` again on its port and its data. Raises an InfrastructureError."""
        self._order(name, Action.START)

    def _order(self, name: str, action: Action) -> None:
        for info, endpoint in self._kept():
            if endpoint.name == name:
                seconds = next((row.ready_seconds for row in info.services if row.name == name), 0.0)
                give(registry(), info, name, action, seconds=seconds)

    def save_logs(self, folder: Path, *, mark: str = "") -> tuple[Path, ...]:
        """Copy what may be shown of its servers' logs to ``folder``, as ``NAME``, ``mark``, ``.log``."""
        copies = []
        for info, endpoint in self._kept():
            log = info.log(endpoint.name)
            if log.exists():  # an external server has its log elsewhere
                folder.mkdir(parents=True, exist_ok=True)
                copies.append(folder / f"{endpoint.name}{mark}.log")
                copy_log(log, copies[-1], secrets=info.secrets_of(endpoint.name))
        return tuple(copies)

    def _kept(self) -> Iterator[tuple[SessionInfo, Endpoint]]:
        """Yield each of its servers with the session that keeps it."""
        for info in self._sessions:
            for endpoint in info.endpoints:
                if endpoint in self.endpoints:
                    yield info, endpoint

    def is_lent(self, server: Endpoint) -> bool:
        """Whether ``server`` runs for whoever comes, as `services up` started it."""
        return any(info.owner is None for info, endpoint in self._kept() if endpoint == server)

    def stop(self) -> None:
        """End what this call started, unless it belongs to another process; safe to call twice."""
        for info in self._started:
            if info.owner is None or info.owner.pid == os.getpid():
                end_session(info)
        self._started = ()


def death_error(death: Death) -> ServiceDiedError:
    """Return the error for a server that ended by itself."""
    return ServiceDiedError(
        f"{death.service} ended by itself; the end of its log:\n{death.reason}", advice=_AFTER_A_DEATH
    )
