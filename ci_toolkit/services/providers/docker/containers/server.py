"""A service of the table in a container, from its image to its first answer."""

import os
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from ci_toolkit.services.catalog import images
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider, endpoint_of
from ci_toolkit.services.catalog.placeholders import filled_all, with_public
from ci_toolkit.services.catalog.surroundings import corrected
from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.databases.migrations import migrate, migrations_digest
from ci_toolkit.services.errors import EngineError, ServiceDiedError
from ci_toolkit.services.processes.logs import tail_of
from ci_toolkit.services.providers.docker.containers import (
    empty_cluster,
    leased_container,
    network,
    snapshots,
    start_order,
)
from ci_toolkit.services.providers.docker.containers.engine import Engine, connect
from ci_toolkit.services.providers.docker.containers.image import Image, find
from ci_toolkit.services.providers.docker.containers.leased_container import ContainerSpec, LeasedContainer
from ci_toolkit.services.providers.docker.containers.port_publisher import who_listens
from ci_toolkit.services.providers.provider import CONTAINER_MARK, ServiceRequest
from ci_toolkit.services.readiness.signs import Question, own_sign
from ci_toolkit.services.readiness.waiting import wait_until_ready
from ci_toolkit.services.storage.snapshots import digest

_INITDB: Final = {"POSTGRES_INITDB_ARGS": "--no-sync --wal-segsize=1"}
"""Segments of 1 MiB: a snapshot is copied for every session, and most of an empty one would be unused log."""
_KEEP_SECONDS: Final = 60.0
_ENDS_IN_ORDER: Final = {Protocol.POSTGRESQL: "INT", Protocol.REDIS: "TERM", Protocol.CLICKHOUSE: "TERM"}
"""PostgreSQL would wait for its clients to leave after SIGTERM."""
_OPTIONS: Final = ("-c", "max_wal_size=1GB")
"""Which would follow from the size of a segment."""


class ContainerServer:
    """A server in a container."""

    def __init__(self, engine: Engine, container: LeasedContainer, request: ServiceRequest) -> None:
        self._engine = engine
        self._container = container
        self._session = request.session
        self._log = _log(request)
        self._secrets = request.secrets
        self._mark = request.folder / CONTAINER_MARK
        self._endpoint: Endpoint | None = None
        self._is_held = False
        """Its server was ended and its container kept."""

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers."""
        assert self._endpoint is not None, "it was not yet ready"
        return self._endpoint

    def wait_until_ready(self, request: ServiceRequest, *, detail: str, question: Question | None) -> None:
        """Wait for its first answer, or for what ``question`` asks. Raises an InfrastructureError."""
        endpoint = endpoint_of(request.service, port=request.port, provider=Provider.DOCKER, detail=detail)
        self._endpoint = wait_until_ready(
            endpoint,
            request.service,
            requested_at=request.requested_at,
            who_listens=who_listens,
            is_alive=self.is_alive,
            tail=self.tail,
            question=question,
        )

    def is_alive(self) -> bool:
        """Whether its container runs, and the engine with it."""
        return self._container.is_alive()

    def tail(self) -> str:
        """Return the end of its log, and whether the engine is gone as well."""
        lines = [tail_of(self._log, secrets=self._secrets)]
        if not self.is_alive():
            try:
                connect(seconds=1).close()
            except EngineError as error:
                lines.append(f"({error.message})")
        return "\n".join(filter(None, lines))

    def stop(self) -> None:
        """End it and remove its container; safe to call twice."""
        try:
            self._container.remove()
            network.leave(self._engine, self._session)
        except EngineError as error:  # the end of this process ends the lease, and the guard looks after it
            with self._log.open("a", encoding="utf-8") as log:
                log.write(f"({error.message})\n")
        else:
            self._mark.unlink(missing_ok=True)

    def pause(self) -> None:
        """End it in order. A data store's container stays with what is in it; any other goes."""
        self._end(_ENDS_IN_ORDER.get(self.endpoint.protocol, ""))

    def kill(self) -> None:
        """End it by SIGKILL, as ``pause`` ends it; an engine ends a container that it is to remove by nothing else."""
        self._end("KILL" if self.endpoint.protocol.is_data_store else "")

    def _end(self, signal: str) -> None:
        if not signal:
            self.stop()
        elif not self._is_held:
            self._is_held = True
            self._container.end_server(signal)

    def resume(self, request: ServiceRequest) -> bool:
        """Run a data store again in the container that ``pause`` and ``kill`` have left; False for other services.

        Raises an InfrastructureError: a ServiceDiedError where the container is gone.
        """
        if not self.endpoint.protocol.is_data_store:
            return False
        if not self._container.is_alive():
            raise ServiceDiedError(
                f"the container of {request.service.name} is gone, and what it held with it; the end of its log:\n"
                f"{self.tail()}",
                advice="Let the test end the service by `real_services.stop` or `kill`, which keep its container.",
            )
        self._container.start_server()
        self._is_held = False
        self.wait_until_ready(request, detail=self.endpoint.detail, question=None)
        return True


