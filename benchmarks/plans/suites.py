"""Recorded durations as suites and histories, and what an assignment of tests to shards takes on them."""

import json
import lzma
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from pytest_split.algorithms import Algorithms

from ci_toolkit.history.expected import expected_durations
from ci_toolkit.history.store import KEPT_RUNS
from ci_toolkit.history.test_durations import file_runs_of
from ci_toolkit.model.durations import Durations, FileDurations
from ci_toolkit.model.node_id import function_of
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import PlanRequest
from ci_toolkit.plan.shard_of import ShardOf

Times = Mapping[str, float]
"""Node id to seconds."""

Assignment = Mapping[str, int]
"""Node id to shard, from 0."""


class Item(NamedTuple):
    """A test as pytest-split sees it."""

    nodeid: str


def read_suites(folder: Path) -> dict[str, Times]:
    return {path.name.removesuffix(".json.xz"): _read(path) for path in sorted(folder.glob("durations/*.json.xz"))}


def read_histories(folder: Path) -> dict[str, list[Times]]:
    return {
        path.name.removesuffix(".json.xz"): [version["durations"] for version in _read(path)]
        for path in sorted(folder.glob("duration-histories/*.json.xz"))
    }


def _read(path: Path) -> Any:
    return json.loads(lzma.decompress(path.read_bytes()))


def path_of(node_id: str) -> str:
    return node_id.partition("::")[0]


def by_file(times: Times) -> dict[str, dict[str, float]]:
    files: dict[str, dict[str, float]] = {}
    for node_id, seconds in times.items():
        path, _, suffix = node_id.partition("::")
        files.setdefault(path, {})[suffix] = seconds
    return files


def plan_for(tests: Iterable[str], recorded: Times, shards: int, setup: float, previous: Plan | None = None) -> Plan:
    """Plan a checkout with these ``tests`` on what one run ``recorded`` earlier, as `ci-toolkit plan` does."""
    known = tuple(
        FileDurations(path=path, suffixes=tuple(known), seconds=tuple(known.values()), import_seconds=setup or None)
        for path, known in by_file(recorded).items()
    )
    return plan_on(tests, Durations(files=known), shards, previous)


def remembered(versions: Sequence[Times], setup: float) -> Durations:
    """Return what history makes of a run of the whole suite at each of ``versions``, the oldest first."""
    runs = [
        msgspec.structs.replace(run, total=run.tests, import_seconds=setup or None)
        for at, times in enumerate(versions)
        for run in file_runs_of(times, at=at)
    ]
    runs.sort(key=lambda run: (run.path, -run.at))
    last_runs = (run for _, of_path in groupby(runs, key=attrgetter("path")) for run in islice(of_path, KEPT_RUNS))
    return Durations(files=tuple(expected_durations(last_runs)))


def plan_on(tests: Iterable[str], durations: Durations, shards: int, previous: Plan | None = None) -> Plan:
    """Plan a checkout with these ``tests`` on ``durations``.

    Of the checkout it knows the files and the names of their test functions, which stand in the source.
    """
    anchors: dict[str, dict[str, None]] = {}
    for test in tests:
        path, _, suffix = test.partition("::")
        anchors.setdefault(path, {})[function_of(suffix)] = None
    suite = Suite(
        root=".",
        arguments=(),
        files=tuple(SuiteFile(path=path, anchors=tuple(names)) for path, names in anchors.items()),
    )
    return build_plan(suite, durations, PlanRequest(shards=shards, previous=previous))


def assignment_of(plan: Plan, tests: Iterable[str]) -> dict[str, int]:
    """Return which shard runs each test, by the rule that shards follow. Fails if a test has none."""
    shard_of = ShardOf(plan)
    assignment = {}
    for test in tests:
        path, _, suffix = test.partition("::")
        shard = shard_of(path, suffix)
        assert shard is not None, test
        assignment[test] = shard
    return assignment


def by_library(name: str, tests: Iterable[str], recorded: Times, shards: int) -> dict[str, int]:
    """Return pytest-split's assignment of ``tests`` on what was ``recorded`` earlier."""
    items: Any = [Item(test) for test in tests]
    groups = Algorithms[name].value(shards, items, dict(recorded))
    return {item.nodeid: shard for shard, group in enumerate(groups) for item in group.selected}


def makespan(assignment: Assignment, times: Times, setup: float = 0.0) -> float:
    """Return the seconds of the slowest shard, with ``setup`` seconds for each file on each shard."""
    tests: dict[int, list[float]] = {}
    files: dict[int, set[str]] = {}
    for test, shard in assignment.items():
        tests.setdefault(shard, []).append(times[test])
        files.setdefault(shard, set()).add(path_of(test))
    return max(math.fsum(tests[shard]) + setup * len(files[shard]) for shard in tests)


def bound(times: Times, shards: int) -> float:
    longest = max(times.values())
    return max(math.fsum(times.values()) / shards, longest)


def scatter(assignment: Assignment) -> float:
    """Return on how many shards a file lands in the mean."""
    pairs = {(path_of(test), shard) for test, shard in assignment.items()}
    return len(pairs) / len({path for path, _ in pairs})
