"""The real services of one worker of a test run, with databases of its own; each starts when a test first needs it."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ci_toolkit.errors import ToolkitError
from ci_toolkit.isolation.cleanings import Cleaning, Cleanings
from ci_toolkit.isolation.filling import FillingJobs
from ci_toolkit.isolation.identity import WorkerIdentity
from ci_toolkit.isolation.interruptions import Interruptions, not_alone, stack_with
from ci_toolkit.isolation.mode import CleanUpReport, IsolationMode
from ci_toolkit.isolation.own_redis import OwnRedis
from ci_toolkit.isolation.own_services import OwnServices
from ci_toolkit.isolation.plugin_servers import plugin_resets
from ci_toolkit.isolation.worker_clickhouse import WorkerClickHouse
from ci_toolkit.isolation.worker_redis import WorkerRedis
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider, variables
from ci_toolkit.services.catalog.order import is_undone_with_a_test, needed, usual_stores
from ci_toolkit.services.catalog.table import Protocol, Service, Table
from ci_toolkit.services.databases.sql import SqlError
from ci_toolkit.services.errors import MissingClientError, ServiceDiedError
from ci_toolkit.services.stack import StackRequest, acquire, environment_of_what_is_up
from ci_toolkit.services.started import Stack

if TYPE_CHECKING:
    from ci_toolkit.isolation.worker_database import WorkerDatabase


class WorkerServices:
    """The services of one worker. Nothing is started before it is asked for. Closing it drops its databases."""

    def __init__(self, table: Table, identity: WorkerIdentity, *, report: Callable[[str], None]) -> None:
        self.table = table
        self.identity = identity
        self._report = report
        self._environment = identity.handover.environment or environment_of_what_is_up(Path(identity.root))
        self._filling = FillingJobs(table)
        self._interruptions = Interruptions(self._has_begun_again)
        self._undone: set[str] = set()
        """Jobs whose work the last clean-up took out."""
        self._own_services = OwnServices(identity, self._environment, self._acquire)
        self._stacks: list[Stack] = []
        self._own_stacks: list[Stack] = []
        """Those of ``_stacks`` that no other worker has."""
        self._servers: dict[str, Endpoint] = {}
        """What runs, as all workers of the run share it."""
        self._endpoints: dict[str, Endpoint] = {}
        """What this worker's tests see of it."""
        self._database: WorkerDatabase | None = None
        self._redis: WorkerRedis | OwnRedis | None = None
        self._clickhouse: WorkerClickHouse | None = None
        self._cleanings = Cleanings()

    @property
    def database(self) -> "WorkerDatabase":
        """This worker's PostgreSQL database. Raises an InfrastructureError if there can be none."""
        if self._database is None:
            service = self.table.only(Protocol.POSTGRESQL)
            server = self._started(service)
            self._database = _worker_database_class()(server, run=self.identity.run, worker=self.identity.worker)
            self._endpoints[service.name] = self._database.endpoint
        self._filling.run_those_of(Protocol.POSTGRESQL, self._fill_with)
        return self._database

    @property
    def redis(self) -> "WorkerRedis | OwnRedis":
        """This worker's Redis, or its logical database of one. Raises an InfrastructureError if there can be none."""
        if self._redis is None:
            service = self.table.only(Protocol.REDIS)
            own, who = self._own_redis(service), self.identity
            self._redis = OwnRedis(own) if own else WorkerRedis(self._started(service), run=who.run, worker=who.worker)
            self._endpoints[service.name] = self._redis.endpoint
        self._filling.run_those_of(Protocol.REDIS, self._fill_with)
        return self._redis

    @property
    def clickhouse(self) -> WorkerClickHouse:
        """This worker's ClickHouse database. Raises an InfrastructureError if there can be none."""
        if self._clickhouse is None:
            service = self.table.only(Protocol.CLICKHOUSE)
            server = self._started(service)
            self._clickhouse = WorkerClickHouse(
                server,
                run=self.identity.run,
                worker=self.identity.worker,
                is_own_server=self.identity.is_alone and self._is_of_this_run(server),
            )
            self._endpoints[service.name] = self._clickhouse.endpoint
        self._filling.run_those_of(Protocol.CLICKHOUSE, self._fill_with)
        return self._clickhouse

    def _own_redis(self, service: Service) -> Endpoint | None:
        """Return a server that no other worker uses, where one may be started: for as little as a logical database."""
        server = self._started(service)
        if not self._is_of_this_run(server):
            return None
        if self.identity.is_alone:
            return server
        if server.provider is not Provider.NATIVE:
            return None
        request = StackRequest(
            services=(service.name,), environment=self._environment, provider=Provider.NATIVE, dynamic_ports=True
        )
        stack = self._acquire(request, os.getpid())
        self._own_stacks.append(stack)
        return stack.endpoints[0]

    def _is_of_this_run(self, server: Endpoint) -> bool:
        """Whether this run started the server, and nobody else has a part in it."""
        is_lent = any(server in stack.endpoints and stack.is_lent(server) for stack in self._stacks)
        return server.provider is not Provider.EXTERNAL and not is_lent

    def _fill_with(self, job: str, stores: Iterable[Protocol]) -> None:
        """Run ``job``, and have what it wrote to ``stores`` be what every test finds there."""
        self.endpoint(job)
        for store in stores:
            self._own(store).keep(f"the job {job}")

    def start_data_stores(self) -> None:
        """Have PostgreSQL and Redis ready, where the table has them."""
        wanted = usual_stores(self.table)
        self._start(*(row.name for row in wanted))  # at once, which is faster than in turn
        for row in wanted:
            self._own(row.protocol)

    def endpoint(self, name: str) -> Endpoint:
        """Return where the service ``name`` answers this worker, started if need be.

        A team's own service with a command runs once for each worker, on the worker's databases, and so does what it
        depends on.
        """
        if name not in self._endpoints:
            service = self.table.service(name)
            if service.protocol.is_data_store and service == self.table.only(service.protocol):
                return self._own(service.protocol).endpoint
            if service.is_own:
                self._start_for_this_worker(service)
            else:
                self._endpoints[name] = self._started(service)
        self._redo_jobs_for(name)
        return self._endpoints[name]

    def _redo_jobs_for(self, name: str) -> None:
        """Run again what ``name`` needs and a clean-up has undone: jobs that need more than data stores."""
        for row in needed(self.table, [name]) if self._undone else ():
            if row.name in self._undone:
                self._undone.discard(row.name)
                self.restart(row.name)

    def restart(self, name: str) -> None:
        """End a service and start it again, on its port and what it has on disk; start it alone if it is down.

        Raises IsolationError where other workers of the run have it too.
        """
        self._interruptions.start_again(name, self._stack_of_its_own(name))

    def stop(self, name: str, *, by_force: bool = False) -> None:
        """End a service until it is started again, at the latest before the next test; raises as ``restart``."""
        self._interruptions.end(name, self._stack_of_its_own(name), by_force=by_force)

    def _stack_of_its_own(self, name: str) -> Stack:
        is_only = self.identity.is_only
        mine = (stack for stack in self._stacks if is_only or stack in self._own_stacks)
        found = stack_with(self.endpoint(name), tuple(mine))
        if not any(found is stack for stack in self._own_stacks) and not self._is_of_this_run(self._servers[name]):
            raise not_alone(name)
        return found

    def _has_begun_again(self, name: str, in_order: bool) -> None:  # noqa: FBT001 (of the one who calls it)
        protocol = self.table.service(name).protocol
        if protocol is Protocol.REDIS and isinstance(self._redis, OwnRedis):
            self._redis.reopen()
        elif protocol is Protocol.POSTGRESQL and self._database is not None and in_order:
            self._database.note_restart()

    def _own(self, protocol: Protocol) -> "WorkerDatabase | WorkerRedis | OwnRedis | WorkerClickHouse":
        if protocol is Protocol.POSTGRESQL:
            return self.database
        return self.redis if protocol is Protocol.REDIS else self.clickhouse

    def variables(self) -> dict[str, str]:
        """Return the environment variables that lead code under test to this worker's databases."""
        return variables(self._endpoints.values())

    def clean(self, mode: IsolationMode, *, test: str) -> CleanUpReport:
        """Take out what ``test`` left in each of the databases, whatever happens in the others.

        Raises what they raised, after all were tried; a StrayConnectionError comes after cleaning.
        """
        cleanings: list[Cleaning] = [self._interruptions.mend, *plugin_resets(self._endpoints.values(), self.restart)]
        cleanings += [part.clean for part in (self._redis, self._clickhouse) if part is not None]
        if self._database is not None:
            cleanings.append(partial(self._database.clean, mode, test=test))
        self._undone |= {name for name in self._endpoints if is_undone_with_a_test(self.table, name)}
        return self._cleanings.do(cleanings)

    def clean_what_is_owed(self) -> None:
        """Clean what could not be cleaned after the last test; raises as ``clean`` does, and the next test is told."""
        self._cleanings.do_what_is_owed()

    def keep(self, fixture: str) -> None:
        """Have what ``fixture``, of a wider scope than a test, wrote stay until ``let_go(fixture)``."""
        for part in (self._redis, self._database):
            if part is not None:
                part.keep(fixture)

    def let_go(self, fixture: str) -> bool:
        """Have the next clean-up take out what ``fixture`` wrote; return whether it had written anything."""
        return True in [part.let_go(fixture) for part in (self._redis, self._database) if part is not None]

    def clean_again(self) -> str:
        """Clean what was written after the last clean-up; return to which store, and perhaps by whom, or ``""``."""
        stores = {"Redis": self._redis, "PostgreSQL": self._database}
        found = {name: store.clean_again() for name, store in stores.items() if store is not None}
        return "; ".join(f"{name}, perhaps by {who}" for name, who in found.items() if who)

    def lock_holders(self) -> tuple[str, ...]:
        """Return which connections to this worker's PostgreSQL database hold locks now, and which."""
        return () if self._database is None else self._database.holders()

    def close(self) -> None:
        """Drop this worker's databases and end what belongs to it alone."""
        closing: list[Callable[[], object]] = [stack.stop for stack in self._stacks]
        if self.identity.logs:
            save = partial(Stack.save_logs, folder=Path(self.identity.logs), mark=self.identity.mark)
            closing += [partial(save, stack) for stack in self._own_stacks]
        closing += [part.close for part in (self._redis, self._clickhouse, self._database) if part is not None]
        self._stacks, self._own_stacks, self._endpoints, self._servers = [], [], {}, {}
        self._redis = self._clickhouse = self._database = None
        self._cleanings = Cleanings()
        for close in reversed(closing):
            try:
                close()
            except (ToolkitError, OSError, SqlError) as error:  # the others are to be closed all the same
                self._report(f"a service had ended before the tests: {error}")

    def deaths(self) -> Iterator[str]:
        """Yield which servers have ended by themselves, with the ends of their logs."""
        for stack in self._stacks:
            try:
                stack.check()
            except ServiceDiedError as death:
                yield str(death)

    def _start_for_this_worker(self, service: Service) -> None:
        """Start a team's own service with what it depends on, in one session."""
        rows = [row for row in needed(self.table, [service.name]) if row.name not in self._endpoints]
        own = [row for row in rows if row.is_own]
        self._prepare_for(own, [row for row in rows if not row.is_own])
        stack = self._own_services.start(own, tuple(self._endpoints.values()))
        self._own_stacks.append(stack)
        self._endpoints |= {endpoint.name: endpoint for endpoint in stack.endpoints}

    def _prepare_for(self, own: Sequence[Service], others: Sequence[Service]) -> None:
        """Have ready what ``own`` depend on and is not their like: this worker's databases, what all workers share."""
        self._start(*(row.name for row in others))  # at once, which is faster than in turn
        if any(row.depends_on is None for row in own):
            self.start_data_stores()
        for row in others:
            self.endpoint(row.name)

    def _started(self, service: Service) -> Endpoint:
        self._start(service.name)
        return self._servers[service.name]

    def _start(self, *names: str) -> None:
        missing = tuple(name for name in names if name not in self._servers)
        if missing:
            handover = self.identity.handover
            request = StackRequest(
                services=missing,
                environment=self._environment,
                provider=handover.provider,
                dynamic_ports=handover.dynamic_ports,
            )
            stack = self._acquire(request, self.identity.owner)
            self._servers |= {endpoint.name: endpoint for endpoint in stack.endpoints}

    def _acquire(self, request: StackRequest, owner: int) -> Stack:
        who, root = self.identity, Path(self.identity.root)
        wanted = replace(request, logs=who.logs, mark=who.mark)
        self._stacks.append(acquire(wanted, self.table, root, owner_pid=owner, report=self._report))
        return self._stacks[-1]


def _worker_database_class() -> "type[WorkerDatabase]":
    """Return the class, imported when a test first needs it: psycopg takes 190 ms. Raises MissingClientError."""
    try:
        from ci_toolkit.isolation.worker_database import WorkerDatabase
    except ModuleNotFoundError as error:
        raise MissingClientError(
            f"real services need the package {error.name}", advice="Install it: pip install 'ci-toolkit[services]'."
        ) from error
    return WorkerDatabase
