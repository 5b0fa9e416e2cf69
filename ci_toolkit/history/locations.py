"""Where history can be kept, by the name that the user gives: a file, ``git:BRANCH``, ``postgresql://...``."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol, TypeVar

from ci_toolkit.history.branch_location import GIT_SECONDS, BranchLocation
from ci_toolkit.history.database_location import SCHEMES, DatabaseLocation
from ci_toolkit.history.file_location import FileLocation
from ci_toolkit.history.store import HistoryError, HistoryStore, Pruned
from ci_toolkit.model.history import RunRecord

T = TypeVar("T")

DEFAULT = ".ci-toolkit/history.sqlite"
_BRANCH = "git:"


class HistoryLocation(Protocol):
    """A location that holds one history, or none yet."""

    origin: str
    """Its name, as it may be shown."""

    def open(self) -> HistoryStore | None:
        """Return the history to read from, or None where there is none yet."""

    def change(self, action: Callable[[HistoryStore], T]) -> tuple[T, str]:
        """Return what ``action`` returns, and what a reader should hear. A missing history is begun."""


def location_of(target: str, *, git_seconds: float = GIT_SECONDS) -> HistoryLocation:
    """Return the location that ``target`` names; ``git_seconds`` is what each step of git may take.

    Raises HistoryError for a kind that is not known.
    """
    if target.startswith(_BRANCH):
        return BranchLocation(target.removeprefix(_BRANCH), Path.cwd(), git_seconds=git_seconds)
    kind, mark, _ = target.partition("://")
    if mark and kind in SCHEMES:
        return DatabaseLocation(target)
    if mark:
        raise HistoryError(
            f"a history cannot be kept in {kind}://", advice="Give a file, git:BRANCH or postgresql://..."
        )
    return FileLocation(Path(target))


def shown(target: str) -> str:
    """Return the name of the history ``target`` without what must not be shown."""
    return location_of(target).origin


def open_history(target: str) -> HistoryStore | None:
    """Return the history ``target``, or None where there is none yet."""
    return location_of(target).open()


def add_run(target: str, run: RunRecord, *, now: float) -> tuple[int, str]:
    """Add ``run`` to the history ``target``; return how many file runs were new, and what a reader should hear."""
    return location_of(target).change(lambda store: store.add(run, now=now))


def prune_history(target: str, *, gone: Collection[str], before: float) -> Pruned:
    """Forget the files ``gone`` and every run from before ``before``."""
    pruned, _ = location_of(target).change(lambda store: store.prune(gone=gone, before=before))
    return pruned
