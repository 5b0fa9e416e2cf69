"""The table of compatibility: one row a plugin or option, each a file in rows/ with a tiny suite that uses it."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

ROWS = Path(__file__).parent / "rows"
OUTCOMES, EXIT, COVERAGE, WARNINGS = "outcomes", "exit", "coverage", "warnings"


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A tiny suite that uses a plugin or an option of pytest."""

    name: str = ""
    """The name of its file."""
    tried: str
    """Which options and marks the suite uses, as the page says it."""
    happens: str
    """What a user sees, as the page says it."""
    requires: tuple[str, ...] = ()
    """What is installed besides ci-toolkit; requirements/compat.txt has the versions of those that name none."""
    files: Mapping[str, str]
    """Path to text, of the suite and its settings."""
    options: tuple[str, ...] = ()
    """What both commands are told."""
    variables: Mapping[str, str] = {}
    """What both commands have in their environment."""
    shards: int = 2
    prepare: str = ""
    """A Python program that makes what is no text, run in each copy of the suite first."""
    needs: tuple[str, ...] = ()
    """Programs without which the row is skipped."""
    is_measured: bool = False
    """Whether the suite measures coverage, so that lines and branches are compared."""
    one_row_a_test: bool = False
    """Whether pytest's own JUnit file has several rows for one test (subtests, an error in teardown after a pass)."""
    reports: tuple[str, ...] = ()
    """The report files that the options ask for: ours name the same tests."""
    differs: Mapping[str, str] = {}
    """What is not as under plain pytest (``outcomes``, ``exit``, ``coverage``, ``warnings`` or a report file), and why.

    A report file that differs is not there, and a note of the verdict names it.
    """
    is_short: bool = False
    """Whether it is also a part of the integration tests: it needs nothing that the development tools do not bring."""


def read_rows() -> tuple[Row, ...]:
    """Return the rows in order of their names."""
    return tuple(_read(path) for path in sorted(ROWS.glob("*.toml")))


def _read(path: Path) -> Row:
    row = msgspec.toml.decode(path.read_bytes(), type=Row)
    return msgspec.structs.replace(row, name=path.stem)
