"""Writes the changes: looks at every place first, follows no link, and replaces a file as a whole or not at all."""

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from ci_toolkit.adoption.change import Change, Fate, Step
from ci_toolkit.adoption.errors import AdoptionError
from ci_toolkit.errors import InfrastructureError
from ci_toolkit.files import open_regular, replace_file

BESIDE = ".new"
"""What follows the name of a file that stands beside the one that it would have replaced."""


def planned_steps(top: Path, changes: Sequence[Change], may_replace: Callable[[str], bool]) -> tuple[Step, ...]:
    """Return what is to be written below ``top``; writes nothing.

    ``may_replace`` is asked for the path of each file that would lose something; without leave the new file stands
    beside it. Raises AdoptionError where a place is a link or no plain file, and OSError where it cannot be read.
    """
    return tuple(_step(top, change, may_replace) for change in changes)


def write(top: Path, steps: Sequence[Step]) -> None:
    """Write what is new in ``steps``. Raises InfrastructureError where the machine refuses a file."""
    pending = [step for step in steps if step.fate is not Fate.SAME]
    for step in pending:
        _check_writable(top, step.path)
    for number, step in enumerate(pending):
        path = top / step.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, step.after, mode=0o644 if step.before is None else stat.S_IMODE(path.lstat().st_mode))
        except OSError as error:
            raise _refused(path, error.strerror, [done.path for done in pending[:number]]) from error


def _step(top: Path, change: Change, may_replace: Callable[[str], bool]) -> Step:
    there, after = _content(top, change.path), change.after.encode()
    adds = change.adds_only and change.before is not None and there == change.before.encode()
    if there is None or there == after or adds or may_replace(change.path):
        return Step(path=change.path, fate=_fate(there, after), before=there, after=after)
    path = change.path + BESIDE
    there = _content(top, path)
    if there not in {None, after}:
        raise AdoptionError(
            f"{top / path} is there, and not what would be written now",
            advice=f"Take what you need of it into {change.path}, remove it, and run this again.",
        )
    return Step(path=path, fate=_fate(there, after), before=there, after=after, beside=change.path)


def _fate(there: bytes | None, after: bytes) -> Fate:
    return Fate.WRITTEN if there is None else Fate.SAME if there == after else Fate.CHANGED


def _content(top: Path, path: str) -> bytes | None:
    """Return what is in the file; None where there is none. Raises AdoptionError where no plain file can be."""
    here = top
    parts = path.split("/")
    for number, part in enumerate(parts, start=1):
        here /= part
        try:
            mode = here.lstat().st_mode
        except FileNotFoundError:
            return None
        wanted, fits = ("plain file", stat.S_ISREG) if number == len(parts) else ("folder", stat.S_ISDIR)
        if stat.S_ISLNK(mode):
            raise AdoptionError(f"{here} is a link", advice=f"Nothing is written through a link. Put a {wanted} there.")
        if not fits(mode):
            raise AdoptionError(f"{here} is no {wanted}", advice="Move it away, and run this again.")
    with open_regular(here) as file:
        return file.read()


def _check_writable(top: Path, path: str) -> None:
    """Raise InfrastructureError before anything is written, where the folder of ``path`` cannot take it."""
    folder = (top / path).parent
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _refused(folder, "no permission", [])


def _refused(path: Path, reason: str | None, done: list[str]) -> InfrastructureError:
    return InfrastructureError(
        f"{path} cannot be written: {reason}; written so far: {', '.join(done) or 'nothing'}",
        advice="Mend the permissions or the disk, and run this again: what is there already stays as it is.",
    )
