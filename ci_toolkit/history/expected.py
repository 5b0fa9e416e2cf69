"""From a file's last runs to what its tests are expected to take: the latest weighs most."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import msgspec

from ci_toolkit.model.durations import DEFAULT_SPREAD, FileDurations
from ci_toolkit.model.ended import Column, Ended
from ci_toolkit.model.history import FileRun
from ci_toolkit.model.node_id import function_of

_NAMES = msgspec.json.Decoder(tuple[str, ...])
_SECONDS = msgspec.json.Decoder(tuple[float, ...])
_MEASURING = frozenset(map(str, (Ended.PASSED, Ended.FLAKY, Ended.XFAILED, Ended.XPASSED)))
"""Outcomes whose seconds are what the test takes. A failure may come early, or late, at a time limit."""
_UNKNOWN = str(Ended.UNKNOWN)

_DIGITS = re.compile(r"\d+")
_NUMBERED = re.compile(r"\[.*\d", re.DOTALL)

_LEAST_TRUST = 1e-9
"""A run at another level altogether still tells of tests that have not run since."""


class _Table(NamedTuple):
    """One run of a file, read."""

    names: tuple[str, ...]
    seconds: tuple[float, ...]
    outcomes: str
    is_whole: bool


def expected_durations(runs: Iterable[FileRun]) -> Iterator[FileDurations]:
    """Yield what each file is expected to take; ``runs`` come by path, the latest first.

    A file of which no run can be read is left out: it is unknown, not one that holds no test.
    """
    for path, of_path in groupby(runs, key=attrgetter("path")):
        runs_of_path = list(of_path)
        if _read(runs_of_path[:1]) or _read(runs_of_path):
            yield expected_of_file(path, runs_of_path)


def expected_of_file(path: str, runs: Sequence[FileRun]) -> FileDurations:
    """Return what the tests of a file are expected to take; ``runs`` come the latest first.

    Each run weighs as much as all before it together (an exponential mean with 0.5), and less where the file took
    something else altogether then. The tests are those of the latest whole run and what was new since; the others
    are gone. Seconds of a test that did not pass count only where it never passed. A run that cannot be read is
    left out.
    """
    tables = _read(runs)
    imports = [run.import_seconds for run in runs if run.import_seconds is not None]
    if tables and all(not table.outcomes and table.names is tables[0].names for table in tables):
        names = tables[0].names
        sums: Sequence[float] = [sum(table.seconds) for table in tables]
        columns = [table.seconds for table in tables]
        seconds = _mean(columns, [_alike(sums[0], before) for before in sums])
        spreads = tuple([0.5 * (max(times) - min(times)) for times in zip(*columns, strict=True)])
    else:
        names, seconds, spreads, sums = _by_name(tables)
    return FileDurations(
        path=path,
        suffixes=names,
        seconds=seconds,
        spreads=spreads if len(tables) > 1 else (),
        spread=0.5 * (max(sums) - min(sums)) if len(sums) > 1 else None,
        unsettled=_unsettled(tables),
        import_seconds=_mean([(took,) for took in imports], [1.0] * len(imports))[0] if imports else None,
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


def _mean(columns: Sequence[tuple[float, ...]], trust: Sequence[float]) -> tuple[float, ...]:
    """Return the exponential mean of ``columns``, the latest first, each counting by its ``trust``, 1 or less."""
    if len(columns) == 1:
        return columns[0]
    halves = [0.5 ** (age + 1) for age in range(len(columns))]
    halves[-1] *= 2.0
    weights = [half * share for half, share in zip(halves, trust, strict=True)]
    every = sum(weights)
    mean = [0.0] * len(columns[0])
    for weight, column in zip(weights, columns, strict=True):
        part = weight / every
        mean = [so_far + part * seconds for so_far, seconds in zip(mean, column, strict=True)]
    return tuple(mean)


def _alike(latest: float, before: float) -> float:
    """Return how much a run tells in which a file took ``before`` seconds, and now ``latest``: 1 if it was the same.

    That is how likely two runs of a file are to lie so far apart: a bell curve over the ratio of their times, with
    `DEFAULT_SPREAD` for each run. Noise is averaged out, and one slow test hardly counts in the sum of its file. But a
    file that was made three times as fast, or that ran on another kind of machine, is not what it was.
    """
    if latest == before:
        return 1.0
    if not (0.0 < before < math.inf and 0.0 < latest / before < math.inf):  # which also is what cannot be divided
        return _LEAST_TRUST
    return max(_LEAST_TRUST, math.exp(-((math.log(latest / before) / (2.0 * DEFAULT_SPREAD)) ** 2)))


def _by_name(
    tables: Sequence[_Table],
) -> tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...], Sequence[float]]:
    """Return names, seconds, spreads, and what all of them took in each run that has all of them."""
    passed: list[dict[str, float]] = []
    other: dict[str, list[float]] = {}
    for table in tables:
        letters = table.outcomes or Ended.PASSED * len(table.names)
        passed.append({})
        for name, seconds, letter in zip(table.names, table.seconds, letters, strict=True):
            if letter in _MEASURING:
                passed[-1][name] = seconds
            elif letter != _UNKNOWN:
                other.setdefault(name, []).append(seconds)
    trust = [_alike(*_sums_of_both(passed[0], before)) for before in passed]
    means, spreads = {}, []
    for name in _alive(tables):
        known = [(times[name], share) for times, share in zip(passed, trust, strict=True) if name in times]
        known = known or [(seconds, 1.0) for seconds in other.get(name, ())]
        if known:
            (means[name],) = _mean([(seconds,) for seconds, _ in known], [share for _, share in known])
            spreads.append(0.5 * (max(known)[0] - min(known)[0]))
    sums = [sum(times[name] for name in means) for times in passed if times.keys() >= means.keys()]
    return tuple(means), tuple(means.values()), tuple(spreads), sums


def _sums_of_both(latest: Mapping[str, float], before: Mapping[str, float]) -> tuple[float, float]:
    both = latest.keys() & before.keys()
    return sum(latest[name] for name in both), sum(before[name] for name in both)


def _alive(tables: Sequence[_Table]) -> dict[str, None]:
    """Return the names, in order, of the latest whole run and of those after it.

    Of a function that has other ids altogether in a later run, none of the earlier: ids that hold the time of day, or
    a random number, would heap up.
    """
    alive: list[list[str]] = []
    known: dict[str, set[str]] = {}
    for table in tables:
        ids = _ids(table)
        gone = {function for function, of_run in ids.items() if known.get(function, of_run).isdisjoint(of_run)}
        for function in ids.keys() - gone:
            known.setdefault(function, set()).update(ids[function])
        alive.append([name for name in table.names if function_of(name) not in gone])
        if table.is_whole:
            break
    return dict.fromkeys(name for names in reversed(alive) for name in names)


def _unsettled(tables: Sequence[_Table]) -> tuple[str, ...]:
    """Return the functions whose parametrized ids can be others in another process, as far as the runs tell.

    The last two runs that have a function have the same ids of it, or it is unsettled. Tests that were added or removed
    leave the others what they were; but ids that only count up are as many as there happen to be. After a single run
    ids without a digit are taken for words that somebody wrote: times, addresses, uuids and numbers have digits.
    """
    if len(tables) == 1:
        return tuple(sorted({function_of(name) for name in tables[0].names if _may_be_a_number(name)}))
    if all(table.names is tables[0].names for table in tables):
        return ()
    latest: dict[str, set[str]] = {}
    same: dict[str, bool] = {}
    for table in tables:
        for function, ids in _ids(table).items():
            if function not in latest:
                latest[function] = ids
            elif function not in same:
                same[function] = _are_the_same(latest[function], ids)
    for function, ids in latest.items():
        if function not in same:
            same[function] = not any(map(_may_be_a_number, ids))
    return tuple(sorted(function for function, is_same in same.items() if not is_same))


def _may_be_a_number(name: str) -> bool:
    return _NUMBERED.search(name) is not None


def _are_the_same(ids: set[str], before: set[str]) -> bool:
    if ids <= before or before <= ids:
        return ids == before or len({_DIGITS.sub("", name) for name in ids | before}) > 1
    return False


def _ids(table: _Table) -> dict[str, set[str]]:
    ids: dict[str, set[str]] = {}
    for name in table.names:
        ids.setdefault(function_of(name), set()).add(name)
    return ids
