"""Opens the history that a user names, and puts a damaged one aside without losing it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ci_toolkit.history.sqlite import SqliteHistory
from ci_toolkit.history.store import DamagedHistoryError, HistoryError, HistoryStore
from ci_toolkit.model.history import RunRecord

DEFAULT = ".ci-toolkit/history.sqlite"
_OUR_ENDINGS = (".sqlite", ".sqlite3", ".db")
_MAGIC = b"SQLite format 3\x00"


def open_history(target: str) -> HistoryStore | None:
    """Return the history ``target``, or None where there is none yet.

    Raises DamagedHistoryError for a broken one, HistoryError for what is no history or of another version.
    """
    path = Path(target)
    if not path.exists():
        return None
    _check_kind(path)
    return SqliteHistory(path)


def add_run(target: str, run: RunRecord, *, now: float) -> tuple[int, str]:
    """Add ``run`` to the history ``target``; return how many file runs were new, and what a reader should hear.

    A damaged file is moved aside, and the run begins a new one.
    """
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _add(path, run, now), ""
    except DamagedHistoryError as error:
        aside = _move_aside(path)
        told = f"{error.message}; it was moved to {aside}, and a new history begins" if aside else ""
        return _add(path, run, now), told


def _add(path: Path, run: RunRecord, now: float) -> int:
    if path.exists():
        _check_kind(path)
    with SqliteHistory(path) as history:
        return history.add(run, now=now)


def _check_kind(path: Path) -> None:
    # A wrong --history must not cost the user another file; a damaged one of ours is told by its name.
    if not path.is_file():
        raise HistoryError(f"{path} is no file", advice="Give the path of a history file with --history.")
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if start in {b"", _MAGIC}:
        return
    if path.name.endswith(_OUR_ENDINGS):
        raise DamagedHistoryError(f"{path} is damaged (it does not begin as a history does)")
    raise HistoryError(
        f"{path} is not a history", advice="Give a file that `ci-toolkit` wrote, or a new name ending in .sqlite."
    )


def _move_aside(path: Path) -> Path | None:
    with _only_one_at_a_time(path):
        if not _is_damaged(path):
            return None  # another merge has just done it
        taken = 1
        while (aside := path.with_name(f"{path.name}.damaged-{taken}")).exists():
            taken += 1
        journal = path.with_name(f"{path.name}-journal")
        if journal.exists():  # it would be applied to the new file
            journal.rename(aside.with_name(f"{aside.name}-journal"))
        path.rename(aside)
        return aside


def _is_damaged(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        _check_kind(path)
        with SqliteHistory(path) as history:
            return not history.is_sound()
    except DamagedHistoryError:
        return True


@contextmanager
def _only_one_at_a_time(path: Path) -> Iterator[None]:
    folder = os.open(path.parent, os.O_RDONLY)  # locked itself, so that no lock file is left behind
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
