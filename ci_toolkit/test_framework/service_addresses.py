"""The value of the fixture ``real_services``: sessions and addresses; a service starts when a test asks for it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ci_toolkit.config.project import nearest
from ci_toolkit.isolation.worker_services import WorkerServices
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.table import Protocol

_URL: Final = "_url"


class RealServices(Mapping[str, Any]):
    """``db`` and ``redis`` on this worker's databases; ``backend_url`` and its siblings, one for each service."""

    def __init__(
        self,
        services: WorkerServices,
        endpoint: Callable[[str], Endpoint],
        do: Callable[[Callable[[], object]], None],
        clients: Mapping[str, Any],
    ) -> None:
        """``endpoint`` starts a service, and ``do`` calls what it is given; the test fails where these cannot."""
        self._services = services
        self._endpoint = endpoint
        self._do = do
        self._clients = clients

    def __getitem__(self, key: str) -> Any:
        if key in self._clients:
            return self._clients[key]
        if key not in self:
            raise KeyError(f"real_services has no {key!r}. {nearest(key, list(self), 'keys')}")
        if key == "environment":
            return self._services.variables()
        return self._endpoint(self._name(key)).url()

    def start(self, name: str) -> str:
        """Have the service or job ``name`` ready, with what it depends on; return its URL, empty if it has no port."""
        return self._endpoint(name).url()

    def restart(self, name: str) -> str:
        """End the service ``name``, if it runs, and start it again; return its URL, the same as before."""
        url = self.start(name)
        self._do(lambda: self._services.restart(name))
        return url

    def stop(self, name: str) -> None:
        """End the service ``name`` in order. It runs again for the next test, or after ``restart``."""
        self._do(lambda: self._services.stop(name))

    def kill(self, name: str) -> None:
        """End the service ``name`` by SIGKILL, as a crash does. It runs again as after ``stop``."""
        self._do(lambda: self._services.stop(name, by_force=True))

    def __contains__(self, key: object) -> bool:
        return key in tuple(self)

    def __iter__(self) -> Iterator[str]:
        yield from self._clients
        yield "environment"
        if self._postgresql:
            yield "database_url"
        yield from (row.name + _URL for row in self._services.table.services if row.protocol.has_port)

    def __len__(self) -> int:
        return len(tuple(iter(self)))

    @property
    def _postgresql(self) -> str:
        rows = (row.name for row in self._services.table.services if row.protocol is Protocol.POSTGRESQL)
        return next(rows, "")

    def _name(self, key: str) -> str:
        return self._postgresql if key == "database_url" else key.removesuffix(_URL)
