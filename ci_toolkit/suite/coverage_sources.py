"""What becomes of the measured source files when a shard has ended: which are gone, and which the bundle keeps."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from ci_toolkit.model.bundle import SOURCES_FOLDER, KeptSource
from ci_toolkit.suite.bundle import listed
from ci_toolkit.suite.checkout import tracked_files

MOST_KEPT: Final = 500
LARGEST_KEPT: Final = 1024 * 1024
_KEPT: Final = ".kept"
"""Ends the name of a copy, which is no module and no test of the suite."""


def measured_names(data_files: Iterable[Path]) -> frozenset[str]:
    """Return the source files that the coverage data speaks of, as it names them."""
    return frozenset(name for path in data_files for name in _measured(path))


def sources_gone(names: Collection[str], folder: Path) -> tuple[str, ...]:
    """Return those of ``names`` that are no file; ``folder`` is where pytest ran.

    Tests made and removed them, or compiled text under a name of their own, which may also be that of a folder. Of a
    file that is gone later only, the merge says that the sources are missing.
    """
    return tuple(sorted(name for name in names if not (folder / name).is_file()))


def keep_sources(names: Collection[str], folder: Path, bundle: Path) -> tuple[KeptSource, ...]:
    """Copy those of ``names`` into ``bundle`` that git does not track, and return what was copied.

    The checkout of the merge has the others. Such are modules that a build step or a test generates, and files outside
    the repository; without git, all of them. At most MOST_KEPT files of LARGEST_KEPT bytes are kept.
    """
    if not names:
        return ()
    tracked = tracked_files(folder)
    loose = [name for name in sorted(names) if os.path.realpath(folder / name) not in tracked]
    kept = []
    for number, name in enumerate(loose[:MOST_KEPT]):
        source = folder / name
        copy = bundle / SOURCES_FOLDER / str(number) / f"{source.name}{_KEPT}"
        with contextlib.suppress(OSError, ValueError):  # gone, or no name of a file: the merge says what it lacks
            if source.is_file() and source.stat().st_size <= LARGEST_KEPT:
                copy.parent.mkdir(parents=True)
                shutil.copyfile(source, copy)
                kept.append(KeptSource(name=name, copy=listed(copy, bundle)))
    return tuple(kept)


def _measured(path: Path) -> list[str]:
    # By coverage's documented schema (https://coverage.readthedocs.io/en/latest/dbschema.html): to import coverage
    # takes longer than all of this. Damaged data is for the merge to report.
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as data,
    ):
        return [str(name) for (name,) in data.execute("select path from file")]
    return []
