"""The lines of ``pyproject.toml`` that give a category to files whose folders are named after none."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from ci_toolkit.model.category import MISSION_CRITICAL, Categories

_USUAL = {
    "integration": ("api", "contract", "database", "db", "integ", "medium", "service", "services"),
    "e2e": ("acceptance", "browser", "end_to_end", "functional", "large", "smoke", "system", "ui"),
}
"""Names that such folders have elsewhere; in the advice every other one is of the first category that was asked for."""


def usual_category(name: str, categories: Categories) -> str:
    """Return the category that a folder or a marker of this name mostly means elsewhere, or ``""``."""
    return next((known for known, names in _USUAL.items() if name in names and known in categories.by_name), "")


def layout_advice(paths: Iterable[str], categories: Categories, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the lines that would give a category to the files ``paths``, none of which has one.

    The lines are a proposal: only a reader knows what the tests in a folder are. ``asked`` are the categories that
    were to run.
    """
    folders = Counter(path.split("/")[-2] if "/" in path else "" for path in paths)
    at_the_top = folders.pop("", 0)
    first = next((name for name in (*asked, *categories.names) if name != MISSION_CRITICAL), MISSION_CRITICAL)
    chosen: dict[str, list[str]] = {}
    for folder in sorted(folders):
        chosen.setdefault(usual_category(folder, categories) or first, []).append(folder)
    lines = []
    for name, found in chosen.items():
        every = [*categories.by_name[name].directories, *found] if name in categories.by_name else [name, *found]
        lines += [f"[tool.ci-toolkit.categories.{name}]", f"directories = {json.dumps(every)}"]
    if at_the_top:
        marker = categories.by_name[first].marker if first in categories.by_name else first
        lines.append(f"# and in each test file of the top folder: pytestmark = pytest.mark.{marker}")
    return tuple(lines)
