"""How long a merge of 64 bundles with 1,000,000 results takes beside `junitparser merge` over the same results.

    python benchmarks/main_job_merge.py            # 1,000,000 results; five minutes, nearly all of it junitparser's
    python benchmarks/main_job_merge.py 100000

Two tests in a hundred fail, with a traceback. Memory is the peak of all processes of the merge together.
"""

import argparse
import hashlib
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from paired import Command, in_turn
from paired import ratio as ratio_of

from ci_toolkit.model.bundle import JournalSeal, ShardCard, ShardState
from ci_toolkit.model.environment import Environment
from ci_toolkit.model.journal import (
    JOURNAL_SCHEMA,
    CollectedTest,
    Failure,
    FileCollected,
    FileOpened,
    JournalRecord,
    Opened,
    Phase,
    PhaseOutcome,
    Selected,
    Started,
    When,
)
from ci_toolkit.model.journal_end import Closed
from ci_toolkit.model.plan import Plan, PlannedShard, Unit, plan_to_json
from ci_toolkit.model.record import encode, to_json

SHARDS = 64
TESTS_IN_A_FILE = 50
TIMES_FASTER = 15
LARGEST_PEAK = 300e6
BEGAN = time.time() - 7200.0
"""A run of today: of one of last year, history would not keep how its tests ended."""
ENVIRONMENT = Environment(python="3.12.1", implementation="CPython", platform="Linux", pytest="9.0.0")
DETAIL = "\n".join(f"tests/test_x.py:{n}: in test_it\n    assert compute({n}) == {n + 1}" for n in range(12))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        count = write_run(folder, options.results // SHARDS // TESTS_IN_A_FILE)
        merge = [sys.executable, "-m", "ci_toolkit", "merge", "--plan", "plan.json", "--results", "results"]
        ours = Command("ci-toolkit merge", [*merge, "--out", "out"], cwd=folder, good=(1,))
        junits = sorted(str(path) for path in folder.glob("junit-*.xml"))
        theirs = Command("junitparser merge", [beside_python("junitparser"), "merge", *junits, "all.xml"], cwd=folder)
        peak = PeakMemory()
        with peak:
            in_turn([ours], 1, warm_up=False)
        ours.seconds.clear()
        in_turn([ours, theirs], options.rounds, warm_up=False)
    faster = 1 / ratio_of(ours, theirs)
    print(f"merge of {SHARDS} bundles, {count:,} results")
    print(f"  ci-toolkit merge     {ours.median:8.2f} s, {peak.bytes / 1e6:.0f} MB at the peak, all processes together")
    print(f"  junitparser merge    {theirs.median:8.2f} s")
    print(f"  {faster:.1f} times faster (bound {TIMES_FASTER}); memory bound {LARGEST_PEAK / 1e6:.0f} MB")
    return 0 if faster >= TIMES_FASTER and peak.bytes < LARGEST_PEAK else 1


class PeakMemory:
    """Samples what the descendants of this process hold together (proportional set size: shared pages count once)."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.is_set():
            self.bytes = max(self.bytes, sum(held for _, held in descendants(Path("/proc/self"))))
            time.sleep(0.05)


def descendants(process: Path) -> Iterator[tuple[str, int]]:
    """Yield (pid, bytes) of the processes below ``process``."""
    for task in process.glob("task/*/children"):
        for pid in read(task).split():
            pss = next(
                (line for line in read(Path(f"/proc/{pid}/smaps_rollup")).splitlines() if line.startswith("Pss:")), ""
            )
            yield pid, int(pss.split()[1]) * 1024 if pss else 0
            yield from descendants(Path(f"/proc/{pid}"))


def read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""  # it has ended meanwhile


def beside_python(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def write_run(folder: Path, files_a_shard: int) -> int:
    """Write a plan, its bundles, and the same results as JUnit; return how many."""
    paths = [[f"tests/part_{shard:02}/test_{n:04}.py" for n in range(files_a_shard)] for shard in range(SHARDS)]
    plan = Plan(
        shards=tuple(
            PlannedShard(index=i, estimated_seconds=1.0, units=tuple(Unit(path=p, estimated_seconds=1.0) for p in own))
            for i, own in enumerate(paths, start=1)
        ),
        lower_bound_seconds=1.0,
        makespan_seconds=1.0,
    ).sealed()
    (folder / "plan.json").write_bytes(plan_to_json(plan))
    for index, own in enumerate(paths, start=1):
        bundle = folder / "results" / f"shard-{index}"
        (bundle / "journal").mkdir(parents=True)
        journal = bundle / "journal" / "1-main.jsonl"
        with journal.open("wb") as file:
            file.writelines(encode(record) + b"\n" for record in records(plan, index, own))
        card = ShardCard(
            plan_id=plan.plan_id,
            index=index,
            state=ShardState.FINISHED,
            attempts=1,
            environment=ENVIRONMENT,
            journals=(seal_of(journal),),
        )
        (bundle / "shard.json").write_bytes(to_json(card))
        with (folder / f"junit-{index:02}.xml").open("w") as junit:
            junit.writelines(junit_lines(own))
    return SHARDS * files_a_shard * TESTS_IN_A_FILE


def seal_of(journal: Path) -> JournalSeal:
    data = journal.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return JournalSeal(name=journal.name, size=len(data), records=data.count(b"\n"), sha256=digest)


def fails(number: int) -> bool:
    return number % 50 == 7


def records(plan: Plan, shard: int, paths: list[str]) -> Iterator[JournalRecord]:
    yield Opened(
        schema=JOURNAL_SCHEMA, plan_id=plan.plan_id, shard=shard, attempt=1, worker="main", pid=1, at=BEGAN,
        environment=ENVIRONMENT,
    )  # fmt: skip
    for number, path in enumerate(paths):
        yield FileOpened(path=path)
        tests = tuple(CollectedTest(suffix=suffix, line=n + 1) for n, suffix in enumerate(suffixes()))
        yield FileCollected(path=path, first=number * TESTS_IN_A_FILE, tests=tests, import_seconds=0.01)
    total = len(paths) * TESTS_IN_A_FILE
    yield Selected(tests=total)
    for number in range(total):
        yield Started(i=number, at=BEGAN + number / 100)
        yield Phase(i=number, w=When.SETUP, o=PhaseOutcome.PASSED, s=0.000213)
        if fails(number):
            failure = Failure(message="AssertionError: assert 3 == 4", detail=DETAIL, path="tests/test_x.py", line=3)
            yield Phase(i=number, w=When.CALL, o=PhaseOutcome.FAILED, s=0.0123, failure=failure)
        else:
            yield Phase(i=number, w=When.CALL, o=PhaseOutcome.PASSED, s=0.004321)
        yield Phase(i=number, w=When.TEARDOWN, o=PhaseOutcome.PASSED, s=0.000123)
    yield Closed(at=BEGAN + 3600.0, exit_status=1)


def suffixes() -> list[str]:
    return [
        f"TestPart{n // 10}::test_{n}[{hashlib.md5(str(n).encode()).hexdigest()[:8]}]" for n in range(TESTS_IN_A_FILE)
    ]


def junit_lines(paths: list[str]) -> Iterator[str]:
    total = len(paths) * TESTS_IN_A_FILE
    failures = sum(map(fails, range(total)))
    yield '<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">'
    yield f'<testsuite name="pytest" errors="0" failures="{failures}" skipped="0" tests="{total}" time="9.0">'
    for number in range(total):
        path = paths[number // TESTS_IN_A_FILE]
        holder, _, name = suffixes_of_file[number % TESTS_IN_A_FILE].rpartition("::")
        classname = f"{path.removesuffix('.py').replace('/', '.')}.{holder}"
        yield f'<testcase classname="{classname}" name="{name}" time="0.005"'
        if fails(number):
            yield f'><failure message="AssertionError: assert 3 == 4">{DETAIL}</failure></testcase>\n'
        else:
            yield " />\n"
    yield "</testsuite></testsuites>\n"


suffixes_of_file = suffixes()

if __name__ == "__main__":
    sys.exit(main())
