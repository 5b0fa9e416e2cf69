"""What a service in a container is told of the others."""

import pytest
from msgspec.structs import replace

from ci_toolkit.services.catalog.endpoint import Endpoint, variables
from ci_toolkit.services.catalog.table import Credentials, Protocol
from ci_toolkit.services.providers.docker.containers.network import Neighbour, out_of_reach, seen_from_inside

LOGIN = Credentials(user="test", password="secret", database="shop")
POSTGRESQL = Endpoint(name="postgresql", protocol=Protocol.POSTGRESQL, port=20123, credentials=LOGIN)
REDIS = Endpoint(name="redis", protocol=Protocol.REDIS, port=20124)
TOLD = variables((POSTGRESQL, REDIS))


def neighbour(service: str, outer_port: int, port: int) -> Neighbour:
    return Neighbour(session="s", identity=service, service=service, port=port, outer_port=outer_port, networks=())


BOTH = (neighbour("postgresql", 20123, 5432), neighbour("redis", 20124, 6379))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTGRESQL_HOST", "postgresql"),
        ("POSTGRESQL_PORT", "5432"),
        ("POSTGRESQL_URL", "postgresql://test:secret@postgresql:5432/shop"),
        ("DATABASE_URL", "postgresql://test:secret@postgresql:5432/shop"),
        ("POSTGRES_HOST", "postgresql"),
        ("POSTGRES_PORT", "5432"),
        ("POSTGRES_PASSWORD", "secret"),
        ("REDIS_HOST", "redis"),
        ("REDIS_PORT", "6379"),
        ("REDIS_URL", "redis://redis:6379/"),
    ],
)
def test_addresses_of_neighbours_are_their_names_and_inner_ports(name: str, value: str) -> None:
    assert seen_from_inside(TOLD, BOTH)[name] == value


def test_what_is_no_neighbour_stays_as_it_was() -> None:
    assert seen_from_inside(TOLD, BOTH[:1])["REDIS_URL"] == "redis://127.0.0.1:20124/"


def test_a_port_that_begins_like_a_neighbours_is_another() -> None:
    told = {"BACKEND_URL": "http://127.0.0.1:201234", "REDIS_URL": "redis://127.0.0.1:20123"}
    assert seen_from_inside(told, BOTH) == {
        "BACKEND_URL": "http://127.0.0.1:201234",
        "REDIS_URL": "redis://postgresql:5432",
    }


AUTH = Endpoint(name="auth-service", protocol=Protocol.HTTP, port=20125, credentials=Credentials())


@pytest.mark.parametrize(
    ("given", "found", "soon", "lost"),
    [
        ((POSTGRESQL, REDIS), BOTH, (), ()),
        ((POSTGRESQL, REDIS), BOTH[:1], (), ("redis",)),
        ((AUTH,), BOTH, (), ("auth_service",)),
        ((AUTH,), BOTH, ("auth-service",), ()),
        ((replace(REDIS, host="redis.example"),), (), (), ()),
        ((), BOTH, (), ()),
    ],
)
def test_a_container_misses_what_runs_outside_of_containers_on_this_machine(
    given: tuple[Endpoint, ...], found: tuple[Neighbour, ...], soon: tuple[str, ...], lost: tuple[str, ...]
) -> None:
    assert out_of_reach(variables(given), found, soon=soon) == lost
