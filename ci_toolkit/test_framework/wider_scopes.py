"""Has what fixtures of wider scopes than a test wrote to the real services stay until their scopes end."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import pytest

from ci_toolkit.errors import ToolkitError
from ci_toolkit.isolation.mode import IsolationMode
from ci_toolkit.services.databases.sql import SqlError

if TYPE_CHECKING:  # it brings redis, which no test has asked for yet
    from ci_toolkit.isolation.worker_services import WorkerServices


class WiderScopes:
    """A plugin that follows the fixtures of a worker, once one of its tests has real services.

    Of a fixture that is asked for after one of the test itself has begun, nobody knows what it wrote: none of it stays.
    """

    def __init__(
        self, services: "WorkerServices", do: Callable[[Callable[[], object]], object], warn: Callable[[str], None]
    ) -> None:
        self._services = services
        self._do = do
        """Calls what it is given, and fails the test if that raises."""
        self._warn = warn
        self._is_active = self._has_begun = self._was_let_go = False
        self._last_test = ""

    def begin_test(self) -> None:
        """Note that a test has the services."""
        self._is_active = True
        self._has_begun = False
        self._clean_what_was_let_go()

    def end_test(self, test: str) -> None:
        """Note that its fixtures are torn down, and that what was let go is cleaned now."""
        self._is_active = self._was_let_go = False
        self._last_test = test

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Have stay what a fixture of a wider scope wrote."""
        self._clean_what_was_let_go()
        is_wider = fixturedef.scope != "function"
        self._has_begun |= not is_wider
        result = yield
        if is_wider and self._is_active and not self._has_begun:
            self._do(lambda: self._services.keep(_name(fixturedef)))
        return result

    @pytest.hookimpl
    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[object]) -> None:
        """Have the next clean-up take out what a fixture of a wider scope wrote."""
        if fixturedef.scope != "function":
            try:
                self._was_let_go |= self._services.let_go(_name(fixturedef))
            except (ToolkitError, OSError, SqlError) as error:
                self._warn(f"what {_name(fixturedef)} wrote may be left: {error}")

    def _clean_what_was_let_go(self) -> None:
        """Clean before the next fixture begins: one with parameters ends when a test asks for the next of them."""
        if self._was_let_go and self._is_active:
            self._was_let_go = False
            self._do(lambda: self._services.clean(IsolationMode.TRUNCATE, test=self._last_test))


def _name(fixture: pytest.FixtureDef[object]) -> str:
    """Return what a fixture is called in messages, and by which it is known."""
    return f"the {fixture.scope}-scoped fixture {fixture.argname} of {fixture.baseid or 'the project'}"
