"""How good plans are and how fast they are made, beside pytest-split's library on the same durations.

    python benchmarks/planning.py [CORPORA]

CORPORA (default: $CI_TOOLKIT_CORPORA, else ../shared/corpora beside the checkout) holds real recordings:

    durations/*.json.xz            {node id: seconds}, one suite a file
    duration-histories/*.json.xz   [{"recorded": date, "durations": {node id: seconds}}], oldest first

Prints each figure with its bound and pytest-split's figure. Exits 1 if a bound is missed, 2 if a corpus is missing.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from plans.best_known import best_known
from plans.scale import measure
from plans.suites import (
    Times,
    assignment_of,
    bound,
    by_library,
    makespan,
    plan_for,
    plan_on,
    read_histories,
    read_suites,
    remembered,
    scatter,
)

COUNTS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
LEAST, CHUNKS = "least_duration", "duration_based_chunks"
SETUP = 1.0
Suites = Mapping[str, Times]
Histories = Mapping[str, Sequence[Times]]


class Figure(NamedTuple):
    """One line of the table."""

    what: str
    ours: float
    reach: float
    peer: str
    unit: str = ""
    is_at_least: bool = False

    @property
    def is_reached(self) -> bool:
        return round(self.ours, 2) >= self.reach if self.is_at_least else round(self.ours, 2) <= self.reach

    def __str__(self) -> str:
        reach = f"{'>=' if self.is_at_least else '<='} {self.reach:.2f}{self.unit}"
        missed = "" if self.is_reached else "   MISSED"
        return f"{self.what:78}{self.ours:9.3f}{self.unit:3} {reach:12} {self.peer}{missed}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="?", type=Path, default=default_corpora())
    corpora: Path = parser.parse_args(arguments).corpora
    suites, histories = read_suites(corpora), read_histories(corpora)
    if not suites or not histories:
        print(f"{corpora} lacks durations/*.json.xz or duration-histories/*.json.xz", file=sys.stderr)
        print("Name the folder of recordings as the argument or in CI_TOOLKIT_CORPORA.", file=sys.stderr)
        return 2
    print(
        f"{len(suites)} suites, {len(histories)} histories; the peers are pytest-split's algorithms, from its library"
    )
    missed = 0
    for figure in figures(suites, histories):
        print(figure, flush=True)
        missed += not figure.is_reached
    return 1 if missed else 0


def default_corpora() -> Path:
    named = os.environ.get("CI_TOOLKIT_CORPORA")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "corpora"


def figures(suites: Suites, histories: Histories) -> Iterator[Figure]:
    yield from makespans(suites)
    yield scatters(suites)
    yield with_setup(suites)
    yield from on_the_next_version(histories)
    yield from churns(histories)
    yield from at_scale()


def makespans(suites: Suites) -> Iterator[Figure]:
    ours, least, chunks = [], [], []
    for times in suites.values():
        for shards in COUNTS:
            low = bound(times, shards)
            ours.append(makespan(assignment_of(plan_for(times, times, shards, 0.0), times), times) / low)
            least.append(makespan(by_library(LEAST, times, times, shards), times) / low)
            chunks.append(makespan(by_library(CHUNKS, times, times, shards), times) / low)
    for (name, reach), mine, theirs, naive in zip(
        (("median", 1.00), ("p90", 1.01), ("worst", 1.05)),
        quantiles(ours),
        quantiles(least),
        quantiles(chunks),
        strict=True,
    ):
        peer = f"{LEAST} {theirs:.3f}, {CHUNKS} {naive:.3f}"
        yield Figure(f"makespan / lower bound, {COUNTS[0]} to {COUNTS[-1]} shards: {name}", mine, reach, peer)


def quantiles(values: Iterable[float]) -> tuple[float, float, float]:
    """Return the median, the 90th percentile and the maximum."""
    ordered = sorted(values)
    return statistics.median(ordered), statistics.quantiles(ordered, n=10, method="inclusive")[-1], ordered[-1]


def scatters(suites: Suites) -> Figure:
    ours = statistics.median(scatter(assignment_of(plan_for(t, t, 16, 0.0), t)) for t in suites.values())
    least = statistics.median(scatter(by_library(LEAST, t, t, 16)) for t in suites.values())
    return Figure("shards a file lands on (mean), 16 shards: median of suites", ours, 1.2, f"{LEAST} {least:.2f}")


def with_setup(suites: Suites) -> Figure:
    ours, least = [], []
    for times in suites.values():
        mine = makespan(assignment_of(plan_for(times, times, 16, SETUP), times), times, SETUP)
        theirs = makespan(by_library(LEAST, times, times, 16), times, SETUP)
        best = min(best_known(times, 16, SETUP), mine, theirs)
        ours.append(mine / best)
        least.append(theirs / best)
    peer = f"{LEAST} {statistics.median(least):.2f} (worst: {max(ours):.3f}, {LEAST} {max(least):.2f})"
    what = "makespan / best plan known, 1 s setup, 16 shards: median"
    return Figure(what, statistics.median(ours), 1.01, peer)


def on_the_next_version(histories: Histories) -> Iterator[Figure]:
    for setup in (0.0, SETUP):
        for shards in (8, 16):
            last, remembering, least = [], [], []
            for versions in histories.values():
                for number, (before, after) in enumerate(pairwise(versions), start=1):
                    low = bound(after, shards)
                    on_last = plan_for(after, before, shards, setup)
                    on_all = plan_on(after, remembered(versions[:number], setup), shards)
                    last.append(makespan(assignment_of(on_last, after), after, setup) / low)
                    remembering.append(makespan(assignment_of(on_all, after), after, setup) / low)
                    least.append(makespan(by_library(LEAST, after, before, shards), after, setup) / low)
            theirs = statistics.median(least)
            reach = round(theirs, 2) if not setup else round(theirs, 2) - 0.01
            what = f"run on the next version{', 1 s setup' if setup else ''}, {shards} shards, planned on"
            for ours, known in ((last, "the last"), (remembering, "all so far")):
                peer = (
                    f"{LEAST} {theirs:.3f} (mean: {statistics.fmean(ours):.3f}, {LEAST} {statistics.fmean(least):.3f})"
                )
                yield Figure(f"{what} {known}: median", statistics.median(ours), reach, peer)


def churns(histories: Histories) -> Iterator[Figure]:
    for shards in (8, 16):
        ours, least = [], []
        for versions in histories.values():
            plan = plan_for(versions[0], versions[0], shards, 0.0)
            for before, after in pairwise(versions):
                earlier, plan = plan, plan_for(after, after, shards, 0.0, previous=plan)
                ours.append(changed(assignment_of(earlier, before), assignment_of(plan, after)))
                old, new = (by_library(LEAST, times, times, shards) for times in (before, after))
                least.append(changed(old, new))
        peer = f"{LEAST} {100 * statistics.fmean(least):.0f}% (largest: {100 * max(ours):.2f}%)"
        what = f"tests that change shard between versions, {shards} shards: mean"
        yield Figure(what, 100 * statistics.fmean(ours), 3.0, peer, "%")


def changed(before: Mapping[str, int], after: Mapping[str, int]) -> float:
    both = before.keys() & after.keys()
    return sum(before[test] != after[test] for test in both) / len(both)


def at_scale() -> Iterator[Figure]:
    ours = min((measure("ci-toolkit") for _ in range(3)), key=lambda taken: taken.seconds)
    least = measure(LEAST)
    ratio = least.seconds / ours.seconds
    what = "1,000,000 tests, 20,000 files, 64 shards: times as fast"
    peer = f"{ours.seconds:.2f} s; {LEAST} {least.seconds:.2f} s"
    yield Figure(what, ratio, 10.0, peer, "x", is_at_least=True)
    yield Figure("the same: peak memory", ours.peak_megabytes, 400.0, f"{LEAST} {least.peak_megabytes:.0f} MB", " MB")


if __name__ == "__main__":
    sys.exit(main())
