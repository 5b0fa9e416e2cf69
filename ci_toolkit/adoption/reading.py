"""Reads a repository: asks git, then the files of each project, and hands on what they say as one value."""

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

from ci_toolkit.adoption.coverage_goal import coverage_goal
from ci_toolkit.adoption.django import django_settings
from ci_toolkit.adoption.errors import AdoptionError
from ci_toolkit.adoption.found_services import found_services, services_of_settings
from ci_toolkit.adoption.installation import installation
from ci_toolkit.adoption.job_variables import job_variables
from ci_toolkit.adoption.layout import layout_of
from ci_toolkit.adoption.manifest import Manifest
from ci_toolkit.adoption.projects import chosen_projects, count_tests, is_test_file
from ci_toolkit.adoption.python_version import SUPPORTED, chosen_python
from ci_toolkit.adoption.release import REPOSITORY
from ci_toolkit.adoption.repository import Project, Repository
from ci_toolkit.adoption.tree import Tree, branch_named, default_branch, read_tree
from ci_toolkit.adoption.yaml_files import workflow_files
from ci_toolkit.config.categories import read_categories
from ci_toolkit.config.project import nearest, read_pyproject

_WORKFLOW = ".github/workflows/ci-toolkit.yml"
_OURS = f"{REPOSITORY}/.github/"
"""What a workflow that calls ours says."""
_ENGINE_CLIENT = "docker>=7.1"
"""What containers need. The extra `services` would also bring clients, which a suite may have in older versions."""


def read_repository(start: Path, *, folders: Sequence[str] = (), branch: str = "", python: str = "") -> Repository:
    """Return what the repository around ``start`` is; ``folders`` (relative to ``start``) are the projects to take.

    ``branch`` and ``python`` stand in the place of what would be found. Raises AdoptionError, and ConfigurationError
    for a pyproject.toml that cannot be read.
    """
    if python and python not in SUPPORTED:
        raise AdoptionError(f"ci-toolkit does not run on Python '{python}'", advice=f"Use {', '.join(SUPPORTED)}.")
    tree = read_tree(start)
    reader = _Reader(tree)
    chosen, others = reader.choose(start, folders)
    projects = tuple(reader.project(folder, python, is_alone=len(chosen) == 1) for folder in chosen)
    return Repository(
        top=tree.top,
        branch=branch_named(tree.top, branch) if branch else default_branch(tree.top),
        projects=projects,
        workflow_path=reader.workflow,
        workflow=tree.text(reader.workflow),
        others=others,
        notes=tuple(dict.fromkeys(reader.notes)),
    )


class _Reader:
    """Reads the projects of ``tree``, and notes what it could not read."""

    def __init__(self, tree: Tree) -> None:
        self.notes: list[str] = []
        self._tree = tree
        self._tests = count_tests(tree.files)
        calling = (path for path in workflow_files(tree) if _OURS in (tree.text(path) or ""))
        self.workflow = next(calling, _WORKFLOW)
        """The file that calls our workflow, or is to call it."""

    def choose(self, start: Path, folders: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the folders of the projects that get a job, and those of further ones. Raises AdoptionError."""
        if folders:
            return tuple(dict.fromkeys(self._named(start, name) for name in folders)), ()
        chosen, others = chosen_projects(self._tests)
        if not chosen:
            raise AdoptionError(
                f"{self._tree.top} holds no Python project with tests",
                advice="Name the folders: `ci-toolkit init FOLDER`. A project has a pyproject.toml or a setup.py.",
            )
        return chosen, others

    def project(self, folder: str, python: str, *, is_alone: bool) -> Project:
        """Return the project in ``folder``. Raises AdoptionError, and ConfigurationError."""
        tree, root = self._tree, self._tree.top / folder
        document = read_pyproject(root)
        manifest = Manifest(tree=tree, folder=folder, document=document)
        goal = coverage_goal(document, manifest.text)
        services = services_of_settings(root) or found_services(
            tree, folder, is_alone=is_alone, ours=self.workflow, note=self.notes.append
        )
        if not python:
            pinned = manifest.text(".python-version") or ""
            python = chosen_python(document, where=str(root / "pyproject.toml"), pinned=pinned)
        return Project(
            folder=folder,
            installation=installation(
                manifest,
                python=python,
                extras=("coverage",) if goal else (),
                beside=(_ENGINE_CLIENT,) if services else (),
            ),
            python=python,
            layout=layout_of(self._sources(folder), read_categories(root)),
            services=services,
            variables=job_variables(tree, folder, is_alone=is_alone, ours=self.workflow, note=self.notes.append),
            django=django_settings(manifest),
            coverage=goal,
            pyproject=manifest.text("pyproject.toml"),
            noxfile=manifest.text("noxfile.py"),
        )

    def _named(self, start: Path, name: str) -> str:
        """Return the folder that ``name`` is, seen from ``start``, relative to the repository's top."""
        path = Path(os.path.normpath(start / name))
        if not path.is_relative_to(self._tree.top):
            raise AdoptionError(f"{path} is not in the repository {self._tree.top}", advice="Name a folder inside it.")
        folder = path.relative_to(self._tree.top).as_posix()
        if not self._tree.below(folder):
            known = [each for each, tests in self._tests.items() if tests and each != "."]
            raise AdoptionError(
                f"{path} is no folder with files that git knows",
                advice=nearest(folder, known, "projects")
                if known
                else "Name a folder with tests, or none for the top.",
            )
        return folder

    def _sources(self, folder: str) -> dict[str, str]:
        """Return the text of each test file of the project, without those of projects inside it."""
        inner = [other for other in self._tests if other not in {folder, "."} and _is_below(other, folder)]
        paths = {path: posixpath.normpath(f"{folder}/{path}") for path in sorted(self._tree.below(folder))}
        return {
            path: (self._tree.data(whole) or b"").decode(errors="replace")
            for path, whole in paths.items()
            if is_test_file(path) and not any(_is_below(whole, other) for other in inner)
        }


def _is_below(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")
