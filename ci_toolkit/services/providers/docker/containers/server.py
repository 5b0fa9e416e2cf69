"""A service of the table in a container, from its image to its first answer."""

import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec

from ci_toolkit.services.catalog import images
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.databases.migrations import migrate, migrations_digest
from ci_toolkit.services.databases.pgwire import Connection
from ci_toolkit.services.errors import EngineError
from ci_toolkit.services.processes.logs import tail_of
from ci_toolkit.services.providers.docker.containers import empty_cluster as empty
from ci_toolkit.services.providers.docker.containers import leased_container as leased
from ci_toolkit.services.providers.docker.containers import network, snapshots
from ci_toolkit.services.providers.docker.containers import start_order as turn
from ci_toolkit.services.providers.docker.containers.engine import Engine, connect
from ci_toolkit.services.providers.docker.containers.image import Image, find
from ci_toolkit.services.providers.docker.containers.leased_container import Draft, LeasedContainer
from ci_toolkit.services.providers.docker.containers.port_publisher import who_listens
from ci_toolkit.services.providers.provider import CONTAINER_MARK, Order
from ci_toolkit.services.readiness.waiting import wait_until_ready
from ci_toolkit.services.storage.snapshots import digest

_INITDB: Final = {"POSTGRES_INITDB_ARGS": "--no-sync --wal-segsize=1"}
"""Segments of 1 MiB: a snapshot is copied for every session, and most of an empty one would be unused log."""
_KEEP_SECONDS: Final = 60.0
_OPTIONS: Final = ("-c", "max_wal_size=1GB")
"""Which would follow from the size of a segment."""


class ContainerServer:
    """A server in a container."""

    def __init__(self, engine: Engine, container: LeasedContainer, order: Order) -> None:
        self._engine = engine
        self._container = container
        self._session = order.session
        self._log = _log(order)
        self._secrets = order.secrets
        self._mark = order.folder / CONTAINER_MARK
        self._endpoint: Endpoint | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers."""
        assert self._endpoint is not None, "it was not yet ready"
        return self._endpoint

    def wait_until_ready(self, order: Order, *, detail: str) -> None:
        """Wait for its first answer. Raises an InfrastructureError."""
        endpoint = Endpoint(
            name=order.service.name,
            protocol=order.service.protocol,
            port=order.port,
            credentials=order.service.credentials,
            provider=Provider.DOCKER,
            detail=detail,
        )
        self._endpoint = wait_until_ready(
            endpoint,
            order.service,
            wished_at=order.wished_at,
            who_listens=who_listens,
            is_alive=self.is_alive,
            tail=self.tail,
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


def start(order: Order) -> ContainerServer:
    """Start the service of ``order`` and wait for its first answer. Raises an InfrastructureError."""
    if order.service.protocol is Protocol.POSTGRESQL:
        return _start_postgresql(order)
    with turn.announced(order.service.protocol):
        engine, image = _prepare(order)
        draft = _draft(order, image)
        if not order.service.protocol.is_data_store:
            draft = _among_neighbours(engine, order, draft)
        container = leased.start(engine, draft, _log(order), go=lambda: turn.wait_for_slower(order.service.protocol))
    return _ready(engine, order, container, detail=image.name)


def _prepare(order: Order) -> tuple[Engine, Image]:
    """Return the engine and the image, and leave the mark that there may be a container."""
    engine = connect(seconds=order.service.ready_seconds)
    image = find(engine, order.service.image_for(order.environment), service=order.service.name)
    (order.folder / CONTAINER_MARK).touch()  # before anything is made: the guard of a killed keeper looks for it
    return engine, image


def _among_neighbours(engine: Engine, order: Order, draft: Draft) -> Draft:
    """Return ``draft`` in the session's network, told where the services are that it may need."""
    name, found = network.join(engine, order.session)
    told = network.seen_from_inside(order.variables, found) | {"PORT": str(draft.container_port)}
    return msgspec.structs.replace(draft, network=name, environment=told | draft.environment)


