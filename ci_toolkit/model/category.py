"""The category of a test: by its marker or its directory."""

from collections.abc import Collection, Iterable

CATEGORIES = ("unit", "integration", "e2e", "mission_critical")
"""The guide's categories, cheapest first."""


def category_of_path(path: str, names: Collection[str] = CATEGORIES) -> str:
    """Return the category that a directory of ``path`` is named after (the innermost), or ``""``."""
    return next((part for part in reversed(path.split("/")[:-1]) if part in names), "")


def category_of_markers(markers: Iterable[str], names: Collection[str] = CATEGORIES) -> str:
    """Return the category among ``markers``, or ``""``; ``mission_critical`` only where no other is given."""
    found = [marker for marker in markers if marker in names]
    return next((name for name in found if name != "mission_critical"), found[0] if found else "")
