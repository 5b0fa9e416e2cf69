"""From history to what each file of the suite is expected to take."""

import math
import statistics
from collections.abc import Mapping, Sequence

from ci_toolkit.model.durations import FileDurations
from ci_toolkit.model.node_id import function_of
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
    """How far ``seconds`` usually strays; a test without history strays as far as it takes."""
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

    def group_of(self, suffix: str) -> str:
        """Return the ``xdist_group`` of a test, or ``""``."""
        return next((group for anchor, group in self.groups if anchor in {suffix, function_of(suffix)}), "")


class _Reading(Record, frozen=True, kw_only=True):
    """A file of the suite beside what history says of it."""

    file: SuiteFile
    known: FileDurations | None
    new: tuple[str, ...]


def estimate(
    files: Sequence[SuiteFile], durations: Mapping[str, FileDurations], *, is_collected: bool
) -> list[FileEstimate]:
    """Estimate each of ``files``, in their order.

    ``durations`` is mended and keyed by the paths of ``files``. With ``is_collected`` the anchors are all the
    tests that there are, so what history knows beyond them is dead and does not count.
    """
    readings = [_read(file, durations.get(file.path), is_collected=is_collected) for file in files]
    has_new = any(reading.new for reading in readings)
    function_seconds = _suite_function_seconds(readings) if has_new else DEFAULT_TEST_SECONDS
    import_seconds = _suite_import_seconds(durations)
    return [_estimate_file(reading, function_seconds, import_seconds) for reading in readings]


def _read(file: SuiteFile, known: FileDurations | None, *, is_collected: bool) -> _Reading:
    if known is not None and is_collected:
        known = _without_dead(known, frozenset(file.anchors))
    if known is None or not known.suffixes:
        return _Reading(file=file, known=None, new=file.anchors or ("",))
    return _Reading(file=file, known=known, new=_new_tests(file.anchors, known.suffixes, is_collected=is_collected))


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
    pairs = [(s, t) for s, t in zip(known.suffixes, known.seconds, strict=True) if s in alive]
    return FileDurations(
        path=known.path,
        suffixes=tuple(suffix for suffix, _ in pairs),
        seconds=tuple(seconds for _, seconds in pairs),
        import_seconds=known.import_seconds,
        fixture_seconds=known.fixture_seconds,
    )


def _suite_function_seconds(readings: Sequence[_Reading]) -> float:
    known = [reading.known for reading in readings if reading.known]
    if not known:
        return DEFAULT_TEST_SECONDS
    return math.fsum(math.fsum(file.seconds) for file in known) / sum(len(_functions(file.suffixes)) for file in known)


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
            spread=function_seconds * math.sqrt(len(reading.new)),
            suffixes=reading.new,
            each=(function_seconds,) * len(reading.new),
            anchors=file.anchors,
            groups=file.groups,
        )
    total = math.fsum(known.seconds)
    of_new = _new_seconds(reading, total)
    return FileEstimate(
        path=file.path,
        category=file.category,
        landing_seconds=known.fixture_seconds
        + (import_seconds if known.import_seconds is None else known.import_seconds),
        seconds=math.fsum((total, *of_new)),
        spread=math.sqrt(math.fsum([spread * spread for spread in (*known.spreads, *of_new)])),
        suffixes=known.suffixes + reading.new,
        each=known.seconds + of_new,
        anchors=file.anchors,
        groups=file.groups,
        is_known=True,
    )


def _new_seconds(reading: _Reading, total: float) -> tuple[float, ...]:
    if not reading.new:
        return ()
    assert reading.known is not None
    of_file = total / len(_functions(reading.known.suffixes))
    families: dict[str, list[float]] = {function_of(suffix): [] for suffix in reading.new}
    for suffix, seconds in zip(reading.known.suffixes, reading.known.seconds, strict=True):
        family = families.get(function_of(suffix))
        if family is not None:
            family.append(seconds)
    means = {function: math.fsum(family) / len(family) for function, family in families.items() if family}
    return tuple(means.get(function_of(suffix), of_file) for suffix in reading.new)
