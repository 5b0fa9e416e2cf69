"""What a history holds, for people: environments, the slowest files and tests, and what did not pass."""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter

from ci_toolkit.history.expected import expected_durations
from ci_toolkit.history.flake_costs import FlakeCosts, flake_costs
from ci_toolkit.history.store import HistoryStore, KnownEnvironment
from ci_toolkit.model.durations import FileDurations
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.history import Incident
from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.record import Record


class FileOverview(Record, frozen=True, kw_only=True):
    """What one file is expected to take."""

    path: str
    tests: int
    seconds: float
    import_seconds: float | None


class TestOverview(Record, frozen=True, kw_only=True):
    """What one test is expected to take."""

    __test__ = False  # not for pytest, whatever the name

    node_id: str
    seconds: float
    spread: float | None
    """How far its runs lie apart, or None if it ran once."""


class UnsteadyTest(Record, frozen=True, kw_only=True):
    """A test that did not simply pass."""

    node_id: str
    failed: int
    flaky: int


class Overview(Record, frozen=True, kw_only=True):
    """What a history holds."""

    origin: str
    environments: tuple[KnownEnvironment, ...]
    shown: str
    """The environment that the rest is about."""
    files: int = 0
    tests: int = 0
    seconds: float = 0.0
    slowest_files: tuple[FileOverview, ...] = ()
    slowest_tests: tuple[TestOverview, ...] = ()
    unsteady: tuple[UnsteadyTest, ...] = ()
    costs: FlakeCosts = FlakeCosts()


def overview(store: HistoryStore, environment: str, *, top: int) -> Overview:
    """Return what ``store`` holds, with the ``top`` slowest of ``environment``."""
    with store.outcomes() as outcomes:
        costs = flake_costs(outcomes, environment, top=top)
    files = list(expected_durations(store.file_runs(environment)))
    return Overview(
        origin=store.origin,
        environments=store.environments(),
        shown=environment,
        files=len(files),
        tests=sum(len(file.suffixes) for file in files),
        seconds=round(sum(sum(file.seconds) for file in files), 6),
        slowest_files=tuple(sorted(map(_file_overview, files), key=lambda file: (-file.seconds, file.path))[:top]),
        slowest_tests=_slowest(files, top),
        unsteady=_unsteady(store.incidents(), environment)[:top],
        costs=costs,
    )


def _file_overview(file: FileDurations) -> FileOverview:
    seconds = round(sum(file.seconds), 6)
    return FileOverview(path=file.path, tests=len(file.suffixes), seconds=seconds, import_seconds=file.import_seconds)


def _slowest(files: Iterable[FileDurations], top: int) -> tuple[TestOverview, ...]:
    tests = [
        (-seconds, node_id_of(file.path, suffix), file.spreads[place] if file.spreads else None)
        for file in files
        for place, (suffix, seconds) in enumerate(zip(file.suffixes, file.seconds, strict=True))
    ]
    tests.sort(key=lambda test: test[:2])
    return tuple(TestOverview(node_id=name, seconds=-seconds, spread=spread) for seconds, name, spread in tests[:top])


def _unsteady(incidents: Sequence[Incident], environment: str) -> tuple[UnsteadyTest, ...]:
    failed: Counter[str] = Counter()
    flaky: Counter[str] = Counter()
    for incident in incidents:
        if incident.environment == environment:
            counts = flaky if incident.ended is Ended.FLAKY else failed
            counts[node_id_of(incident.path, incident.suffix)] += 1
    tests = [
        UnsteadyTest(node_id=name, failed=failed[name], flaky=flaky[name]) for name in failed.keys() | flaky.keys()
    ]
    return tuple(sorted(sorted(tests, key=attrgetter("node_id")), key=lambda t: -(t.failed + t.flaky)))
