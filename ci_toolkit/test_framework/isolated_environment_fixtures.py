"""The fixtures ``isolated_env`` and ``test_config``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ci_toolkit.isolated_environment import IsolatedEnvironment, get_env

if TYPE_CHECKING:
    from ci_toolkit.test_framework.configuration import Configuration


@pytest.fixture
def isolated_env() -> Iterator[IsolatedEnvironment]:
    """``get_env()`` in isolation: what the test writes ends with the test and never reaches ``os.environ``."""
    with get_env().isolation() as env:
        yield env


@pytest.fixture
def test_config() -> "Configuration":
    """What a test may want to know about where it runs: ports, environment, CI or not."""
    from ci_toolkit.test_framework.configuration import current_configuration

    return current_configuration()
