"""Starts the services of a session: leases their ports, chooses their providers, waits for their first answers."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from msgspec.structs import replace

from ci_toolkit.services.catalog.endpoint import Endpoint, Provider, endpoint_of, variables
from ci_toolkit.services.catalog.order import knows, start_order
from ci_toolkit.services.catalog.table import Service
from ci_toolkit.services.errors import KeeperError
from ci_toolkit.services.ports.leases import Holder, PortLease, claim, lease_any
from ci_toolkit.services.ports.listeners import is_free, taken
from ci_toolkit.services.providers.chain import choose, only_provider
from ci_toolkit.services.providers.listening import who_listens
from ci_toolkit.services.providers.provider import Running, ServiceRequest
from ci_toolkit.services.storage.folders import own_folder
from ci_toolkit.services.supervision.session import SessionRequest


class Launch:
    """The services of one session, from their leases to their ends."""

    def __init__(self, request: SessionRequest, report: Callable[[str], None]) -> None:
        self._request = request
        self._report = report
        self._leases: dict[str, PortLease] = {}
        self._running: dict[str, Running] = {}
        self._ended: set[str] = set()
        """What was ended by an order, and not by itself."""
        self._lock = threading.Lock()
        self._is_stopping = False

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where the services answer that are ready, in the order of the table."""
        with self._lock:
            return tuple(
                self._running[service.name].endpoint
                for service in self._request.services
                if service.name in self._running
            )

    def start(self) -> None:
        """Start each service as soon as what it depends on is ready. Raises the first InfrastructureError.

        The others may then still be starting.
        """
        self._lease_ports()
        rows = {service.name: service for service in self._request.services}
        order = start_order(self._request.services)
        order.prepare()
        outcomes: SimpleQueue[str | BaseException] = SimpleQueue()
        while order.is_active():
            for name in order.get_ready():
                request = self._service_request(rows[name])
                threading.Thread(target=self._start_and_stay, args=(request, outcomes), daemon=True).start()
            outcome = outcomes.get()
            if isinstance(outcome, BaseException):
                raise outcome
            order.done(outcome)

    def dead(self) -> tuple[tuple[str, Running], ...]:
        """Return the servers that ended by themselves."""
        with self._lock:
            return tuple(
                (name, running)
                for name, running in self._running.items()
                if name not in self._ended and not running.is_alive()
            )

    @property
    def ended(self) -> tuple[str, ...]:
        """The servers that were ended by an order."""
        with self._lock:
            return tuple(sorted(self._ended))

    def end(self, name: str, *, by_force: bool) -> None:
        """End one service, in order or by SIGKILL. Raises KeeperError if there is none."""
        running = self._one(name)
        with self._lock:
            self._ended.add(name)
        if by_force:
            running.kill()
        else:
            running.pause()

    def start_again(self, name: str) -> None:
        """Start one service again on its port, from a thread that lives as long. Raises an InfrastructureError."""
        running = self._one(name)
        self.end(name, by_force=False)
        row = next(row for row in self._request.services if row.name == name)
        request = replace(self._service_request(row), is_again=True, requested_at=time.monotonic())
        if not running.resume(request):
            self._start(request, running.endpoint.provider)
        with self._lock:
            self._ended.discard(name)

    def _one(self, name: str) -> Running:
        with self._lock:
            running = self._running.get(name)
        if running is None or running.endpoint.provider is Provider.EXTERNAL:
            raise KeeperError(
                f"{name} is not a service that this session has started", advice="Restart it where it was started."
            )
        return running

    def stop(self) -> None:
        """End what runs, the last started first, and whatever becomes ready from now on."""
        with self._lock:
            self._is_stopping = True
            running = list(reversed(self._running.values()))
        for one in running:
            one.stop()
        for lease in list(self._leases.values()):  # more may be added meanwhile
            lease.close()

    def _lease_ports(self) -> None:
        registry = Path(self._request.registry)
        holder = Holder(pid=os.getpid(), session=self._request.session, directory=self._request.root)
        for service in (row for row in self._request.services if row.protocol.has_port):
            self._leases[service.name] = (
                lease_any(registry, holder)
                if self._request.dynamic_ports
                else claim(registry, service.port(self._request.environment), holder)
            )

    def _start_and_stay(self, service_request: ServiceRequest, outcomes: "SimpleQueue[str | BaseException]") -> None:
        try:
            asked_for, is_one_workers = self._request.provider, bool(self._request.worker)
            self._start(
                service_request, only_provider(service_request.service, asked_for, is_one_workers=is_one_workers)
            )
        except BaseException as error:  # noqa: BLE001 (raised by whoever waits for it)
            outcomes.put(error)
        else:
            outcomes.put(service_request.service.name)
            threading.Event().wait()  # for ever: the kernel ties a child to the thread that made it

    def _start(self, service_request: ServiceRequest, forced: Provider | None) -> None:
        port = service_request.port
        may_be_external = bool(port) and not self._request.dynamic_ports
        uses_what_runs = self._request.uses_what_runs
        provider = choose(service_request, forced, may_be_external=may_be_external, uses_what_runs=uses_what_runs)
        if port and provider.provider is not Provider.EXTERNAL and not is_free(port):
            raise taken(port, by=who_listens(port))
        running = provider.start(service_request)
        with self._lock:
            is_late = self._is_stopping
            self._running[service_request.service.name] = running
        if is_late:
            running.stop()
        else:
            self._report(running.endpoint.describe())

    def _known_to(self, service: Service) -> dict[str, str]:
        """Return the variables with the addresses of what ``service`` depends on, which is ready, and what it knows."""
        soon = (
            endpoint_of(row, port=self._leases[row.name].port, provider=Provider.NATIVE)
            for row in self._request.services
            if row.name in service.knows and row.protocol.has_port
        )
        return variables((*soon, *(one for one in (*self._request.given, *self.endpoints) if knows(service, one))))

    def _service_request(self, service: Service) -> ServiceRequest:
        place = own_folder(self._request.data_folder / service.name)  # it is there where the service ran before
        return ServiceRequest(
            service=service,
            environment=self._request.environment,
            port=self._leases[service.name].port if service.protocol.has_port else 0,
            session=self._request.session,
            root=self._request.root,
            place=str(place),
            cache=self._request.cache,
            is_fresh=self._request.is_fresh,
            variables=self._known_to(service),
            hidden=self._request.hidden,
            requested_at=self._request.requested_at,
        )
