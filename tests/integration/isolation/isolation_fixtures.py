"""The servers as fixtures, one of each for all tests of this folder."""

from collections.abc import Iterator

import pytest
from isolation_servers import LOGIN, container, make_template, postgresql_server, redis_server

from ci_toolkit.services.catalog.endpoint import Endpoint, Provider


@pytest.fixture(scope="session")
def provider(pytestconfig: pytest.Config) -> Provider:
    """Who runs the servers: `--provider docker` takes containers of the table's images."""
    return Provider(pytestconfig.getoption("--provider"))


@pytest.fixture(scope="session")
def postgresql(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    home = tmp_path_factory.mktemp("postgresql")
    with container("postgresql", home) if provider is Provider.DOCKER else postgresql_server() as endpoint:
        yield endpoint.with_database(LOGIN.database)


@pytest.fixture(scope="session")
def redis(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    home = tmp_path_factory.mktemp("redis")
    with container("redis", home) if provider is Provider.DOCKER else redis_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def template(postgresql: Endpoint) -> Endpoint:
    return make_template(postgresql, "app")
