"""In pytest: finds coverage where somebody measures with it, without importing it where nobody does."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import coverage


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
