"""Reads a repository: asks git, then the files of each project, and hands on what they say as one value."""

import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ci_toolkit.adoption.coverage_goal import coverage_goal
from ci_toolkit.adoption.errors import AdoptionError
from ci_toolkit.adoption.installation import Manifest, installation
from ci_toolkit.adoption.layout import layout_of
from ci_toolkit.adoption.projects import chosen_projects, count_tests, is_test_file
from ci_toolkit.adoption.python_version import chosen_python
from ci_toolkit.adoption.repository import Project, Repository
from ci_toolkit.adoption.tree import Tree, default_branch, read_tree
from ci_toolkit.config.categories import read_categories
from ci_toolkit.config.project import read_pyproject

WORKFLOW = ".github/workflows/ci-toolkit.yml"
"""The file that calls the reusable workflow."""


def read_repository(start: Path, *, folders: Sequence[str] = (), branch: str = "", python: str = "") -> Repository:
    """Return what the repository around ``start`` is; ``folders`` (relative to its top) say which projects to take.

    ``branch`` and ``python`` stand in the place of what would be found. Raises AdoptionError, and ConfigurationError
    for a pyproject.toml that cannot be read.
    """
    tree = read_tree(start)
    counts = count_tests(tree.files)
    chosen, others = (tuple(folders), ()) if folders else chosen_projects(counts)
    if not chosen:
        raise AdoptionError(
            f"{tree.top} holds no Python project with tests",
            advice="Name the folders: `ci-toolkit init FOLDER`. A project has a pyproject.toml or a setup.py.",
        )
    return Repository(
        top=tree.top,
        branch=branch or default_branch(tree.top),
        projects=tuple(_project(tree, folder, counts, python) for folder in chosen),
        workflow=tree.text(WORKFLOW),
        others=others,
    )


def _project(tree: Tree, folder: str, counts: Mapping[str, int], python: str) -> Project:
    root = tree.top / folder
    document = read_pyproject(root)
    manifest = Manifest(tree=tree, folder=folder, document=document)
    goal = coverage_goal(document, manifest.text)
    return Project(
        folder=folder,
        installation=installation(manifest, extras=("coverage",) if goal else ()),
        python=python
        or chosen_python(document, where=str(root / "pyproject.toml"), pinned=manifest.text(".python-version") or ""),
        layout=layout_of(_test_sources(tree, folder, counts), read_categories(root)),
        coverage=goal,
        pyproject=manifest.text("pyproject.toml"),
        noxfile=manifest.text("noxfile.py"),
    )


def _test_sources(tree: Tree, folder: str, counts: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of each test file of the project, without those of projects inside it."""
    inner = [other for other in counts if other not in {folder, "."} and _is_below(other, folder)]
    return {
        path: (tree.data(posixpath.normpath(f"{folder}/{path}")) or b"").decode(errors="replace")
        for path in sorted(tree.below(folder))
        if is_test_file(path) and not any(_is_below(posixpath.normpath(f"{folder}/{path}"), other) for other in inner)
    }


def _is_below(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")
