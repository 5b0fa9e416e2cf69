"""The face of the real services: starts them or attaches to them."""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider, planned, variables
from ci_toolkit.services.catalog.order import needed
from ci_toolkit.services.catalog.table import Service, ServiceEnvironment, Table
from ci_toolkit.services.databases.migrations import migrations_digest
from ci_toolkit.services.errors import KeeperError
from ci_toolkit.services.processes.identity import ProcessIdentity, identity_of
from ci_toolkit.services.started import Stack, death_error
from ci_toolkit.services.storage.folders import cache, data_home, own_folder, registry
from ci_toolkit.services.supervision.keeper_client import end_session, start_keeper
from ci_toolkit.services.supervision.session import (
    SessionInfo,
    SessionRequest,
    deaths,
    new_session,
    ready_sessions,
)
from ci_toolkit.services.supervision.sweep import has_dead_sessions, sweep

_GATES: Final = 64
"""Locks that keep one run from starting one thing twice; runs that share one merely wait for each other."""


class StackRequest(Record, frozen=True, kw_only=True):
    """What a run wants."""

    services: tuple[str, ...]
    """Their names; what they depend on comes with them."""
    given: tuple[Endpoint, ...] = ()
    """What they depend on and runs already, as they are to see it: a worker's own databases, say."""
    worker: str = ""
    """The worker of the run that they are for, on whose databases they stand; nobody else has them then."""
    environment: ServiceEnvironment = ServiceEnvironment.TEST
    provider: Provider | None = None
    """The only provider that may be used."""
    uses_what_runs: bool = False
    """What runs already is used, whoever runs it; ``provider`` is for what has to be started."""
    dynamic_ports: bool = False
    """Free ports instead of the table's."""
    force_recreate: bool = False
    """What runs without an owner is ended first, and snapshots are made anew; what ran in Docker runs there again."""
    seconds: float | None = None
    """How long all of it may take; by itself each service may take what its row of the table says."""
    logs: str = ""
    """Where the logs go if it does not become ready, as ``NAME``, ``mark``, ``.log``; nowhere without it."""
    mark: str = ""


def acquire(
    request: StackRequest, table: Table, root: Path, *, owner_pid: int | None, report: Callable[[str], None]
) -> Stack:
    """Start the services, or attach to those that run already for the same owner or, without one, for this project.

    ``report`` gets a line about each service: its provider, the server's version and how long it took. With an owner
    they end when that process ends, whatever kills it; without one they live until `services down`.
    Raises an InfrastructureError; then what this call started is gone again.
    """
    requested_at = time.monotonic()
    given = {endpoint.name for endpoint in request.given}
    names = {service.name for service in needed(table, request.services, besides=given)}
    wanted = tuple(service for service in table.services if service.name in names)
    owner = _owner(owner_pid)
    root = root.resolve()
    if has_dead_sessions():
        sweep()
    with _gate(owner, root, request.environment):
        if request.force_recreate:
            has_ended = _end_ownerless(root, request.environment)
            request = replace(request, provider=request.provider or _provider_again(has_ended, wanted))
        found = _running_already(request, wanted, owner, root)
        for endpoint, _ in found.values():
            report(f"{endpoint.describe()}, already running")
        missing = tuple(service for service in wanted if service.name not in found)
        started: tuple[SessionInfo, ...] = ()
        if missing:
            there = replace(request, given=(*request.given, *(endpoint for endpoint, _ in found.values())))
            session_request = _session_request(there, missing, table, owner, root, requested_at)
            started = (start_keeper(session_request, report, seconds=request.seconds),)
    for info in started:
        found |= {endpoint.name: (endpoint, info) for endpoint in info.endpoints}
    return Stack(tuple(found[service.name][0] for service in wanted), _sessions_of(found), started=started)


def owned(pid: int) -> Stack:
    """Return what ends with the process ``pid``, whoever asked for it: the fixtures of the tests below a run, say."""
    owner = identity_of(pid)
    mine = tuple(info for info in ready_sessions(registry()) if owner is not None and info.owner == owner)
    return Stack(tuple(endpoint for info in mine for endpoint in info.endpoints), mine, started=mine)


def ownerless(root: Path) -> tuple[SessionInfo, ...]:
    """Return the sessions of the project at ``root`` that live until `services down`."""
    return tuple(info for info in ready_sessions(registry()) if info.owner is None and info.root == str(root.resolve()))


def environment_of_what_is_up(root: Path) -> ServiceEnvironment:
    """Return the environment of what `services up` started in this project, else ``test``."""
    return next((info.environment for info in ownerless(root)), ServiceEnvironment.TEST)


_Found = dict[str, tuple[Endpoint, SessionInfo]]


