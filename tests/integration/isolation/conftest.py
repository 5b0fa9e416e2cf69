import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # --import-mode=importlib leaves test folders off the path

import isolation_servers

from ci_toolkit.services.endpoint import Endpoint


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Endpoint]:
    with isolation_servers.postgresql() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def redis() -> Iterator[Endpoint]:
    with isolation_servers.redis() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def template(postgresql: Endpoint) -> Endpoint:
    return isolation_servers.make_template(postgresql, "app")
