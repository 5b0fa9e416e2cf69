"""What a full outcome history costs: a million goes of 20,000 tests, 2,000 runs of 8 shards, 100,000 judged failures.

    python benchmarks/outcome_history.py [FOLDER]

Makes the history in FOLDER (default: a temporary one; a history that is there already is used again), then measures
CPU seconds and peak memory in processes of their own: what the court needs beside its trials to judge a run of 20,000
tests (remember, judge, record), and what a plan needs to read durations, with the outcomes in the same file and
without. Prints each figure with its bound; exits 1 if a bound is missed.
"""

import argparse
import json
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec

from ci_toolkit.history.locations import add_run, open_history
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.history import FileRun, RunRecord
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.outcomes import FileOutcomes, Go, GoKind, Judged, JudgedRun, TryOutcomes
from ci_toolkit.model.trial import Trial, TrialOutcome
from ci_toolkit.verdict.court.case import CaseRun, FailedTest, Prices, Rules
from ci_toolkit.verdict.court.court import adjudicate
from ci_toolkit.workflow.court_memory import judged_run, recalled

FILES, TESTS_A_FILE = 1_000, 20
RUNS, SHARDS, FAILURES, GOES = 2_000, 8, 50, 10
"""Each run has 50 failures, and each of these ten goes."""
FLAKY = 2_000
"""So many of the tests fail at all."""
WAYS = 3
READ_TIMES = 20
DAY = 86_400.0
START = 20_000 * DAY
NOW = START + RUNS * 3_600
HERE = "cpython-3.12-linux"
NAME = "history.sqlite"


def path(file: int) -> str:
    return f"tests/part_{file // 100:02}/test_number_{file:04}.py"


def suffix(test: int) -> str:
    return f"TestCase{test // 5}::test_what_it_does_{test // 2}[value-{test % 2}]"


