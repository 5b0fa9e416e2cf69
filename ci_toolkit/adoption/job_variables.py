"""Finds the environment variables that another workflow gives to the tests."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from ci_toolkit.adoption.documents import entries, table, text_of
from ci_toolkit.adoption.templating import stays_data
from ci_toolkit.adoption.tree import Tree
from ci_toolkit.adoption.yaml_files import job_folders, read_yaml, workflow_files

_RUNS_TESTS = re.compile(r"\b(pytest|tox|nox|manage\.py test|hatch test|make (test|check)|unittest)\b")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOT_OF_TESTS = re.compile(
    r"(GITHUB|RUNNER|ACTIONS|CI_TOOLKIT|COVERAGE|CODECOV|UV|PIP|POETRY|PDM|HATCH|TOX|NOX)_.*|PATH"
)
"""Names that belong to the engine, to us, to what installs or to what measures."""
_KEPT_FROM_FILES = re.compile(r"\b(secrets|vars)\.")
"""What an expression asks for that nobody but GitHub knows; a matrix, say, only distinguishes jobs."""

Say = Callable[[str], None]


def job_variables(tree: Tree, folder: str, *, is_alone: bool, ours: str, note: Say) -> tuple[tuple[str, str], ...]:
    """Return the environment, as names and values, of the first job that runs the tests of the project in ``folder``.

    ``is_alone`` says that the repository has no other project, ``ours`` is the workflow that is written here. A value
    that GitHub computes, such as a secret, is not taken: ``note`` is told of it.
    """
    for path in workflow_files(tree):
        document = _document(tree, path) if path != ours else None
        for job in table(document, "jobs").values():
            step = next((step for step in entries(table(job).get("steps")) if _runs_tests(step)), None)
            if step is not None and (is_alone or folder in job_folders(document, job)):
                note(f"{path} runs tests too; keep there what the new check does not cover, such as other Pythons")
                return tuple(_literal([document, job, step], path, note))
    return ()


def _document(tree: Tree, path: str) -> Any:
    try:
        return read_yaml(tree, path)
    except ValueError:  # said where services are looked for
        return None


def _runs_tests(step: Any) -> bool:
    return _RUNS_TESTS.search(text_of(table(step).get("run"))) is not None


def _literal(places: list[Any], path: str, note: Say) -> Iterator[tuple[str, str]]:
    told = {name: value for place in places for name, value in table(place, "env").items()}
    usable = {
        name: value for name, value in told.items() if _NAME.fullmatch(name) and not _NOT_OF_TESTS.fullmatch(name)
    }
    computed = [name for name, value in usable.items() if _KEPT_FROM_FILES.search(text_of(value))]
    if computed:
        note(f"{path} gives its tests {', '.join(computed)} from GitHub's secrets or variables; this workflow does not")
    literal = {name: value for name, value in usable.items() if isinstance(value, str) and "${{" not in value}
    odd = [name for name, value in literal.items() if not stays_data(value)]
    if odd:
        note(
            f"{path} gives its tests {', '.join(odd)} with several lines or control characters; this workflow does not"
        )
    yield from ((name, value) for name, value in literal.items() if name not in odd)
