"""Where a running service answers, and the environment variables that say so."""

from collections.abc import Iterable
from enum import StrEnum
from urllib.parse import quote

import msgspec

from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog.table import Credentials, Protocol, Service, ServiceEnvironment, Table

LOOPBACK = "127.0.0.1"


class Provider(StrEnum):
    """Who runs a server."""

    EXTERNAL = "external"
    """It was already listening: a GitHub service container, a server of the developer's."""
    NATIVE = "native"
    """A child process, from the machine's or a wheel's binaries."""
    DOCKER = "docker"


class Endpoint(Record, frozen=True, kw_only=True):
    """A service that answered."""

    name: str
    protocol: Protocol
    port: int
    """0 for what does not listen."""
    plugin: str = ""
    """The word of the protocol, where a plug-in speaks it."""
    host: str = LOOPBACK
    credentials: Credentials = msgspec.field(default_factory=Credentials)
    provider: Provider = Provider.EXTERNAL
    version: str = ""
    """What the server itself says."""
    detail: str = ""
    """How it came to be, such as ``warm snapshot``."""
    ready_ms: int = 0
    """From the request to the first answer."""

    @property
    def address(self) -> str:
        """``host:port``, empty for what does not listen."""
        return f"{self.host}:{self.port}" if self.port else ""

    def with_database(self, name: str) -> "Endpoint":
        """Return the same server with another database."""
        return msgspec.structs.replace(self, credentials=msgspec.structs.replace(self.credentials, database=name))

    def url(self, *, database: str | None = None, driver: str = "") -> str:
        """Return its URL, with the password; ``driver`` as SQLAlchemy spells it."""
        if not self.port:
            return ""
        if self.protocol is Protocol.HTTP or self.protocol is Protocol.WEBSOCKET:
            return f"http://{self.address}"
        if self.plugin:
            return f"{self.plugin}://{self._login()}{self.address}"
        name = self.credentials.database if database is None else database
        scheme = {Protocol.POSTGRESQL: "postgresql", Protocol.CLICKHOUSE: "clickhouse"}.get(self.protocol, "redis")
        return f"{scheme}{'+' if driver else ''}{driver}://{self._login()}{self.address}/{name}"

    def _login(self) -> str:
        login = self.credentials
        if not login.user and not login.password:
            return ""
        return f"{quote(login.user, safe='')}:{quote(login.password, safe='')}@"

    def describe(self) -> str:
        """Return the line that a session prints about it; holds no secret."""
        how = f" ({self.detail})" if self.detail else ""
        words = (self.name, self.version, self.provider, self.address)
        became = "done" if self.protocol is Protocol.JOB else "ready"
        return f"{' '.join(filter(None, words))} {became} in {self.ready_ms} ms{how}"


def planned(service: Service, environment: ServiceEnvironment) -> Endpoint:
    """Return where ``service`` is to answer in ``environment``."""
    return endpoint_of(service, port=service.port(environment), provider=Provider.EXTERNAL)


def endpoint_of(service: Service, *, port: int, provider: Provider, detail: str = "") -> Endpoint:
    """Return where ``provider`` has ``service`` answer."""
    return Endpoint(
        name=service.name,
        protocol=service.protocol,
        plugin=service.plugin,
        port=port,
        credentials=service.credentials,
        provider=provider,
        detail=detail,
    )


def planned_all(table: Table, environment: ServiceEnvironment) -> tuple[Endpoint, ...]:
    """Return where every service of the table that listens is to answer."""
    return tuple(planned(service, environment) for service in table.services if service.protocol.has_port)


def variables(endpoints: Iterable[Endpoint]) -> dict[str, str]:
    """Return the environment variables that tell a program where the services are."""
    found: dict[str, str] = {}
    for endpoint in endpoints:
        if not endpoint.port:
            continue
        prefix = endpoint.name.upper().replace("-", "_")
        found |= {
            f"{prefix}_HOST": endpoint.host,
            f"{prefix}_PORT": str(endpoint.port),
            f"{prefix}_URL": endpoint.url(),
        }
        if endpoint.protocol is Protocol.POSTGRESQL:
            found |= _postgres_variables(endpoint)
    return found


def _postgres_variables(endpoint: Endpoint) -> dict[str, str]:
    """Return the names that libpq, PostgreSQL's image, Django, Rails and the rest of the world read."""
    login = endpoint.credentials
    return {
        "DATABASE_URL": endpoint.url(),
        "POSTGRES_HOST": endpoint.host,
        "POSTGRES_PORT": str(endpoint.port),
        "POSTGRES_USER": login.user,
        "POSTGRES_PASSWORD": login.password,
        "POSTGRES_DB": login.database,
        "PGHOST": endpoint.host,
        "PGPORT": str(endpoint.port),
        "PGUSER": login.user,
        "PGPASSWORD": login.password,
        "PGDATABASE": login.database,
    }
