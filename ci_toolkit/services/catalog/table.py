"""The one table of services: names, images, ports, credentials, readiness; everything else is made from it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from ci_toolkit.config.project import nearest
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.masking import sounds_secret
from ci_toolkit.model.record import Record


class ServiceEnvironment(StrEnum):
    """A set of ports and images."""

    TEST = "test"
    TEST_ALPINE = "test-alpine"
    """As ``test``, with the small images."""
    DEV = "dev"


class Protocol(StrEnum):
    """What a service speaks: how it is started, asked whether it is ready, and addressed."""

    POSTGRESQL = "postgresql"
    REDIS = "redis"
    CLICKHOUSE = "clickhouse"
    HTTP = "http"
    WEBSOCKET = "websocket"
    PLUGIN = "plugin"
    """What a plug-in of another package speaks, which the row names."""
    NONE = "none"
    """Nothing: a program without a port, such as one that works off a queue."""
    JOB = "job"
    """Nothing either: a program that runs to its end, once, such as one that fills a store."""

    @property
    def has_port(self) -> bool:
        """Whether such a service listens."""
        return self not in {Protocol.NONE, Protocol.JOB}

    @property
    def is_data_store(self) -> bool:
        """Whether ci-toolkit itself knows how to start such a server."""
        return self in {Protocol.POSTGRESQL, Protocol.REDIS, Protocol.CLICKHOUSE}


class Credentials(Record, frozen=True, kw_only=True):
    """Who logs in, and to which database. The password never shows in ``repr``."""

    user: str = ""
    password: str = ""
    database: str = ""

    def __repr__(self) -> str:
        return f"Credentials(user={self.user!r}, database={self.database!r}, password=...)"


class Migrations(Record, frozen=True, kw_only=True):
    """What makes an empty database the team's: part of the key of every snapshot and template."""

    command: tuple[str, ...] = ()
    """Run with the services' environment variables, in the project's root; with none, the files run as SQL."""
    files: tuple[str, ...] = ()
    """Glob patterns, relative to the project's root, of the files whose content decides the schema."""


