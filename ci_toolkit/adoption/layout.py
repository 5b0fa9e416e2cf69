"""Maps the folders of a stranger's tests to categories, where their names and markers leave no doubt."""

import re
from collections.abc import Mapping

from ci_toolkit.adoption.repository import Layout
from ci_toolkit.config.layout_advice import layout_advice, usual_category
from ci_toolkit.model.category import Categories

_FOLDERS_OF_TESTS = ("test", "tests", "testing")
_MARK = re.compile(r"\bmark\.([A-Za-z_]\w*)")


def layout_of(sources: Mapping[str, str], categories: Categories) -> Layout:
    """Return what the test files are: ``sources`` has the text of each, by its path relative to the project.

    ``categories`` are those that the project's settings have already. A folder whose name is usual for a category
    becomes one of its directories, unless a file in it is marked as of another: the two would disagree. So does a
    marker of such a name become the category's, where its own is not in use.
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
        markers=_markers(sources, categories),
        advice=layout_advice(map(_shortened, without), categories) if without else (),
    )


def _shortened(path: str) -> str:
    """Return ``path`` as if its test stood in the outermost folder of tests: to name that one is enough."""
    *folders, name = path.split("/")
    outermost = next((folder for folder in folders if folder in _FOLDERS_OF_TESTS), None)
    return path if outermost is None else f"{outermost}/{name}"


def _markers(sources: Mapping[str, str], categories: Categories) -> dict[str, str]:
    marks = {path: set(_MARK.findall(source)) for path, source in sources.items()}
    used = set().union(*marks.values())
    found: dict[str, str] = {}
    for name in sorted(used):
        category = usual_category(name, categories)
        marked = [path for path in sources if name in marks[path]]
        if (
            category
            and categories.by_name[category].marker not in used
            and all(_category_of(path, categories) in {"", category} for path in marked)
            and all(_agrees(sources[path], category, categories) for path in marked)
        ):
            found.setdefault(category, name)
    return found


def _category_of(path: str, categories: Categories) -> str:
    """Return the category that the folders of ``path`` have, or are to have."""
    return categories.of_path(path) or usual_category(_usual_folder(path, categories), categories)


def _usual_folder(path: str, categories: Categories) -> str:
    """Return the innermost folder of ``path`` whose name is usual for a category, or ``""``."""
    return next((name for name in reversed(path.split("/")[:-1]) if usual_category(name, categories)), "")


def _agrees(source: str, category: str, categories: Categories) -> bool:
    marked = {categories.place("", [name]).category for name in _MARK.findall(source)}
    return marked <= {"", category, "mission_critical"}