SUFFIXES = [suffix(test) for test in range(TESTS_A_FILE)]
COLUMN = msgspec.json.encode(SUFFIXES)
NAMES = [(path(file), name) for file in range(FILES) for name in SUFFIXES]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", metavar="FOLDER")
    parser.add_argument("--measure", choices=("judge", "durations"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        return measured(arguments.measure, arguments.folder / NAME)
    if arguments.folder:
        return figures(arguments.folder)
    with tempfile.TemporaryDirectory(prefix="outcome-history-") as folder:
        return figures(Path(folder))


def figures(folder: Path) -> int:
    full = folder / NAME
    if not full.exists():
        begun = time.process_time()
        make(full)
        print(f"{'made the history, CPU':60}{time.process_time() - begun:9.2f} s")
    without = folder / f"durations-{NAME}"
    leave_durations_alone(full, without)
    size = full.stat().st_size / 1e6
    seconds, megabytes, *parts = in_a_process("judge", full)
    with_outcomes, without_outcomes = (
        min(in_a_process("durations", file)[0] for _ in range(5)) for file in (full, without)
    )
    missed = 0
    for what, figure, bound, unit in (
        ("the file", size, 100.0, "MB"),
        ("judging a run of 20,000 tests, CPU", seconds, 5.0, "s"),
        ("the same, peak memory", megabytes, 500.0, "MB"),
        ("reading durations, CPU, beside what they take alone", with_outcomes / without_outcomes, 1.1, "times"),
    ):
        is_missed = figure > bound
        print(f"{what:60}{figure:9.2f} {unit:6}<= {bound:.1f}{'   MISSED' * is_missed}")
        missed += is_missed
    for what, part in zip(("remember", "judge", "record"), parts, strict=True):
        print(f"  {what:58}{part:9.2f} s")
    print(f"  {'durations alone':58}{without_outcomes / READ_TIMES:9.3f} s")
    return 1 if missed else 0


# --- the history ----------------------------------------------------------------------------------


def make(file: Path) -> None:
    rng = random.Random(1)
    flaky = rng.sample(range(len(NAMES)), FLAKY)
    for first in range(0, RUNS, 100):
        records = [run_of(number, flaky, rng) for number in range(first, first + 100)]
        together = RunRecord(
            outcomes=tuple(of_try for record in records for of_try in record.outcomes),
            judged=tuple(judged for record in records for judged in record.judged),
            files=tuple(durations(first)),
        )
        add_run(str(file), together, now=NOW)


def durations(number: int) -> Iterator[tuple[str, FileRun]]:
    rng = random.Random(number)
    for name in range(FILES):
        seconds = msgspec.json.encode([round(rng.lognormvariate(-3, 1), 6) for _ in SUFFIXES])
        nothing = msgspec.json.encode([0.0] * TESTS_A_FILE)
        yield (
            HERE,
            FileRun(
                path=path(name),
                key=f"{number}",
                at=START + number,
                tests=TESTS_A_FILE,
                total=TESTS_A_FILE,
                suffixes=COLUMN,
                seconds=seconds,
                setup=nothing,
                teardown=nothing,
            ),
        )


def run_of(number: int, flaky: list[int], rng: random.Random) -> RunRecord:
    failed = sorted(rng.sample(flaky, FAILURES))
    is_main = number % 2 == 0
    at = START + number * 3_600
    lineage = Lineage(
        tree=f"{number // 2:040x}", base=f"{number // 2:040x}", branch="main" if is_main else "change", is_main=is_main
    )
    by_shard = [[test for test in failed if test // TESTS_A_FILE % SHARDS == shard] for shard in range(SHARDS)]
    tries = (
        TryOutcomes(
            key=f"{number:08x}{shard:08x}",
            run=f"{number:032x}",
            at=at,
            environment=HERE,
            commit=f"{number:040x}",
            lineage=lineage,
            shard=shard + 1,
            order=f"{number % 40:08x}{shard:08x}",
            files=tuple(files_of(shard, set(by_shard[shard]))),
            goes=tuple(go for test in by_shard[shard] for go in goes_of(test, rng)),
        )
        for shard in range(SHARDS)
    )
    judged = tuple(
        Judged(
            test=node_id_of(*NAMES[test]),
            signature=signature(test, rng),
            kind=rng.choice(["flaky", "flaky", "known", "order-dependent", "environment", "regression"]),
            is_red=False,
            rate=round(rng.random(), 3),
            head_passed=True,
        )
        for test in failed
    )
    run = JudgedRun(
        key=f"{number:032x}",
        at=at,
        environment=HERE,
        commit=f"{number:040x}",
        tree=lineage.tree,
        is_main=is_main,
        order=f"{number % 40:016x}",
        tests_seconds=3_600.0,
        trial_seconds=60.0,
        failures=judged,
    )
    return RunRecord(outcomes=tuple(tries), judged=(run,))


def files_of(shard: int, failed: set[int]) -> Iterator[FileOutcomes]:
    for file in range(shard, FILES, SHARDS):
        tests = range(file * TESTS_A_FILE, (file + 1) * TESTS_A_FILE)
        letters = "".join("F" if test in failed else "." for test in tests)
        yield FileOutcomes(path=path(file), suffixes=COLUMN, letters=letters if "F" in letters else "")


def goes_of(test: int, rng: random.Random) -> Iterator[Go]:
    for number in range(GOES):
        has_failed = not number or rng.random() < 0.3
        digest = signature(test, rng)
        yield Go(
            path=NAMES[test][0],
            suffix=NAMES[test][1],
            number=number,
            kind=GoKind.ISOLATED if number else GoKind.FIRST,
            on_base=number > 6,
            ended=Ended.FAILED if has_failed else Ended.PASSED,
            signature=digest if has_failed else "",
            cause=digest[:8] * 2 if has_failed else "",
            text=f"AssertionError: the answer of {digest} was 500, and 200 was expected" if has_failed else "",
            seconds=rng.random(),
        )


def signature(test: int, rng: random.Random) -> str:
    return f"{test:08x}{rng.randrange(WAYS):08x}"


def leave_durations_alone(full: Path, without: Path) -> None:
    shutil.copyfile(full, without)
    connection = sqlite3.connect(without)
    for table in ("goes", "first_goes", "tries", "signatures", "names", "judged_runs"):
        connection.execute(f"DELETE FROM {table}")
    connection.commit()
    connection.execute("VACUUM")
    connection.close()


# --- in a process of its own ----------------------------------------------------------------------


def in_a_process(what: str, file: Path) -> list[float]:
    """Return CPU seconds, peak megabytes and more of doing ``what``, in a new process with a copy of ``file``."""
    with tempfile.TemporaryDirectory(prefix="outcome-history-") as folder:
        copy = Path(folder) / NAME
        shutil.copyfile(file, copy)
        command = [sys.executable, __file__, folder, "--measure", what]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=600, text=True)
    found: list[float] = json.loads(done.stdout)
    return found


def measured(what: str, file: Path) -> int:
    begun = time.process_time()
    parts = judge(file) if what == "judge" else read_durations(file)
    taken = time.process_time() - begun
    print(json.dumps([taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, *parts]))
    return 0


def judge(file: Path) -> list[float]:
    record = run_of(RUNS, random.Random(1).sample(range(len(NAMES)), FLAKY), random.Random(2))
    of_try = record.outcomes[0]
    tests = dict.fromkeys((judged.test for judged in record.judged[0].failures), of_try.order)
    tree, base = of_try.lineage.tree, of_try.lineage.base
    clock = [time.process_time()]
    told = recalled(str(file), HERE, rules=Rules(), tree=tree, base=base, tests=tests, before=NOW)
    clock.append(time.process_time())
    case = CaseRun(
        commit=told.number_of(record.judged[0].commit, is_main=True),
        is_main=True,
        base="base",
        tree=tree,
        order="order",
        failures=tuple(
            FailedTest(test=judged.test, signature=judged.signature, cause=judged.signature, shard=1, is_touched=None)
            for judged in record.judged[0].failures
        ),
        seconds=3_600.0,
    )
    judgement = adjudicate(case, told.memory, fails_now_and_then, Prices(test_seconds={}, shard_seconds=450.0), Rules())
    clock.append(time.process_time())
    found = judged_run(case, judgement, key="new", at=NOW, environment=HERE, commit="new", trial_seconds=60.0)
    add_run(str(file), msgspec.structs.replace(record, judged=(found,)), now=NOW)
    clock.append(time.process_time())
    return [later - earlier for earlier, later in pairwise(clock)]


def fails_now_and_then(trial: Trial) -> TrialOutcome:
    return TrialOutcome(failed=hash(trial) % 3 == 0, signature="s")


def read_durations(file: Path) -> list[float]:
    for _ in range(READ_TIMES):
        store = open_history(str(file))
        assert store is not None
        with store:
            assert sum(1 for _ in store.file_runs(HERE)) >= FILES
            assert len(store.environments()) == 1
            assert len(store.paths(HERE)) == FILES
    return []


if __name__ == "__main__":
    sys.exit(main())