def start(request: ServiceRequest) -> ContainerServer:
    """Start the service of ``request`` and wait for its first answer. Raises an InfrastructureError."""
    if request.service.protocol is Protocol.POSTGRESQL:
        return _start_postgresql(request)
    with start_order.announced(request.service.protocol):
        engine, image = _prepare(request)
        spec, detail = _spec(request, image), image.name
        if not request.service.protocol.is_data_store:
            spec, lost = _among_neighbours(engine, request, spec)
            detail += _told(request, lost)
        question = _own_sign(request)
        slower = partial(start_order.wait_for_slower, request.service.protocol)
        container = leased_container.start(engine, spec, _log(request), before_start=slower)
    return _ready(engine, request, container, detail=detail, question=question)


def _prepare(request: ServiceRequest) -> tuple[Engine, Image]:
    """Return the engine and the image, and leave the mark that there may be a container."""
    engine = connect(seconds=request.service.ready_seconds)
    image = find(engine, request.service.image_for(request.environment), service=request.service.name)
    (request.folder / CONTAINER_MARK).touch()  # before anything is made: the guard of a killed keeper looks for it
    return engine, image


def _among_neighbours(
    engine: Engine, request: ServiceRequest, spec: ContainerSpec
) -> tuple[ContainerSpec, tuple[str, ...]]:
    """Return ``spec`` in the session's network, with the variables that say where others are, and whom it misses."""
    name, found = network.join(engine, request.session, request.variables)
    inside = network.seen_from_inside(request.variables, found) | {"PORT": str(spec.container_port)}
    own = filled_all(spec.environment, with_public(inside, request.variables))
    among = msgspec.structs.replace(spec, network=name, environment=inside | own)
    return among, network.out_of_reach(request.variables, found, soon=request.service.knows)


def _told(request: ServiceRequest, lost: tuple[str, ...]) -> str:
    """Return the end of the line about a service that does not reach ``lost``, and begin its log with the advice."""
    if not lost:
        return ""
    with _log(request).open("a", encoding="utf-8") as log:
        log.write(network.ADVICE.format(names=", ".join(lost)))
    return f", which does not reach {', '.join(lost)}"


def _start_postgresql(request: ServiceRequest) -> ContainerServer:
    """Start PostgreSQL on a snapshot of the migrated database, which is made where there is none."""
    with ExitStack() as ahead:
        ahead.enter_context(start_order.announced(Protocol.POSTGRESQL))
        engine, image = _prepare(request)
        key = _key(request, image)
        is_warm = not request.is_fresh and snapshots.is_there(engine, key)
        if is_warm:
            ahead.close()  # then it is a quick one itself
        spec = _spec(request, image)
        spec = msgspec.structs.replace(
            spec,
            image=snapshots.name_of(key) if is_warm else image.name,
            environment=_INITDB | spec.environment,
            command=image.command_with((*images.throw_away_options(request.service), *_OPTIONS)),
            first=snapshots.RESTORE if is_warm else _make_empty(image),
        )
        container = leased_container.start(engine, spec, _log(request))
    server = _ready(engine, request, container, detail=f"{image.name}, {'warm' if is_warm else 'new'} snapshot")
    if is_warm:
        return server
    try:
        _take_migrated(request, server, container)
    except BaseException:
        server.stop()
        raise
    # Making the image takes as long as starting the container did, and nobody waits for it.
    threading.Thread(target=_keep, args=(container, key, request), daemon=True).start()
    return server


