"""In pytest: Python looks for garbage seldom while tests are collected, and not at all while the process exits.

Collection makes objects that stay: modules, items, marks. To look through them again and again, as Python does after
each 700 new ones, is a fifth of what the collection of many tests takes. While tests run, all is as ever. Tests
that were deselected by the thousand are let go before, for each look, those of pytest too, would go through them.
"""

import atexit
import gc
from collections.abc import Generator
from types import SimpleNamespace

import pytest

_SELDOM = 100_000
"""New objects between two looks for garbage."""

_MANY = 1_000
"""Fewer deselected tests are kept as pytest keeps them."""


class LooksSeldom:
    """Keeps Python from looking for garbage from now to the end of collection, and when nothing more is done."""

    _collect = staticmethod(gc.collect)  # bound, with the others: a test module may replace it at its import
    _set_threshold = staticmethod(gc.set_threshold)
    _get_threshold = staticmethod(gc.get_threshold)
    _is_enabled = staticmethod(gc.isenabled)

    def __init__(self) -> None:
        self._usual = self._get_threshold()
        self._ours = (_SELDOM, *self._usual[1:])
        self._is_at_work = 0 < self._usual[0] < _SELDOM  # who looks less often, or never, goes on so
        if self._is_at_work:
            self._set_threshold(*self._ours)
        atexit.register(gc.freeze)  # called last, for nothing of the suite is loaded yet: only finalizers are spared

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        """Look once when all is collected, and as often as ever from then on.

        What the imports left behind is gone before the first test, as where Python looked all the time: a test may
        ask which subclasses there are. A suite that has chosen how often Python looks keeps its choice.
        """
        try:
            return (yield)
        finally:
            if self._is_at_work and self._get_threshold() == self._ours:
                self._set_threshold(*self._usual)
                if self._is_enabled():
                    let_go_of_deselected(session.config)
                    self._collect()
            self._is_at_work = False


def let_go_of_deselected(config: pytest.Config) -> None:
    """Keep of many deselected tests no more than where they are.

    pytest keeps all of them to count them, each with its mark, parameters and request: a dozen objects a test.
    """
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    deselected = reporter.stats.get("deselected", []) if isinstance(reporter, pytest.TerminalReporter) else []
    if len(deselected) >= _MANY:
        # With attributes, as plugins look through all that is counted. To name each test takes longer than it saves.
        places = {parent: SimpleNamespace(nodeid=parent.nodeid) for parent in {item.parent for item in deselected}}
        deselected[:] = [places[item.parent] for item in deselected]
