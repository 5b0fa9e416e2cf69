"""A history in a file that the user names; a damaged one is moved aside, never lost."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ci_toolkit.history.schema import damaged
from ci_toolkit.history.sqlite import SqliteHistory
from ci_toolkit.history.store import DamagedHistoryError, HistoryError, HistoryStore

T = TypeVar("T")

_OUR_ENDINGS = (".sqlite", ".sqlite3", ".db")
_MAGIC = b"SQLite format 3\x00"


class FileLocation:
    """The file ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.origin = str(path)

    def open(self) -> HistoryStore | None:
        """Return the history, or None where there is none yet.

        Raises DamagedHistoryError for a broken one, HistoryError for what is no history or of another version.
        """
        if not self.path.exists():
            return None
        _check_kind(self.path)
        return SqliteHistory(self.path)

    def change(self, action: Callable[[HistoryStore], T]) -> tuple[T, str]:
        """Return what ``action`` returns, and what a reader should hear. A missing history is begun.

        A damaged file is moved aside, and a new one begins.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._change(action), ""
        except DamagedHistoryError as error:
            aside = _move_aside(self.path)
            note = f"{error.message}; it was moved to {aside}, and a new history begins" if aside else ""
            return self._change(action), note

    def _change(self, action: Callable[[HistoryStore], T]) -> T:
        if self.path.exists():
            _check_kind(self.path)
        with SqliteHistory(self.path) as history:
            return action(history)


def _check_kind(path: Path) -> None:
    # A wrong --history must not cost the user another file; a damaged one of ours is known by its name.
    if not path.is_file():
        raise HistoryError(f"{path} is not a file", advice="Give the path of a history file with --history.")
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if start in {b"", _MAGIC}:
        return
    if path.name.endswith(_OUR_ENDINGS):
        raise damaged(path, "it does not begin as a history does")
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
