"""In pytest: finds coverage where somebody measures with it, without importing it where nobody does."""

import sys
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import coverage

_CORE = "COVERAGE_CORE"
_HEARS_OF_EACH_LINE_ONCE = (3, 14)
"""From this Python on, coverage's default is ``sys.monitoring``."""


def running_coverage() -> "coverage.Coverage | None":
    """Return what measures this process, or None. Importing coverage to ask would take 20 ms of every shard."""
    kind = getattr(sys.modules.get("coverage.control"), "Coverage", None)
    current = getattr(kind, "current", None)
    return current() if isinstance(kind, type) and current is not None else None


def tells_contexts_apart(measuring: "coverage.Coverage") -> bool:
    """Return whether a line that ran in one context is measured in the next one, too.

    By ``sys.monitoring``, coverage hears of each line once, whatever the context.
    """
    return bool(getattr(getattr(measuring, "_core", None), "systrace", True))


def core_for_contexts(variables: Mapping[str, str], version: tuple[int, ...]) -> dict[str, str]:
    """Return what to add to ``variables`` so that contexts are told apart; nothing where these name a core already.

    For before coverage begins to measure.
    """
    if version < _HEARS_OF_EACH_LINE_ONCE or variables.get(_CORE) or find_spec("coverage.tracer") is None:
        return {}
    return {_CORE: "ctrace"}


def switch_context(measuring: "coverage.Coverage", context: str) -> None:
    """Write what was measured, and attribute what follows to ``context``.

    Where contexts are not told apart, coverage warns of that, which fails a suite whose warnings are errors.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measuring.switch_context(context)
