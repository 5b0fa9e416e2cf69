"""Reads the YAML of others: compose files and workflows. Every value is a string, for nothing here counts."""

import posixpath
import re
from typing import Any

from ci_toolkit.adoption.documents import entries, table
from ci_toolkit.adoption.tree import Tree
from ci_toolkit.adoption.yaml_document import load

_COMPOSE = re.compile(r"(?:docker-)?compose(?:[._-][\w.-]+)?\.ya?ml")
_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")


def compose_files(tree: Tree, folder: str) -> list[str]:
    """Return the compose files in ``folder`` and above it, the nearest first, those for tests before others."""
    found = [path for path in tree.files if _COMPOSE.fullmatch(path.rpartition("/")[2])]
    near = [
        path for path in found if (home := path.rpartition("/")[0]) in {"", folder} or folder.startswith(f"{home}/")
    ]
    return sorted(near, key=lambda path: (-path.count("/"), _purpose(path), path))


def workflow_files(tree: Tree) -> list[str]:
    """Return the paths of the workflows."""
    return sorted(path for path in tree.files if _WORKFLOW.fullmatch(path))


def read_yaml(tree: Tree, path: str) -> Any:
    """Return the document in ``path``, as `load` makes it. Raises ValueError where there is none."""
    text = tree.text(path)
    if text is None:
        raise ValueError("it is no plain file in UTF-8 of at most 1 MiB")
    return load(text)


def job_folders(workflow: Any, job: Any) -> set[str]:
    """Return the folders in which a job of a workflow works, where it says so."""
    named = [table(here, "defaults", "run").get("working-directory") for here in (workflow, job)]
    named += [table(step).get("working-directory") for step in entries(table(job).get("steps"))]
    return {posixpath.normpath(name) for name in named if isinstance(name, str)}


def _purpose(path: str) -> int:
    words = set(re.split(r"[^a-z]+", path.rpartition("/")[2].lower()))
    return (
        0
        if words & {"test", "tests", "testing", "ci"}
        else 2
        if words & {"prod", "production", "staging", "deploy"}
        else 1
    )
