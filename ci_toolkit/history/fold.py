"""From a file's last runs to what its tests are expected to take: the latest weighs most."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import msgspec

from ci_toolkit.model.durations import FileDurations
from ci_toolkit.model.history import Column, Ended, FileRun

_NAMES = msgspec.json.Decoder(tuple[str, ...])
_SECONDS = msgspec.json.Decoder(tuple[float, ...])
_TELLING = frozenset(map(str, (Ended.PASSED, Ended.FLAKY, Ended.XFAILED, Ended.XPASSED)))
"""Outcomes whose seconds are what the test takes. A failure may come early, or late, at a time limit."""
_UNKNOWN = str(Ended.UNKNOWN)


class _Table(NamedTuple):
    """One run of a file, read."""

    names: tuple[str, ...]
    seconds: tuple[float, ...]
    outcomes: str
    is_whole: bool


def fold_files(runs: Iterable[FileRun]) -> Iterator[FileDurations]:
    """Yield what each file is expected to take; ``runs`` come by path, the latest first."""
    for path, of_path in groupby(runs, key=attrgetter("path")):
        yield fold(path, list(of_path))


def fold(path: str, runs: Sequence[FileRun]) -> FileDurations:
    """Return what the tests of a file are expected to take; ``runs`` come the latest first.

    Each run weighs as much as all before it together: an exponential mean with 0.5. The tests are those of the
    latest whole run and what was new since; the others are gone. Seconds of a test that did not pass count only
    where it never passed. A run that cannot be read is left out.
    """
    tables = _read(runs)
    imported, _ = _mean([(run.import_seconds,) for run in runs if run.import_seconds is not None])
    if tables and all(not table.outcomes and table.names is tables[0].names for table in tables):
        names = tables[0].names
        seconds, spreads = _mean([table.seconds for table in tables])
    else:
        names, seconds, spreads = _by_name(tables)
    return FileDurations(
        path=path,
        suffixes=names,
        seconds=seconds,
        spreads=spreads if len(tables) > 1 else (),
        import_seconds=imported[0] if imported else None,
    )


def _read(runs: Sequence[FileRun]) -> list[_Table]:
    tables = []
    read: dict[Column, tuple[str, ...]] = {}
    for run in runs:
        try:
            names = read.get(run.suffixes)
            if names is None:
                names = read[run.suffixes] = _NAMES.decode(run.suffixes)
            seconds = _SECONDS.decode(run.seconds)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if len(names) == len(seconds) == len(run.outcomes or names):
            tables.append(_Table(names, seconds, run.outcomes, run.is_whole))
    return tables


def _mean(columns: Sequence[tuple[float, ...]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the exponential mean of ``columns``, the latest first, and half the way from shortest to longest."""
    if not columns:
        return (), ()
    mean = columns[-1]
    for column in reversed(columns[:-1]):
        mean = tuple([0.5 * (new + old) for new, old in zip(column, mean, strict=True)])
    return mean, tuple([0.5 * (max(times) - min(times)) for times in zip(*columns, strict=True)])


def _by_name(tables: Sequence[_Table]) -> tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]]:
    passed: dict[str, list[tuple[float]]] = {}
    other: dict[str, list[tuple[float]]] = {}
    for table in tables:
        letters = table.outcomes or Ended.PASSED * len(table.names)
        for name, seconds, letter in zip(table.names, table.seconds, letters, strict=True):
            if letter != _UNKNOWN:
                (passed if letter in _TELLING else other).setdefault(name, []).append((seconds,))
    names = [name for name in _alive(tables) if name in passed or name in other]
    means = [_mean(passed.get(name) or other[name]) for name in names]
    return tuple(names), tuple(mean for (mean,), _ in means), tuple(spread for _, (spread,) in means)


def _alive(tables: Sequence[_Table]) -> dict[str, None]:
    """Return the names, in order, of the latest whole run and of those after it."""
    alive: list[_Table] = []
    for table in tables:
        alive.append(table)
        if table.is_whole:
            break
    return dict.fromkeys(name for table in reversed(alive) for name in table.names)
