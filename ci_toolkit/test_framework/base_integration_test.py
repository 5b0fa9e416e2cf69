"""The base of integration tests: an environment of their own, a log, and set-up and teardown that may be async."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from ci_toolkit.isolated_environment import IsolatedEnvironment, get_env
from ci_toolkit.test_framework.agent_test_helpers import mock_llm_response
from ci_toolkit.test_framework.wait_conditions import wait_for_condition


class BaseIntegrationTest:
    """Set-up and teardown, logging, and stand-ins for what is outside of the system, such as a language model.

    Services are real: ask for ``real_services_fixture`` or one of its siblings.
    """

    env: IsolatedEnvironment
    """The environment of this test; what is set here ends with it."""
    log: logging.Logger
    """A log under the test's name; pytest shows it where the test fails."""

    mock_llm_response = staticmethod(mock_llm_response)
    wait_for_condition = staticmethod(wait_for_condition)

    async def async_setup(self) -> None:
        """Do what must be done before each test; for subclasses."""

    async def async_teardown(self) -> None:
        """Undo it after each test, also after a failed one; for subclasses."""

    @pytest.fixture(autouse=True)
    def _environment_and_log(self, request: pytest.FixtureRequest) -> Iterator[None]:
        self.log = logging.getLogger(f"test.{request.node.name}")
        with get_env().isolation() as self.env:
            yield

    @pytest_asyncio.fixture(autouse=True, loop_scope="function")
    async def _set_up_and_tear_down(self, _environment_and_log: None) -> AsyncIterator[None]:
        try:
            await self.async_setup()
            yield
        finally:
            await self.async_teardown()
