"""In pytest: keeps measured coverage safe from a crash, and apart by category where that is asked for."""

import pytest

from ci_toolkit.model.bundle import CONTEXT_PREFIX
from ci_toolkit.suite.originals import Originals
from ci_toolkit.suite.running_coverage import running_coverage

FLUSH_SECONDS = 5.0
"""How much measuring a killed process may lose."""


class CoverageContext:
    """Switches coverage's dynamic context, which is also what writes the measured lines to disk.

    Works with whatever started coverage (``--cov``, ``coverage run``); does nothing when nobody did, or when
    the user switches contexts themselves (``dynamic_context``, ``--cov-context``).
    """

    def __init__(self, *, by_category: bool) -> None:
        self._by_category = by_category
        self._context = ""
        self._flushed = Originals.perf_counter()

    def enter_test(self, item: pytest.Item, category: str) -> None:
        """Attribute what follows to ``item``, a test of ``category``."""
        if running_coverage() is not None and not item.config.getoption("cov_context", None):
            self.enter(category)

    def enter(self, category: str) -> None:
        """Attribute what follows to ``category``, and write what was measured before if that is due."""
        measuring = running_coverage()
        if measuring is None or measuring.get_option("run:dynamic_context"):
            return
        context = CONTEXT_PREFIX + category if self._by_category and category else ""
        if context == self._context and Originals.perf_counter() - self._flushed < FLUSH_SECONDS:
            return
        measuring.switch_context(context)
        self._context = context
        self._flushed = Originals.perf_counter()
