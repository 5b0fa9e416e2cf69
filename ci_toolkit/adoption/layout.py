"""Maps the folders of a stranger's tests to categories, where their names and markers leave no doubt."""

import re
from collections.abc import Mapping

from ci_toolkit.adoption.repository import Layout
from ci_toolkit.config.layout_advice import layout_advice, usual_category
from ci_toolkit.model.category import Categories

_MARK = re.compile(r"\bmark\.([A-Za-z_]\w*)")


def layout_of(sources: Mapping[str, str], categories: Categories) -> Layout:
    """Return what the test files are: ``sources`` has the text of each, by its path relative to the project.

    ``categories`` are those that the project's settings have already. A folder whose name is usual for a category
    becomes one of its directories, unless a file in it is marked as of another: the two would disagree.
    """
    folders: dict[str, list[str]] = {}
    without = []
    for path in sorted(sources):
        if not categories.of_path(path):
            usual = _usual_folder(path, categories)
            folders.setdefault(usual, []).append(path)
    directories: dict[str, list[str]] = {}
    for name, paths in sorted(folders.items()):
        category = usual_category(name, categories)
        if category and all(_agrees(sources[path], category, categories) for path in paths):
            directories.setdefault(category, []).append(name)
        else:
            without += paths
    return Layout(
        test_files=len(sources),
        directories={name: tuple(found) for name, found in sorted(directories.items())},
        advice=layout_advice(without, categories) if without else (),
    )


def _usual_folder(path: str, categories: Categories) -> str:
    """Return the innermost folder of ``path`` whose name is usual for a category, or ``""``."""
    return next((name for name in reversed(path.split("/")[:-1]) if usual_category(name, categories)), "")


def _agrees(source: str, category: str, categories: Categories) -> bool:
    marked = {categories.place("", [name]).category for name in _MARK.findall(source)}
    return marked <= {"", category, "mission_critical"}
