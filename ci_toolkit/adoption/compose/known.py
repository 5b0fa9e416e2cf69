"""What known images are: which store of the table of services, or where they answer over HTTP."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Final

from ci_toolkit.adoption.compose.service import ComposeService, Text
from ci_toolkit.adoption.repository import FoundService
from ci_toolkit.services.catalog.table import BUILT_IN

_STORES: Final = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "postgis": "postgresql",
    "pgvector": "postgresql",
    "pgvecto-rs": "postgresql",
    "timescaledb": "postgresql",
    "timescaledb-ha": "postgresql",
    "citus": "postgresql",
    "paradedb": "postgresql",
    "redis": "redis",
    "valkey": "redis",
    "redis-stack": "redis",
    "redis-stack-server": "redis",
    "clickhouse-server": "clickhouse",
}
"""Last word of an image's name to the service of the table that it is."""
_LOGINS: Final = {
    "postgresql": (
        ("POSTGRES_USER", "POSTGRESQL_USERNAME"),
        ("POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"),
        ("POSTGRES_DB", "POSTGRESQL_DATABASE"),
    ),
    "redis": ((), ("REDIS_PASSWORD",), ()),
    "clickhouse": (("CLICKHOUSE_USER",), ("CLICKHOUSE_PASSWORD",), ("CLICKHOUSE_DB",)),
}
"""Store to the names of its image's variables for user, password and database."""
HTTP: Final = {
    "all-in-one": (16686, "/"),
    "couchdb": (5984, "/_up"),
    "dynamodb-local": (8000, "/"),
    "elasticsearch": (9200, "/"),
    "gotenberg": (3000, "/health"),
    "grafana": (3000, "/api/health"),
    "influxdb": (8086, "/health"),
    "jaeger": (16686, "/"),
    "keycloak": (8080, "/"),
    "localstack": (4566, "/_localstack/health"),
    "maildev": (1080, "/"),
    "mailhog": (8025, "/"),
    "mailpit": (8025, "/"),
    "meilisearch": (7700, "/health"),
    "minio": (9000, "/minio/health/live"),
    "neo4j": (7474, "/"),
    "nginx": (80, "/"),
    "opensearch": (9200, "/"),
    "prometheus": (9090, "/-/ready"),
    "qdrant": (6333, "/readyz"),
    "solr": (8983, "/"),
    "standalone-chrome": (4444, "/status"),
    "standalone-firefox": (4444, "/status"),
    "tika": (9998, "/"),
    "typesense": (8108, "/health"),
    "weaviate": (8080, "/v1/.well-known/ready"),
    "wiremock": (8080, "/__admin/health"),
    "zipkin": (9411, "/health"),
}
"""Last word of an image's name to its port and to what is ready there as soon as it answers below 500."""

READY_LOGS: Final = {
    "activemq-artemis": (61616, "Server is now (active|live)"),
    "cassandra": (9042, "Starting listening for CQL clients"),
    "kafka": (9092, "Kafka Server started"),
    "mariadb": (3306, r"ready for connections|port: 3306"),
    "mongo": (27017, "Waiting for connections"),
    "mosquitto": (1883, "mosquitto version .* running"),
    "mysql": (3306, r"ready for connections.*port: 3306"),
    "nats": (4222, "Server is ready"),
    "rabbitmq": (5672, "Server startup complete"),
    "zookeeper": (2181, "binding to port"),
}
"""Last word of an image's name to its port and to what its log says when it is ready."""


def image_word(image: str) -> str:
    """Return the last word of an image's name, without its tag."""
    return re.split(r"[:@]", image.rpartition("/")[2])[0].lower()


def store_kind(service: ComposeService) -> str:
    """Return the data store of the table that the service is, and ``""`` for another one."""
    image = _value(service.image)
    if image_word(image) == "clickhouse" and "/" not in image:  # the official one; others take other variables
        return "clickhouse"
    return _STORES.get(image_word(image), "")


def login_names(kind: str) -> frozenset[str]:
    """Return the variables of a store's image that are its login."""
    return frozenset(name for names in _LOGINS[kind] for name in names)


def store_of(service: ComposeService, kind: str) -> FoundService:
    """Return the service as the store ``kind``: a password out of a file of variables is none of ours to repeat."""
    variables = service.variables
    user, password, database = (_first(variables, names) for names in _LOGINS[kind])
    secret = password or password_of(service.command or ())
    name = _value(database)
    if kind == "postgresql" and _value(user):
        name = name or _value(user)  # as the image does
    return FoundService(
        name=kind,
        image=_value(service.image),
        port=published_port(service, BUILT_IN.service(kind).container_port),
        user=_value(user),
        password=_value(secret) if secret and not secret.is_private else "",
        database=name,
        where=service.image.place.path if service.image else service.place.path,
    )


def published_port(service: ComposeService, target: int) -> int | None:
    """Return the port of this machine that leads to ``target`` inside the container, where a file chooses one."""
    return next((port.published for port in service.ports if port.target == target and port.published), None)


def password_of(command: Sequence[Text]) -> Text | None:
    """Return what ``redis-server --requirepass`` is given."""
    pairs = itertools.pairwise(command)
    return next((value for word, value in pairs if word.value == "--requirepass" and value.value), None)


def _first(variables: Mapping[str, Text], names: tuple[str, ...]) -> Text | None:
    return next((value for name in names if (value := variables.get(name)) and value.value), None)


def _value(text: Text | None) -> str:
    return (text.value if text else None) or ""