def _make_empty(image: Image) -> str:
    """Return the shell lines that make the database, none where the image alone knows how."""
    return f"{empty_cluster.MAKE}\n{snapshots.PACK}" if empty_cluster.is_made_here(image) else ""


def _take_migrated(request: ServiceRequest, server: ContainerServer, container: LeasedContainer) -> None:
    """Migrate the database and take a snapshot of it, unless there is one that is as good."""
    migrations = request.service.migrations
    if not (migrations.command or migrations.files) and snapshots.PACKED in _log(request).read_text(
        encoding="utf-8", errors="replace"
    ):
        return
    migrate(request.service, server.endpoint, Path(request.root))
    from ci_toolkit.services.databases.connection import Connection

    with Connection(server.endpoint.host, request.port, request.service.credentials) as connection:
        connection.query("CHECKPOINT")
    snapshots.take(container)


def _keep(container: LeasedContainer, key: str, request: ServiceRequest) -> None:
    try:
        with connect(seconds=_KEEP_SECONDS) as own:  # other threads use the other connection
            snapshots.keep(own, container, key)
    except EngineError as error:  # the session has its data; the next one makes the snapshot
        if container.is_alive():
            with _log(request).open("a", encoding="utf-8") as log:
                log.write(f"(no snapshot: {error.message})\n")


def _own_sign(request: ServiceRequest) -> Question | None:
    """Return the sign by which the service is known to be ready; a command of it runs on this machine."""
    environment = {**os.environ, **request.variables, "PORT": str(request.port)}
    known = with_public(environment, request.variables)
    return own_sign(request.service, _log(request), root=request.root, known=known, environment=corrected(environment))


def _ready(
    engine: Engine,
    request: ServiceRequest,
    container: LeasedContainer,
    *,
    detail: str,
    question: Question | None = None,
) -> ContainerServer:
    """Return the server in ``container`` once it has answered; end it if it does not."""
    server = ContainerServer(engine, container, request)
    try:
        server.wait_until_ready(request, detail=detail, question=question)
    except BaseException:
        server.stop()
        raise
    return server


def _spec(request: ServiceRequest, image: Image) -> ContainerSpec:
    service = request.service
    is_store = service.protocol.is_data_store
    settings = images.login_settings(service) if image.is_known_server else ""
    options = images.throw_away_options(service)
    if settings:  # behind a file of settings that the image names, else first, which older servers need
        has_file = len(image.arguments) > 1
        options = (*options, images.FROM_INPUT) if has_file else (images.FROM_INPUT, *options)
    return ContainerSpec(
        image=image.name,
        service=service.name,
        session=request.session,
        port=request.port,
        container_port=service.container_port or request.port,
        environment=images.variables(service),
        command=image.command_with(options),
        input=settings,
        in_memory=image.volumes or (images.data_folder(service, image.name),) if is_store else (),
    )


def _key(request: ServiceRequest, image: Image) -> str:
    """Return the digest of all that decides what is in a snapshot."""
    environment = _INITDB | images.variables(request.service)
    facts = (f"{name}={environment[name]}" for name in sorted(environment))
    migrations = migrations_digest(request.service.migrations, Path(request.root))
    return digest(snapshots.FILE, image.identity, *facts, migrations)


def _log(request: ServiceRequest) -> Path:
    path = request.folder / "log"
    path.touch(mode=0o600)  # what a server says of itself is its user's alone
    return path
