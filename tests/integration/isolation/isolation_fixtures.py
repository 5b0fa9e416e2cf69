"""The servers as fixtures, one of each for all tests of this folder."""

from collections.abc import Iterator

import pytest
from isolation_servers import make_template, postgresql_server, redis_server

from ci_toolkit.services.catalog.endpoint import Endpoint


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Endpoint]:
    with postgresql_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def redis() -> Iterator[Endpoint]:
    with redis_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def template(postgresql: Endpoint) -> Endpoint:
    return make_template(postgresql, "app")
