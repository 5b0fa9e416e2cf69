"""Finds which commit of ci-toolkit's repository has the workflow that belongs to this installation."""

import json
import re
from importlib import metadata, resources
from pathlib import Path

import ci_toolkit
from ci_toolkit.adoption.errors import AdoptionError
from ci_toolkit.suite.checkout import commit_of

REPOSITORY = "ci-toolkit/ci-toolkit"
_COMMIT = re.compile(r"[0-9a-f]{40}")


def installed_commit() -> str:
    """Return the 40 digits of the commit that this installation was made of, or ``""`` where nothing says it.

    A distribution carries it in a file; what pip installed from a repository is described by its ``direct_url.json``;
    a checkout is asked itself.
    """
    return next((found for found in (_built(), _from_repository(), _of_checkout()) if _COMMIT.fullmatch(found)), "")


def commit_named(text: str) -> str:
    """Return ``text``. Raises AdoptionError unless it is a whole commit id, for a part of one pins nothing."""
    if not _COMMIT.fullmatch(text):
        raise AdoptionError(f"'{text}' is no commit id of 40 digits", advice="`git rev-parse TAG` prints it.")
    return text


def _built() -> str:
    file = resources.files(ci_toolkit) / "adoption" / "commit.txt"
    return file.read_text(encoding="ascii").strip() if file.is_file() else ""


def _from_repository() -> str:
    try:
        told = json.loads(metadata.distribution("ci-toolkit").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return ""
    source = told.get("vcs_info", {}) if isinstance(told, dict) else {}
    return str(source.get("commit_id", ""))


def _of_checkout() -> str:
    folder = Path(ci_toolkit.__file__).resolve().parents[1]
    return commit_of(folder) if (folder / ".git").exists() else ""
