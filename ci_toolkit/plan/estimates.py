"""From history to what each file of the suite is expected to take."""

import math
import statistics
from collections.abc import Mapping, Sequence

from ci_toolkit.model.durations import FileDurations
from ci_toolkit.model.plan import function_of
from ci_toolkit.model.record import Record
from ci_toolkit.model.suite import SuiteFile
from ci_toolkit.plan.sound import DEFAULT_TEST_SECONDS


class FileEstimate(Record, frozen=True, kw_only=True):
    """What one file is expected to take."""

    path: str
    category: str = ""
    landing_seconds: float = 0.0
    """Import and shared fixtures: paid by every shard that runs any of its tests."""
    seconds: float
    """All its tests together."""
    spread: float = 0.0
    """How far ``seconds`` usually strays."""
    suffixes: tuple[str, ...] = ()
    """Its tests: those that history knows, then the new ones, which stand without parameters."""
    each: tuple[float, ...] = ()
    """What each of ``suffixes`` is expected to take."""
    anchors: tuple[str, ...] = ()
    """Its tests in the order of the source, as far as they can be read there."""
    groups: tuple[tuple[str, str], ...] = ()
    """(suffix, xdist_group) of the tests that belong to a group."""
    is_known: bool = False
    """Whether history knows any of its tests."""

    @property
    def weight(self) -> float:
        """What the file takes on one shard."""
        return self.landing_seconds + self.seconds


class _Reading(Record, frozen=True, kw_only=True):
    """A file of the suite beside what history says of it."""

    file: SuiteFile
    known: FileDurations | None
    functions: frozenset[str]
    new: tuple[str, ...]


def estimate(
    files: Sequence[SuiteFile], durations: Mapping[str, FileDurations], *, is_collected: bool
) -> list[FileEstimate]:
    """Estimate each of ``files``, in their order.

    ``durations`` is mended and keyed by the paths of ``files``. With ``is_collected`` the anchors are all the
    tests that there are, so what history knows beyond them is dead and does not count.
    """
    readings = [_read(file, durations.get(file.path), is_collected=is_collected) for file in files]
    function_seconds = _suite_function_seconds(readings)
    import_seconds = _suite_import_seconds(durations)
    return [_estimate_file(reading, function_seconds, import_seconds) for reading in readings]


def _read(file: SuiteFile, known: FileDurations | None, *, is_collected: bool) -> _Reading:
    if known is None or not known.suffixes:
        return _Reading(file=file, known=None, functions=frozenset(), new=file.anchors or ("",))
    if is_collected:
        known = _without_dead(known, frozenset(file.anchors))
        names = frozenset(known.suffixes)
        functions = frozenset(map(function_of, names))
        return _Reading(file=file, known=known, functions=functions, new=_missing(file.anchors, names))
    functions = frozenset([suffix.partition("[")[0] for suffix in known.suffixes])
    return _Reading(file=file, known=known, functions=functions, new=_missing(file.anchors, functions))


def _missing(anchors: Sequence[str], known: frozenset[str]) -> tuple[str, ...]:
    return () if known.issuperset(anchors) else tuple(anchor for anchor in anchors if anchor not in known)


def _without_dead(known: FileDurations, alive: frozenset[str]) -> FileDurations:
    pairs = [(s, t) for s, t in zip(known.suffixes, known.seconds, strict=True) if s in alive]
    return FileDurations(
        path=known.path,
        suffixes=tuple(suffix for suffix, _ in pairs),
        seconds=tuple(seconds for _, seconds in pairs),
        import_seconds=known.import_seconds,
        fixture_seconds=known.fixture_seconds,
    )


def _suite_function_seconds(readings: Sequence[_Reading]) -> float:
    functions = sum(len(reading.functions) for reading in readings)
    if not functions:
        return DEFAULT_TEST_SECONDS
    return math.fsum(math.fsum(reading.known.seconds) for reading in readings if reading.known) / functions


def _suite_import_seconds(durations: Mapping[str, FileDurations]) -> float:
    measured = [file.import_seconds for file in durations.values() if file.import_seconds is not None]
    return statistics.median(measured) if measured else 0.0


def _estimate_file(reading: _Reading, function_seconds: float, import_seconds: float) -> FileEstimate:
    file, known = reading.file, reading.known
    if known is None:
        return FileEstimate(
            path=file.path,
            category=file.category,
            landing_seconds=import_seconds,
            seconds=function_seconds * len(reading.new),
            suffixes=reading.new,
            each=(function_seconds,) * len(reading.new),
            anchors=file.anchors,
            groups=file.groups,
        )
    total = math.fsum(known.seconds)
    of_new = _new_seconds(reading, total, function_seconds)
    return FileEstimate(
        path=file.path,
        category=file.category,
        landing_seconds=known.fixture_seconds
        + (import_seconds if known.import_seconds is None else known.import_seconds),
        seconds=math.fsum((total, *of_new)),
        spread=math.sqrt(math.fsum([spread * spread for spread in known.spreads])),
        suffixes=known.suffixes + reading.new,
        each=known.seconds + of_new,
        anchors=file.anchors,
        groups=file.groups,
        is_known=bool(known.suffixes),
    )


def _new_seconds(reading: _Reading, total: float, function_seconds: float) -> tuple[float, ...]:
    if not reading.new:
        return ()
    assert reading.known is not None
    of_file = total / len(reading.functions) if reading.functions else function_seconds
    families: dict[str, list[float]] = {function_of(suffix): [] for suffix in reading.new}
    for suffix, seconds in zip(reading.known.suffixes, reading.known.seconds, strict=True):
        family = families.get(function_of(suffix))
        if family is not None:
            family.append(seconds)
    means = {function: math.fsum(family) / len(family) for function, family in families.items() if family}
    return tuple(means.get(function_of(suffix), of_file) for suffix in reading.new)
