"""A pytest plugin that undoes what a test sets in ``get_env()`` and warns of a test that changes ``os.environ``."""

import os
from collections.abc import Generator, Mapping
from typing import Any, Final

import pytest

from ci_toolkit.isolated_environment import get_env
from ci_toolkit.isolated_environment.state import EnvironmentState

_PYTESTS_OWN: Final = frozenset({b"PYTEST_CURRENT_TEST", "PYTEST_CURRENT_TEST"})


Snapshot = Mapping[Any, Any]


class EnvironmentLeakWarning(pytest.PytestWarning):
    """A test changed ``os.environ`` and left it so. Make it an error with pytest's ``filterwarnings``."""


class EnvironmentGuard:
    """Restores ``get_env()`` after each test and compares ``os.environ``.

    What a fixture of a wider scope than the test sets or takes back is the fixture's doing, not the test's.
    """

    def __init__(self) -> None:
        self._env = get_env()
        self._before_session = self._env.checkpoint()
        self._env.enable_isolation()
        self._written = self._env.checkpoint()
        self._process = process_environment()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, None, None]:
        """Take what is there before the test, so that no test answers for what others did."""
        self._written = self._env.checkpoint()
        self._process = process_environment()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Keep what a wider fixture sets, and what it takes back at its end."""
        if fixturedef.scope == "function":
            return (yield)
        # The last finalizer added is the first to run: these two stand around the fixture's own teardown.
        teardown = _FixtureChanges(self)
        fixturedef.addfinalizer(teardown.end)
        setup = _FixtureChanges(self)
        setup.begin()
        try:
            return (yield)
        finally:
            setup.end()
            fixturedef.addfinalizer(teardown.begin)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Restore and compare, once all of the test's fixtures are torn down."""
        try:
            return (yield)
        finally:
            self._env.restore(self._written)
            leaks = _differences(self._process, process_environment())
            if leaks:
                item.warn(
                    EnvironmentLeakWarning(
                        f"{item.nodeid} changed os.environ and left it so: {', '.join(leaks)}. "
                        "Use isolated_env.set(...), or monkeypatch.setenv(...) for code that reads os.environ."
                    )
                )

    def pytest_unconfigure(self) -> None:
        """Leave the environment as it was before this pytest."""
        self._env.restore(self._before_session)

    def keep_changes_since(self, written: EnvironmentState, process: Snapshot) -> None:
        """Count what changed since then as there before the test."""
        self._written = self._written.with_what_changed(written, self._env.checkpoint())
        self._process = _with_what_changed(self._process, process, process_environment())


class _FixtureChanges:
    """Keeps what changes between its beginning and its end."""

    def __init__(self, guard: EnvironmentGuard) -> None:
        self._guard = guard

    def begin(self) -> None:
        self._written = get_env().checkpoint()
        self._process = process_environment()

    def end(self) -> None:
        self._guard.keep_changes_since(self._written, self._process)


def process_environment() -> Snapshot:
    """Return what ``os.environ`` holds, before decoding where Python allows: this runs twice a test."""
    found = dict(getattr(os.environ, "_data", os.environ))
    for name in _PYTESTS_OWN & found.keys():
        del found[name]
    return found


def _with_what_changed(base: Snapshot, before: Snapshot, after: Snapshot) -> Snapshot:
    if before == after:
        return base
    gone = before.keys() - after.keys()
    new = {name: value for name, value in after.items() if before.get(name) != value}
    return {name: value for name, value in base.items() if name not in gone} | new


def _differences(before: Snapshot, after: Snapshot) -> list[str]:
    """Return what differs, by name; values may be secret."""
    if before == after:
        return []
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return [f"{os.fsdecode(name)} {_verb(name in before, name in after)}" for name in changed]


def _verb(was_set: bool, is_set: bool) -> str:  # noqa: FBT001 (two sides of one comparison)
    if was_set and is_set:
        return "changed"
    return "set" if is_set else "removed"
