"""Looks at this machine: git, packages, folders, the suite, the history. What it means is judged elsewhere."""

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, entry_points, requires, version
from pathlib import Path
from typing import Final

from ci_toolkit.errors import ExitCode, ToolkitError
from ci_toolkit.git_environment import git_environment
from ci_toolkit.history.locations import location_of
from ci_toolkit.model.record import Record
from ci_toolkit.workflow.category_selection import CategorySelection
from ci_toolkit.workflow.doctor.wishes import Trouble, trouble_of
from ci_toolkit.workflow.planning import find_suite_of

_GIT_SECONDS: Final = 5.0
"""A question to git about a local folder; one that takes longer hangs."""
_REMOTE_SECONDS: Final = 20.0
_SUITE_SECONDS: Final = 60.0
_OF_AN_EXTRA: Final = re.compile(r"\s*([\w.-]+).*;.*\bextra\s*==\s*['\"]([\w.-]+)['\"]")


class GitFacts(Record, frozen=True, kw_only=True):
    """What git says."""

    version: tuple[int, ...] = ()
    """Empty where there is no git."""
    commit: str = ""
    is_shallow: bool = False
    failure: str = ""
    """In git's or the system's words, where it does not answer as it should."""


class FolderFacts(Record, frozen=True, kw_only=True):
    """A folder that runs write to."""

    path: str
    is_writable: bool
    free_mib: int


class HistoryFacts(Record, frozen=True, kw_only=True):
    """What a history holds."""

    origin: str = ""
    """Its name, where it could be opened or begun."""
    file_runs: int | None = None
    """None where there is no history yet."""
    trouble: Trouble | None = None


class SuiteFacts(Record, frozen=True, kw_only=True):
    """The test files that pytest finds."""

    files_by_category: tuple[tuple[str, int], ...] = ()
    services: tuple[str, ...] = ()
    """What the categories of these files need."""
    trouble: Trouble | None = None


def git_facts(folder: Path) -> GitFacts:
    """Ask git for its version and for the checkout around ``folder``."""
    told, failure = _git(folder, "--version")
    numbers = tuple(map(int, re.findall(r"\d+", told)[:3]))
    if failure or not numbers:
        return GitFacts(failure="" if shutil.which("git") is None else failure or f"it calls itself {told!r}")
    commit, failure = _git(folder, "rev-parse", "--verify", "HEAD")
    if failure:
        return GitFacts(version=numbers, failure=failure)
    shallow, _ = _git(folder, "rev-parse", "--is-shallow-repository")
    return GitFacts(version=numbers, commit=commit, is_shallow=shallow == "true")


def _git(folder: Path, *words: str) -> tuple[str, str]:
    """Return what git answers, and why it does not."""
    try:
        done = subprocess.run(
            ["git", *words],  # noqa: S607 (git of the user's PATH)
            cwd=folder,
            env=git_environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except OSError as error:
        return "", error.strerror or str(error)
    except subprocess.TimeoutExpired:
        return "", f"git {words[0]} took over {_GIT_SECONDS:g} s"
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if done.returncode:
        return "", said[0].removeprefix("fatal: ") if said else f"git {words[0]} ended with status {done.returncode}"
    return done.stdout.decode("utf-8", "replace").strip(), ""


def packages_of_extras() -> Mapping[str, Mapping[str, str]]:
    """Return, for each extra of ci-toolkit, its packages with the installed version, or ``""`` where it is not there.

    Nothing where ci-toolkit runs without having been installed.
    """
    extras: dict[str, dict[str, str]] = {}
    try:
        wanted = requires("ci-toolkit") or []
    except PackageNotFoundError:
        wanted = []
    for requirement in wanted:
        if found := _OF_AN_EXTRA.match(requirement):
            extras.setdefault(found[2], {})[found[1]] = _version(found[1])
    return extras


def pytest_plugins() -> tuple[str, ...]:
    """Return the installed plugins of pytest with their versions, ours left out."""
    found = {entry.dist.name: entry.dist.version for entry in entry_points(group="pytest11") if entry.dist is not None}
    return tuple(f"{name} {number}" for name, number in sorted(found.items()) if name != "ci-toolkit")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def folder_facts(path: Path) -> FolderFacts:
    """Say whether ``path`` may be written to, or made; nothing is made here."""
    path = path.absolute()
    there = next((folder for folder in (path, *path.parents) if folder.exists()), Path("/"))
    return FolderFacts(
        path=str(path),
        is_writable=there.is_dir() and os.access(there, os.W_OK | os.X_OK),
        free_mib=shutil.disk_usage(there).free // (1024 * 1024),
    )


def history_facts(history: str, *, has_git: bool) -> HistoryFacts:
    """Open the history and count what it holds; nothing is changed, begun or moved aside."""
    if history.startswith("git:") and not has_git:  # one that hangs would be waited for again and again
        trouble = Trouble(message=f"{history} needs git, see above", advice="", exit_code=int(ExitCode.USAGE))
        return HistoryFacts(trouble=trouble)
    try:
        location = location_of(history, git_seconds=_REMOTE_SECONDS)
        store = location.open()
        if store is None:
            return HistoryFacts(origin=location.origin)
        with store:
            return HistoryFacts(origin=location.origin, file_runs=sum(known.runs for known in store.environments()))
    except ToolkitError as error:
        return HistoryFacts(trouble=trouble_of(error))


def suite_facts(folder: Path, selection: CategorySelection) -> SuiteFacts:
    """Ask pytest for the test files of ``folder``, as each plan does: conftest files are imported, tests are not."""
    try:
        suite = find_suite_of(folder, (), (), selection, seconds=_SUITE_SECONDS)
    except ToolkitError as error:
        return SuiteFacts(trouble=trouble_of(error))
    files = selection.files_of(suite)
    counted = Counter(file.category for file in files)
    return SuiteFacts(files_by_category=tuple(sorted(counted.items())), services=selection.services_of(files))
