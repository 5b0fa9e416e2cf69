"""Finds the folders of a repository that are projects with tests of their own."""

import re
from collections import Counter
from collections.abc import Collection

_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "manage.py", "Pipfile")
"""Files that begin a project."""
_TEST_FILE = re.compile(r"(test_[^/]*|[^/]*_test|tests)\.py")
"""What pytest, and Django, take for a file of tests by its name."""
_ASIDE = frozenset(
    (
        *("test", "tests", "testing", "testdata", "fixtures"),
        *("example", "examples", "sample", "samples", "demo", "demos", "template", "templates"),
        *("doc", "docs", "benchmark", "benchmarks"),
        *("vendor", "vendored", "third_party", "node_modules"),
    )
)
"""In folders of these names a `pyproject.toml` is material, and no project."""


def is_test_file(path: str) -> bool:
    """Whether pytest or Django would look for tests in the file."""
    return _TEST_FILE.fullmatch(path.rpartition("/")[2]) is not None


def count_tests(files: Collection[str]) -> dict[str, int]:
    """Return how many test files each project of the repository has, by its folder; ``.`` is the top."""
    folders = {_folder(path) for path in files if path.rpartition("/")[2] in _MARKS}
    known = {folder for folder in folders if _ASIDE.isdisjoint(folder.split("/"))}
    if not known and any(map(is_test_file, files)):
        known = {"."}  # tests need no file that says how to install something
    counts = Counter(dict.fromkeys(known, 0))
    for path in files:
        owner = next((folder for folder in _above(path) if folder in known), None) if is_test_file(path) else None
        if owner is not None:
            counts[owner] += 1
    return dict(sorted(counts.items()))


def chosen_projects(counts: dict[str, int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the folders that get a job, and those of further projects with tests.

    The top has the one job where it has tests of its own: what is below it is then mostly run with it. Elsewhere each
    project with tests has one. Where there is no test yet, the top counts, or the only project.
    """
    tested = [folder for folder, tests in counts.items() if tests]
    if "." in tested:
        return (".",), tuple(folder for folder in tested if folder != ".")
    if tested:
        return tuple(tested), ()
    if "." in counts or len(counts) == 1:
        return (".",) if "." in counts else tuple(counts), ()
    return (), tuple(counts)


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "."


def _above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return [*("/".join(parts[:depth]) for depth in range(len(parts), 0, -1)), "."]
