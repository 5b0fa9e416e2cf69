"""Which measured source files are gone when a shard has ended."""

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path


def sources_gone(data_files: Iterable[Path], folder: Path) -> tuple[str, ...]:
    """Return the files, as the coverage data names them, that are not there; ``folder`` is where pytest ran.

    Tests made and removed them. Of a file that is gone later only, the merge says that the sources are missing.
    """
    measured = {name for path in data_files for name in _measured(path)}
    return tuple(sorted(name for name in measured if not (folder / name).exists()))


def _measured(path: Path) -> list[str]:
    # By coverage's documented schema (https://coverage.readthedocs.io/en/latest/dbschema.html): to import coverage
    # takes longer than all of this. Damaged data is for the merge to report.
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as data,
    ):
        return [str(name) for (name,) in data.execute("select path from file")]
    return []
