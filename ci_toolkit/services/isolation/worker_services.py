"""What one worker of a test run has of the real services: its own databases, started when the first test asks."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.record import Record
from ci_toolkit.services.endpoint import Endpoint, variables
from ci_toolkit.services.handover import Handover
from ci_toolkit.services.isolation.mode import Mode, Outcome
from ci_toolkit.services.isolation.worker_database import WorkerDatabase
from ci_toolkit.services.isolation.worker_redis import WorkerRedis
from ci_toolkit.services.stack import Stack, StackRequest, acquire
from ci_toolkit.services.table import Protocol, Service, Table


class Place(Record, frozen=True, kw_only=True):
    """Which worker of which run this is."""

    root: str
    run: str
    """Eight hexadecimal digits, the same for every worker of the run and for no other run."""
    worker: str
    owner: int
    """The process that the services end with; all workers of the run have the same one."""
    handover: Handover = Handover()
    is_alone: bool = True
    """Whether this is the run's only worker."""


class WorkerServices:
    """The services of one worker. Nothing is started before it is asked for. Closing it drops its databases."""

    def __init__(self, table: Table, place: Place, *, tell: Callable[[str], None]) -> None:
        self.table = table
        self.place = place
        self._tell = tell
        self._stacks: list[Stack] = []
        self._servers: dict[str, Endpoint] = {}
        """What runs, as all workers of the run share it."""
        self._endpoints: dict[str, Endpoint] = {}
        """What this worker's tests see of it."""
        self._database: WorkerDatabase | None = None
        self._redis: WorkerRedis | None = None

    @property
    def database(self) -> WorkerDatabase:
        """This worker's PostgreSQL database. Raises an InfrastructureError if there can be none."""
        if self._database is None:
            service = self._only(Protocol.POSTGRESQL)
            server = self._started(service)
            self._database = WorkerDatabase(server, run=self.place.run, worker=self.place.worker)
            self._endpoints[service.name] = self._database.endpoint
        return self._database

    @property
    def redis(self) -> WorkerRedis:
        """This worker's logical Redis database. Raises an InfrastructureError if there can be none."""
        if self._redis is None:
            service = self._only(Protocol.REDIS)
            server = self._started(service)
            self._redis = WorkerRedis(server, run=self.place.run, worker=self.place.worker)
            self._endpoints[service.name] = self._redis.endpoint
        return self._redis

    def start_data_stores(self) -> None:
        """Have PostgreSQL and Redis ready, where the table has them."""
        known = {service.protocol for service in self.table.services}
        wanted = [protocol for protocol in (Protocol.POSTGRESQL, Protocol.REDIS) if protocol in known]
        self._start(*(self._only(protocol).name for protocol in wanted))  # at once, which is faster than in turn
        if Protocol.POSTGRESQL in wanted:
            _ = self.database
        if Protocol.REDIS in wanted:
            _ = self.redis

    def endpoint(self, name: str) -> Endpoint:
        """Return where the service ``name`` answers this worker, started if need be.

        A team's own service with a command runs once for each worker, on the worker's databases.
        """
        if name not in self._endpoints:
            service = self.table.service(name)
            if service.protocol is Protocol.POSTGRESQL and service == self._only(Protocol.POSTGRESQL):
                return self.database.endpoint
            if service.protocol is Protocol.REDIS and service == self._only(Protocol.REDIS):
                return self.redis.endpoint
            self._endpoints[name] = (
                self._started_for_this_worker(service) if service.command else self._started(service)
            )
        return self._endpoints[name]

    def variables(self) -> dict[str, str]:
        """Return the environment variables that lead code under test to this worker's databases."""
        return variables(self._endpoints.values())

    def clean(self, mode: Mode, *, test: str) -> Outcome:
        """Take out what ``test`` left in the databases. Raises StrayConnectionError, after cleaning."""
        if self._redis is not None:
            self._redis.clean()
        return Outcome() if self._database is None else self._database.clean(mode, test=test)

    def close(self) -> None:
        """Drop this worker's databases and end what belongs to it alone."""
        closing: list[Callable[[], None]] = [stack.stop for stack in self._stacks]
        closing += [part.close for part in (self._redis, self._database) if part is not None]
        self._stacks, self._endpoints, self._redis, self._database = [], {}, None, None
        for close in reversed(closing):
            close()

    def _only(self, protocol: Protocol) -> Service:
        for service in self.table.services:
            if service.protocol is protocol:
                return service
        raise ConfigurationError(
            f"the test asks for {protocol}, and there is no such service in {self.table.origin}",
            advice=f"Add one with protocol = '{protocol}' under [tool.ci-toolkit.services].",
        )

    def _started_for_this_worker(self, service: Service) -> Endpoint:
        self.start_data_stores()
        own = msgspec.structs.replace(service, variables=self.variables() | service.variables)
        rows = tuple(own if row.name == own.name else row for row in self.table.services)
        request = StackRequest(
            services=(own.name,),
            environment=self.place.handover.environment,
            # One port is not enough for the services of several workers.
            dynamic_ports=self.place.handover.dynamic_ports or not self.place.is_alone,
        )
        return self._acquire(request, msgspec.structs.replace(self.table, services=rows), os.getpid()).endpoints[0]

    def _started(self, service: Service) -> Endpoint:
        self._start(service.name)
        return self._servers[service.name]

    def _start(self, *names: str) -> None:
        missing = tuple(name for name in names if name not in self._servers)
        if missing:
            told = self.place.handover
            request = StackRequest(
                services=missing,
                environment=told.environment,
                provider=told.provider,
                dynamic_ports=told.dynamic_ports,
            )
            stack = self._acquire(request, self.table, self.place.owner)
            self._servers |= {endpoint.name: endpoint for endpoint in stack.endpoints}

    def _acquire(self, request: StackRequest, table: Table, owner: int) -> Stack:
        stack = acquire(request, table, Path(self.place.root), owner_pid=owner, tell=self._tell)
        self._stacks.append(stack)
        return stack
