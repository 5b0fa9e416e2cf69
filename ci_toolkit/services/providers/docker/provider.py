"""The provider of servers in containers, each held by a lease that ends with its keeper."""

import importlib.util
from typing import TYPE_CHECKING, Final

from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.errors import EngineError, MissingClientError
from ci_toolkit.services.providers.provider import Running, ServiceRequest

if TYPE_CHECKING:
    from ci_toolkit.services.providers.docker.containers import engine

_QUICK_SECONDS: Final = 5.0
_REMOVAL_SECONDS: Final = 60.0
"""Per thing removed: an image of some hundred MiB on a busy disk."""


class DockerProvider:
    """Starts whatever the table names an image for."""

    provider = Provider.DOCKER

    def missing(self, request: ServiceRequest) -> str:
        """Return that there is no image, no SDK or no engine, or ``""``."""
        if not request.service.image:
            return f"the table has no image for {request.service.name}"
        if not _has_sdk():
            return "its client library is missing: `pip install 'ci-toolkit[services]'`"
        try:
            _connect().close()
        except EngineError as error:
            return str(error)
        return ""

    def start(self, request: ServiceRequest) -> Running:
        """Start a container and wait for its first answer. Raises an InfrastructureError."""
        if not _has_sdk():
            raise _no_sdk()
        from ci_toolkit.services.providers.docker.containers import server

        return server.start(request)

    def leftover_sessions(self) -> frozenset[str]:
        """Return the sessions whose label a container or network carries; none where no engine answers."""
        if not _has_sdk():
            return frozenset()
        from ci_toolkit.services.providers.docker.containers import leftovers

        try:
            with _connect() as engine:
                return leftovers.sessions(engine)
        except EngineError:
            return frozenset()  # without an engine, nothing runs in it

    def remove(self, session: str) -> None:
        """Remove every container and network that carries the label of ``session``."""
        from ci_toolkit.services.providers.docker.containers import leftovers

        with _connect(_REMOVAL_SECONDS) as engine:
            leftovers.remove(engine, session)

    def engine_version(self) -> str:
        """Return what the engine says of itself. Raises EngineError, or MissingClientError without its SDK."""
        if not _has_sdk():
            raise _no_sdk()
        with _connect() as engine:
            return engine.version()

    def has_image(self, image: str) -> bool:
        """Whether ``image`` is on this machine. Raises EngineError."""
        from ci_toolkit.services.providers.docker.containers.image import is_here

        with _connect() as engine:
            return is_here(engine, image)

    def forget_snapshots(self) -> int:
        """Remove the snapshots that no container runs on; return how many went. Raises EngineError."""
        if not _has_sdk():
            raise _no_sdk()
        from ci_toolkit.services.providers.docker.containers import snapshots

        with _connect(_REMOVAL_SECONDS) as engine:
            return snapshots.forget(engine)


def _has_sdk() -> bool:
    found = importlib.util.find_spec("docker")
    return found is not None and found.origin is not None  # a folder of the project may have that name


def _no_sdk() -> MissingClientError:
    return MissingClientError(
        "the docker provider needs its client library", advice="`pip install 'ci-toolkit[services]'`"
    )


def _connect(seconds: float = _QUICK_SECONDS) -> "engine.Engine":
    from ci_toolkit.services.providers.docker.containers import engine

    return engine.connect(seconds=seconds)