class Service(Record, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    protocol: Protocol
    ports: dict[ServiceEnvironment, int]
    """The port on this machine, in each environment; empty for what has none."""
    plugin: str = ""
    """The word of the protocol that a plug-in speaks."""
    image: str = ""
    alpine_image: str = ""
    container_port: int = 0
    """The port inside the container; 0 means the same as outside."""
    credentials: Credentials = msgspec.field(default_factory=Credentials)
    command: tuple[str, ...] = ()
    """Starts the team's own service on this machine; ``{port}`` stands for its port."""
    depends_on: tuple[str, ...] | None = None
    """The services that are ready before it starts, and whose addresses it has; None for the data stores that run."""
    depends_on_own: bool = False
    """Whether it depends on what each worker has for itself, and so is each worker's own too."""
    knows: tuple[str, ...] = ()
    """Services whose addresses it has too, in whatever order they start: a page that may call it, say."""
    path: str = "/"
    """What an HTTP or WebSocket readiness probe asks for; any answer below 500 is ready."""
    ready_log: str = ""
    """A regular expression: it is ready, in place of what its protocol says, when a line of its log has this."""
    ready_command: tuple[str, ...] = ()
    """It is ready, in place of what its protocol says, when this ends with exit status 0."""
    variables: dict[str, str] = msgspec.field(default_factory=dict)
    """Further environment variables for its container or process; ``{auth_url}`` stands for an address."""
    migrations: Migrations = msgspec.field(default_factory=Migrations)
    ready_seconds: float = 30.0
    """How long it may take to be ready; a job, to end."""

    @property
    def is_own(self) -> bool:
        """Whether each worker of a run has its own: what is on its databases, and what a plug-in resets for it."""
        return bool(self.command or self.plugin or self.depends_on_own) and not self.protocol.is_data_store

    @property
    def is_asked(self) -> bool:
        """Whether an answer in its protocol says that it is ready, and not a sign of its own."""
        return self.protocol.has_port and not self.ready_log and not self.ready_command

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no line of its log may show."""
        named = (value for name, value in self.variables.items() if sounds_secret(name))
        return tuple(filter(None, (self.credentials.password, *named)))

    def __repr__(self) -> str:
        return f"Service({self.name!r}, {str(self.protocol)!r})"

    def port(self, environment: ServiceEnvironment) -> int:
        """Return its port in ``environment``, 0 where it has none."""
        return self.ports.get(environment, 0)

    def image_for(self, environment: ServiceEnvironment) -> str:
        """Return its image in ``environment``, or ``""``."""
        return (environment is ServiceEnvironment.TEST_ALPINE and self.alpine_image) or self.image


class Table(Record, frozen=True, kw_only=True):
    """All services of a project."""

    services: tuple[Service, ...]
    origin: str = "the built-in table"
    """Where a team changed it, for messages."""

    def service(self, name: str) -> Service:
        """Return the row called ``name``. Raises ConfigurationError with the known names if there is none."""
        for service in self.services:
            if service.name == name:
                return service
        known = nearest(name, [service.name for service in self.services], "services")
        raise ConfigurationError(
            f"there is no service '{name}' in {self.origin}",
            advice=f"{known} Add one under [tool.ci-toolkit.services.{name}] in pyproject.toml.",
        )

    def first(self, protocol: Protocol) -> Service | None:
        """Return the first service that speaks ``protocol``."""
        return next((row for row in self.services if row.protocol is protocol), None)

    def only(self, protocol: Protocol) -> Service:
        """Return the service that speaks ``protocol``, the first of several. Raises ConfigurationError without one."""
        found = self.first(protocol)
        if found is None:
            raise ConfigurationError(
                f"the test asks for {protocol}, and there is no such service in {self.origin}",
                advice=f"Add one with protocol = '{protocol}' under [tool.ci-toolkit.services].",
            )
        return found

    def startable(self) -> tuple[str, ...]:
        """Return the services that ci-toolkit starts for everybody: the data stores, and those with an image.

        A service with a command is not one of them: fixtures start it for each worker, on the worker's databases.
        """
        return tuple(row.name for row in self.services if (row.protocol.is_data_store or row.image) and not row.is_own)

    def with_ports(self, environment: ServiceEnvironment, ports: Mapping[str, int]) -> "Table":
        """Return this table with other ports in ``environment``, such as the dynamic ones of a session."""
        return msgspec.structs.replace(
            self,
            services=tuple(
                msgspec.structs.replace(row, ports=row.ports | {environment: ports[row.name]})
                if row.name in ports
                else row
                for row in self.services
            ),
        )

    @property
    def every_port(self) -> frozenset[int]:
        """The ports of every service in every environment."""
        return frozenset(port for service in self.services for port in service.ports.values())

    def ports(self, environment: ServiceEnvironment) -> dict[str, int]:
        """Return the port of every service that has one in ``environment``."""
        return {row.name: row.port(environment) for row in self.services if row.protocol.has_port}


def same_port(port: int, *, alpine: int | None = None, dev: int | None = None) -> dict[ServiceEnvironment, int]:
    """Return the ports of a service that has ``port`` wherever nothing else is said."""
    return {
        ServiceEnvironment.TEST: port,
        ServiceEnvironment.TEST_ALPINE: port if alpine is None else alpine,
        ServiceEnvironment.DEV: port if dev is None else dev,
    }


_TEST_LOGIN: Final = Credentials(user="test", password="test", database="test")  # noqa: S106 (of throw-away servers)

BUILT_IN: Final = Table(
    services=(
        Service(
            name="postgresql",
            protocol=Protocol.POSTGRESQL,
            ports=same_port(5434, dev=5432),
            image="postgres:15",
            alpine_image="postgres:15-alpine",
            container_port=5432,
            credentials=_TEST_LOGIN,
        ),
        Service(
            name="redis",
            protocol=Protocol.REDIS,
            ports=same_port(6381, alpine=6382, dev=6379),
            image="redis:7",
            alpine_image="redis:7-alpine",
            container_port=6379,
        ),
        Service(name="backend", protocol=Protocol.HTTP, ports=same_port(8000), path="/health"),
        Service(name="auth", protocol=Protocol.HTTP, ports=same_port(8081), path="/health"),
        Service(name="frontend", protocol=Protocol.HTTP, ports=same_port(3000)),
        Service(
            name="clickhouse",
            protocol=Protocol.CLICKHOUSE,
            ports=same_port(8123),
            image="clickhouse/clickhouse-server:23.8",
            alpine_image="clickhouse/clickhouse-server:23.8-alpine",
            container_port=8123,
            credentials=_TEST_LOGIN,
            path="/ping",
        ),
        Service(name="analytics", protocol=Protocol.HTTP, ports=same_port(8002), path="/health"),
    )
)
"""The guide's services on the guide's ports."""
