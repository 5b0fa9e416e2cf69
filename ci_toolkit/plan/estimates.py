"""From history to what each file of the suite is expected to take."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from ci_toolkit.model.durations import DEFAULT_SPREAD, FileDurations
from ci_toolkit.model.node_id import function_of
from ci_toolkit.model.record import Record
from ci_toolkit.model.suite import SuiteFile
from ci_toolkit.plan.sanitize import DEFAULT_TEST_SECONDS

COSTLY_SETUP = 2.0
"""A file whose setup takes so many times what its tests take is not cut. Two halves would save a quarter of a setup at
most, and pay a whole one again."""

LEAST_SPREAD = 0.05
"""The spread that every file is given at least, as a share of what it takes, however equal its few known runs are."""


class FileEstimate(Record, frozen=True, kw_only=True):
    """What one file is expected to take."""

    path: str
    category: str = ""
    mentions: tuple[str, ...] = ()
    """Further categories that its tests may have, as far as somebody looked."""
    setup_seconds: float = 0.0
    """Import and shared fixtures: paid by every shard that runs any of its tests."""
    seconds: float
    """All its tests together."""
    spread: float = 0.0
    """How far a run may lie from ``seconds``: as past runs show, else a share of it; more without history."""
    suffixes: tuple[str, ...] = ()
    """Its tests: those that history knows, then the new ones, which stand without parameters."""
    each: tuple[float, ...] = ()
    """What each of ``suffixes`` is expected to take."""
    anchors: tuple[str, ...] = ()
    """Its tests in the order of the source, as far as they can be read there."""
    groups: tuple[tuple[str, str], ...] = ()
    """(suffix, xdist_group) of the tests that belong to a group."""
    together: str = ""
    """The same in files that belong in one shard; such a file is never cut."""
    unsettled: frozenset[str] = frozenset()
    """Functions whose parametrized ids may be others in another process: their tests stay together."""
    is_known: bool = False
    """Whether history knows any of its tests."""

    @property
    def weight(self) -> float:
        """What the file takes on one shard."""
        return self.setup_seconds + self.seconds

    @property
    def stays_whole(self) -> bool:
        """Whether all its tests run in one shard: marks link them, or a cut would cost far more than it saves."""
        return bool(self.together) or self.setup_seconds > self.seconds * COSTLY_SETUP

    def group_of(self, suffix: str) -> str:
        """Return the ``xdist_group`` of a test, or ``""``."""
        return next((group for anchor, group in self.groups if anchor in {suffix, function_of(suffix)}), "")


class _Reading(Record, frozen=True, kw_only=True):
    """A file of the suite beside what history says of it."""

    file: SuiteFile
    known: FileDurations | None
    new: tuple[str, ...]
    unsettled: frozenset[str]


def estimate(
    files: Sequence[SuiteFile], durations: Mapping[str, FileDurations], *, is_collected: bool
) -> list[FileEstimate]:
    """Estimate each of ``files``, in their order.

    ``durations`` holds valid numbers only and is keyed by the paths of ``files``. With ``is_collected`` the anchors
    are all the tests that there are, so what history knows beyond them is dead and does not count.
    """
    readings = [_read(file, durations.get(file.path), is_collected=is_collected) for file in files]
    has_unknown = any(reading.known is None for reading in readings)
    function = _function_of_suite(readings) if has_unknown else _NOTHING_KNOWN
    import_seconds = _suite_import_seconds(durations)
    return [_estimate_file(reading, function, import_seconds) for reading in readings]


class _Function(NamedTuple):
    """What a test function takes of which nothing is known but its neighbours."""

    seconds: float
    spread: float


_SKIPPED = _Function(0.0, 0.0)
"""A function of a file that held no test when it last ran: the file skipped itself as a whole."""

_NOTHING_KNOWN = _Function(DEFAULT_TEST_SECONDS, DEFAULT_TEST_SECONDS)


def _function_among(neighbours: Sequence[float]) -> _Function:
    """Return what to expect of one more function beside ``neighbours`` in its file: what the middle one takes.

    A few slow ones rule their mean, and the next function is seldom one of these. But it may be, so its spread is how
    far they lie apart.
    """
    middle = statistics.median(neighbours)
    return _Function(middle, _deviation(neighbours, middle))


def _function_of_suite(readings: Sequence[_Reading]) -> _Function:
    """Return what to expect of each function of an unknown file: the mean, slow ones included.

    Much hangs on a whole file. If it takes longer than planned, one shard pays all of that; if less, each shard
    loses its share of it.
    """
    each = [seconds for reading in readings if reading.known for seconds in _by_function(reading.known).values()]
    if not each:
        return _NOTHING_KNOWN
    mean = math.fsum(each) / len(each)
    return _Function(mean, max(mean, _deviation(each, mean)))


def _deviation(each: Sequence[float], middle: float) -> float:
    return math.sqrt(math.fsum([(took - middle) ** 2 for took in each]) / len(each))


def _read(file: SuiteFile, known: FileDurations | None, *, is_collected: bool) -> _Reading:
    listed = file.anchors if is_collected else ()
    if known is None or not known.suffixes:
        return _Reading(file=file, known=known, new=file.anchors or ("",), unsettled=_differing(listed, ()))
    unsettled = _differing(listed, known.suffixes) if is_collected else frozenset(known.unsettled)
    new = _new_tests(file.anchors, known.suffixes, is_collected=is_collected)
    if is_collected:
        known = _without_dead(known, frozenset(file.anchors))
    if not known.suffixes:
        return _Reading(file=file, known=None, new=file.anchors or ("",), unsettled=unsettled)
    return _Reading(file=file, known=known, new=new, unsettled=unsettled)


def _differing(listed: Sequence[str], known: Sequence[str]) -> frozenset[str]:
    """Return the functions of the tests ``listed`` whose parametrized ids are not all ``known``, and no others."""
    return frozenset([function_of(suffix) for suffix in set(listed) ^ set(known) if "[" in suffix])


def _new_tests(anchors: Sequence[str], suffixes: Sequence[str], *, is_collected: bool) -> tuple[str, ...]:
    names = frozenset(suffixes)
    unseen = () if names.issuperset(anchors) else tuple(anchor for anchor in anchors if anchor not in names)
    if not unseen or is_collected:
        return unseen
    functions = _functions(suffixes)  # an anchor stands without the parameters that history knows
    return tuple(anchor for anchor in unseen if anchor not in functions)


def _functions(suffixes: Sequence[str]) -> frozenset[str]:
    return frozenset([suffix.partition("[")[0] for suffix in suffixes])


def _without_dead(known: FileDurations, alive: frozenset[str]) -> FileDurations:
    if alive.issuperset(known.suffixes):
        return known
    pairs = [(s, t) for s, t in zip(known.suffixes, known.seconds, strict=True) if s in alive]
    return msgspec.structs.replace(
        known,
        suffixes=tuple(suffix for suffix, _ in pairs),
        seconds=tuple(seconds for _, seconds in pairs),
        spreads=(),
        spread=None,
    )


def _by_function(known: FileDurations) -> dict[str, float]:
    taken: dict[str, list[float]] = {}
    for suffix, seconds in zip(known.suffixes, known.seconds, strict=True):
        taken.setdefault(suffix.partition("[")[0], []).append(seconds)
    return {function: math.fsum(each) for function, each in taken.items()}  # the same in whatever order they came


def _suite_import_seconds(durations: Mapping[str, FileDurations]) -> float:
    measured = [file.import_seconds for file in durations.values() if file.import_seconds is not None]
    return statistics.median(measured) if measured else 0.0


def _estimate_file(reading: _Reading, function: _Function, import_seconds: float) -> FileEstimate:
    file, known = reading.file, reading.known
    if known is None or not known.suffixes:
        function = function if known is None else _SKIPPED
        return FileEstimate(
            path=file.path,
            category=file.category,
            mentions=file.mentions,
            setup_seconds=import_seconds if known is None or known.import_seconds is None else known.import_seconds,
            seconds=function.seconds * len(reading.new),
            spread=function.spread * len(reading.new),  # the tests of one file are slow together
            suffixes=reading.new,
            each=(function.seconds,) * len(reading.new),
            anchors=file.anchors,
            groups=file.groups,
            together=file.together,
            unsettled=reading.unsettled,
        )
    total = math.fsum(known.seconds)
    new = _new_functions(reading, known) if reading.new else ()
    of_new = tuple(test.seconds for test in new)
    return FileEstimate(
        path=file.path,
        category=file.category,
        mentions=file.mentions,
        setup_seconds=known.fixture_seconds
        + (import_seconds if known.import_seconds is None else known.import_seconds),
        seconds=math.fsum((total, *of_new)),
        spread=math.fsum((_spread(known, total), *(test.spread for test in new))),
        suffixes=known.suffixes + reading.new,
        each=known.seconds + of_new,
        anchors=file.anchors,
        groups=file.groups,
        together=file.together,
        unsettled=reading.unsettled,
        is_known=True,
    )


def _spread(known: FileDurations, total: float) -> float:
    return DEFAULT_SPREAD * total if known.spread is None else max(known.spread, LEAST_SPREAD * total)


def _new_functions(reading: _Reading, known: FileDurations) -> tuple[_Function, ...]:
    of_file = _function_among([*_by_function(known).values()])
    families: dict[str, list[float]] = {function_of(suffix): [] for suffix in reading.new}
    for suffix, seconds in zip(known.suffixes, known.seconds, strict=True):
        family = families.get(function_of(suffix))
        if family is not None:
            family.append(seconds)
    found = {function: _function_among(family) for function, family in families.items() if family}
    return tuple(found.get(function_of(suffix), of_file) for suffix in reading.new)