def _start_postgresql(order: Order) -> ContainerServer:
    """Start PostgreSQL on a snapshot of the migrated database, which is made where there is none."""
    with ExitStack() as ahead:
        ahead.enter_context(turn.announced(Protocol.POSTGRESQL))
        engine, image = _prepare(order)
        key = _key(order, image)
        is_warm = not order.is_fresh and snapshots.is_there(engine, key)
        if is_warm:
            ahead.close()  # then it is a quick one itself
        draft = _draft(order, image)
        draft = msgspec.structs.replace(
            draft,
            image=snapshots.name_of(key) if is_warm else image.name,
            environment=_INITDB | draft.environment,
            command=image.command_with((*images.throw_away_options(order.service), *_OPTIONS)),
            first=snapshots.RESTORE if is_warm else _make_empty(image),
        )
        container = leased.start(engine, draft, _log(order))
    server = _ready(engine, order, container, detail=f"{image.name}, {'warm' if is_warm else 'new'} snapshot")
    if is_warm:
        return server
    try:
        _take_migrated(order, server, container)
    except BaseException:
        server.stop()
        raise
    # Making the image takes as long as starting the container did, and nobody waits for it.
    threading.Thread(target=_keep, args=(container, key, order), daemon=True).start()
    return server


def _make_empty(image: Image) -> str:
    """Return the shell lines that make the database, none where the image alone knows how."""
    return f"{empty.MAKE}\n{snapshots.PACK}" if empty.is_made_here(image) else ""


def _take_migrated(order: Order, server: ContainerServer, container: LeasedContainer) -> None:
    """Migrate the database and take a snapshot of it, unless there is one that is as good."""
    migrations = order.service.migrations
    if not (migrations.command or migrations.files) and snapshots.PACKED in _log(order).read_text(
        encoding="utf-8", errors="replace"
    ):
        return
    migrate(order.service, server.endpoint, Path(order.root))
    with Connection(server.endpoint.host, order.port, order.service.credentials) as connection:
        connection.query("CHECKPOINT")
    snapshots.take(container)


def _keep(container: LeasedContainer, key: str, order: Order) -> None:
    try:
        with connect(seconds=_KEEP_SECONDS) as own:  # other threads talk over the other connection
            snapshots.keep(own, container, key)
    except EngineError as error:  # the session has its data; the next one makes the snapshot
        if container.is_alive():
            with _log(order).open("a", encoding="utf-8") as log:
                log.write(f"(no snapshot: {error.message})\n")


def _ready(engine: Engine, order: Order, container: LeasedContainer, *, detail: str) -> ContainerServer:
    """Return the server in ``container`` once it has answered; end it if it does not."""
    server = ContainerServer(engine, container, order)
    try:
        server.wait_until_ready(order, detail=detail)
    except BaseException:
        server.stop()
        raise
    return server


def _draft(order: Order, image: Image) -> Draft:
    service = order.service
    is_store = service.protocol.is_data_store
    settings = images.login_settings(service) if image.is_known_server else ""
    options = images.throw_away_options(service)
    if settings:  # behind a file of settings that the image names, else first, which older servers need
        has_file = len(image.arguments) > 1
        options = (*options, images.FROM_INPUT) if has_file else (images.FROM_INPUT, *options)
    return Draft(
        image=image.name,
        service=service.name,
        session=order.session,
        port=order.port,
        container_port=service.container_port or order.port,
        environment=images.variables(service),
        command=image.command_with(options),
        input=settings,
        in_memory=image.volumes or (images.DATA_FOLDER[service.protocol],) if is_store else (),
    )


def _key(order: Order, image: Image) -> str:
    """Return the digest of all that decides what is in a snapshot."""
    environment = _INITDB | images.variables(order.service)
    facts = (f"{name}={environment[name]}" for name in sorted(environment))
    migrations = migrations_digest(order.service.migrations, Path(order.root))
    return digest(snapshots.FILE, image.identity, *facts, migrations)


def _log(order: Order) -> Path:
    path = order.folder / "log"
    path.touch(mode=0o600)  # what a server says of itself is its user's alone
    return path
