"""In pytest: keeps measured coverage safe from a crash, and apart by category and by test where that is asked for."""

from collections.abc import Generator
from typing import Any

import pytest

from ci_toolkit.model.coverage_context import context_of
from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.quarantine import is_about
from ci_toolkit.suite.child_coverage import ChildCoverage
from ci_toolkit.suite.originals import Originals
from ci_toolkit.suite.running_coverage import running_coverage, switch_context, tells_contexts_apart
from ci_toolkit.suite.selection import address

FLUSH_SECONDS = 5.0
"""How much measuring a killed process may lose."""


class CoverageContext:
    """Switches coverage's dynamic context, which is also what writes the measured lines to disk.

    Works with whatever started coverage (``--cov``, ``coverage run``); does nothing when nobody did, or when
    the user switches contexts themselves (``dynamic_context``, ``--cov-context``).
    """

    def __init__(self, config: pytest.Config, *, by_category: bool, apart: tuple[str, ...] = ()) -> None:
        """``apart`` are tests whose coverage is kept apart from that of others."""
        self._is_the_users = bool(config.getoption("cov_context", None))
        self._by_category = by_category
        self._apart = apart
        self._category = ""
        self._tests: tuple[str, ...] = ()
        """Those of ``apart`` to which belongs what runs now."""
        self._context = ""
        self._flushed = Originals.perf_counter()
        self._children = ChildCoverage()

    def enter_test(self, item: pytest.Item, category: str) -> None:
        """Attribute what follows to ``item``, a test of ``category``."""
        if running_coverage() is not None:
            self.enter(category, self._apart_of(item))

    def leave_test(self) -> None:
        """Attribute what follows to no test."""
        if self._tests:
            self.enter(self._category)

    def enter(self, category: str, tests: tuple[str, ...] = ()) -> None:
        """Attribute what follows to ``category`` and ``tests``, and write what was measured before if that is due."""
        measuring = running_coverage()
        if measuring is None or self._is_the_users or measuring.get_option("run:dynamic_context"):
            return
        self._category = category
        if not tells_contexts_apart(measuring):  # no figures are better than wrong ones
            category, tests = "", ()
        context = context_of(category if self._by_category else "", tests)
        if context == self._context and Originals.perf_counter() - self._flushed < FLUSH_SECONDS:
            return
        switch_context(measuring, context)
        if tests != self._tests:
            self._children.attribute_to(context_of("", tests), measuring)
        self._tests = tests
        self._context = context
        self._flushed = Originals.perf_counter()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Attribute a fixture that lives on to all the tests that use it, and not to the one that asks first.

        The same holds for its teardown, whichever test is the last.
        """
        if fixturedef.scope == "function":
            return (yield)
        users = self._users_of(fixturedef, request.session.items) if self._tests else ()
        before: list[tuple[str, ...]] = []

        def begin() -> None:
            before.append(self._tests)
            self.enter(self._category, users)

        def end() -> None:
            if before:
                self.enter(self._category, before.pop())

        fixturedef.addfinalizer(end)  # the first of them is called last
        begin()
        try:
            return (yield)
        finally:
            end()
            fixturedef.addfinalizer(begin)

    def _apart_of(self, item: pytest.Item) -> tuple[str, ...]:
        if not self._apart:
            return ()
        node_id = node_id_of(*address(item))
        return tuple(test for test in self._apart if is_about(test, node_id))

    def _users_of(self, fixture: pytest.FixtureDef[Any], items: list[pytest.Item]) -> tuple[str, ...]:
        """Return the tests to which ``fixture`` belongs; none if a test that is not kept apart uses it as well."""
        users = [self._apart_of(item) for item in items if _uses(item, fixture)]
        return tuple(sorted({test for tests in users for test in tests})) if all(users) else ()


def _uses(item: pytest.Item, fixture: pytest.FixtureDef[Any]) -> bool:
    info = getattr(item, "_fixtureinfo", None)
    return any(fixture in found for found in getattr(info, "name2fixturedefs", {}).values())
