"""What every provider promises, what it is asked for, and the marks by which what it made is found."""

from pathlib import Path
from typing import Final, Protocol

from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.table import Service, ServiceEnvironment

LABEL: Final = "CI_TOOLKIT_SESSION"
"""The environment variable that every process of a session carries."""
LOG: Final = "log"
"""The file with a server's output, in the folder of its service."""
CONTAINER_MARK: Final = "container"
"""The file in a service's folder that is there as long as there may be a container of it."""


class ServiceRequest(Record, frozen=True, kw_only=True):
    """One service that a session wants."""

    service: Service
    environment: ServiceEnvironment
    port: int
    """Leased to the session."""
    session: str
    """The label of everything that is made for it."""
    root: str
    """The project's root."""
    place: str
    """A folder of this service's own for its data and log; removed with the session."""
    cache: str
    """Outlives sessions."""
    is_fresh: bool
    """Whatever is cached is made anew."""
    is_again: bool = False
    """It ran before in this session, and is to find what it left on disk."""
    variables: dict[str, str]
    """Environment variables that say where the services are that it depends on."""
    hidden: tuple[str, ...] = ()
    """Variables of this process that it is not to have."""
    requested_at: float
    """On the monotonic clock."""

    @property
    def folder(self) -> Path:
        """``place`` as a path."""
        return Path(self.place)

    @property
    def log(self) -> Path:
        """Where the server's output goes."""
        return self.folder / LOG

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no line of its log may show."""
        return self.service.secrets


class Running(Protocol):
    """A server that has answered."""

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers."""

    def is_alive(self) -> bool:
        """Whether it still runs, as far as can be seen without asking it."""

    def tail(self) -> str:
        """Return the end of its log, or what is known of its end."""

    def stop(self) -> None:
        """End it and whatever it made; safe to call twice."""

    def pause(self) -> None:
        """End it in order; what it has on disk stays."""

    def kill(self) -> None:
        """End it by SIGKILL, with every process below it."""

    def resume(self, request: ServiceRequest) -> bool:
        """Run what was ended again in its own place, and say whether that can be: else it is started anew.

        Raises an InfrastructureError.
        """


class ServiceProvider(Protocol):
    """Runs servers in one way."""

    provider: Provider

    def missing(self, request: ServiceRequest) -> str:
        """Return what is missing here for ``request``, or ``""`` when this provider can give it."""

    def start(self, request: ServiceRequest) -> Running:
        """Start it and return when it has answered. Raises an InfrastructureError; then nothing is left running.

        It may be called from a thread that lives as long as the session.
        """

    def leftover_sessions(self) -> frozenset[str]:
        """Return the sessions, living or dead, whose label something here carries."""

    def remove(self, session: str) -> None:
        """Remove what carries the label of ``session``, whose keeper is dead."""
