"""What `ci-toolkit init` would do to a file, and what becomes of it, as values."""

import difflib
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file as it is to be."""

    path: str
    """Relative to the repository's top."""
    before: str | None
    """None where there is no such file."""
    after: str
    adds_only: bool = False
    """Whether everything that was there stays: such a change needs no leave."""


class Fate(StrEnum):
    """What becomes of a file."""

    WRITTEN = "written"
    CHANGED = "changed"
    SAME = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One file to write, or to leave as it is."""

    path: str
    """Relative to the repository's top."""
    fate: Fate
    before: bytes | None
    after: bytes
    beside: str = ""
    """The file that this one would have replaced."""


def diff(path: str, before: str | None, after: str) -> str:
    """Return the difference as `git apply` takes it; empty where there is none."""
    lines = difflib.unified_diff(
        [] if before is None else before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        "/dev/null" if before is None else f"a/{path}",
        f"b/{path}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