def _running_already(
    request: StackRequest, wanted: tuple[Service, ...], owner: ProcessIdentity | None, root: Path
) -> _Found:
    """Return which of the wanted services run already, as the table wants them, for this owner or this project.

    Raises ServiceDiedError if one ended by itself that this owner had.
    """
    found: _Found = {}
    for info in ready_sessions(registry()):
        if info.root != str(root) or not _may_use(info, request, owner):
            continue
        dead = {death.service: death for death in deaths(registry(), info.session)}
        for endpoint in info.endpoints:
            if endpoint.name in dead:
                if info.owner is not None and any(row.name == endpoint.name for row in wanted):
                    raise death_error(dead[endpoint.name])  # of this very run, which another server would hide
                continue
            is_as_wanted = any(_is_as_wanted(row, info, root) for row in wanted if row.name == endpoint.name)
            if is_as_wanted and (request.uses_what_runs or request.provider in {None, endpoint.provider}):
                found.setdefault(endpoint.name, (endpoint, info))
    return found


def _may_use(info: SessionInfo, request: StackRequest, owner: ProcessIdentity | None) -> bool:
    """Whether the session is this owner's, or `services up` started it for whoever comes, with whichever images."""
    if info.worker != request.worker:
        return False
    if info.owner == owner:
        return info.environment is request.environment
    return info.owner is None and _are_alike(info.environment, request.environment) and not request.dynamic_ports


def _are_alike(one: ServiceEnvironment, other: ServiceEnvironment) -> bool:
    """Whether both are for tests, with whichever images, or both for development."""
    return (one is ServiceEnvironment.DEV) == (other is ServiceEnvironment.DEV)


def _is_as_wanted(row: Service, info: SessionInfo, root: Path) -> bool:
    """Whether the session runs the service as the table and the migrations are now."""
    return row in info.services and info.migrations.get(row.name) == migrations_digest(row.migrations, root)


def _session_request(
    request: StackRequest,
    services: tuple[Service, ...],
    table: Table,
    owner: ProcessIdentity | None,
    root: Path,
    requested_at: float,
) -> SessionRequest:
    return SessionRequest(
        session=new_session(registry()),
        root=str(root),
        environment=request.environment,
        services=services,
        given=request.given,
        hidden=_hidden(request, table),
        worker=request.worker,
        migrations={service.name: migrations_digest(service.migrations, root) for service in services},
        provider=request.provider,
        uses_what_runs=request.uses_what_runs,
        dynamic_ports=request.dynamic_ports,
        is_fresh=request.force_recreate,
        owner=owner,
        registry=str(registry()),
        data=str(data_home()),
        cache=str(cache()),
        requested_at=requested_at,
        logs=request.logs,
        mark=request.mark,
    )


def _hidden(request: StackRequest, table: Table) -> tuple[str, ...]:
    """Return the variables of this process that are addresses for its tests, or for all workers of the run."""
    if not request.worker:
        return ()
    stores = [planned(row, request.environment) for row in table.services if row.protocol.is_data_store]
    return tuple(variables((*stores, *request.given)))


def _sessions_of(found: _Found) -> tuple[SessionInfo, ...]:
    return tuple({info.session: info for _, info in found.values()}.values())


def _end_ownerless(root: Path, environment: ServiceEnvironment) -> tuple[Endpoint, ...]:
    """End what runs without an owner; return what that was."""
    ended: list[Endpoint] = []
    for info in ownerless(root):
        if _are_alike(info.environment, environment):
            end_session(info)
            ended += info.endpoints
    return tuple(ended)


def _provider_again(ended: tuple[Endpoint, ...], wanted: tuple[Service, ...]) -> Provider | None:
    """Return Docker where somebody had it run what is wanted again: without a word, it stays with that."""
    ran = {one.name for one in ended if one.provider is Provider.DOCKER}
    can = all(service.image for service in wanted)
    return Provider.DOCKER if can and any(service.name in ran for service in wanted) else None


def _owner(pid: int | None) -> ProcessIdentity | None:
    if pid is None:
        return None
    owner = identity_of(pid)
    if owner is None:
        raise KeeperError(
            f"the process {pid}, which was to own the services, has ended",
            advice="Run the tests again. If it ends again, look for a test or a program that ends processes.",
        )
    return owner


@contextmanager
def _gate(owner: ProcessIdentity | None, root: Path, environment: ServiceEnvironment) -> Iterator[None]:
    """Let the processes of one run through one by one: the first starts, the others find what it started."""
    name = f"{owner.pid if owner else 0} {root} {environment}"
    number = int(hashlib.sha256(name.encode()).hexdigest(), 16) % _GATES
    path = own_folder(registry() / "gates") / str(number)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
