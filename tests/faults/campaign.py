"""Lets runs meet faults at random, and asks an independent witness whether the verdict is honest.

    python tests/faults/campaign.py --rounds 200 --seed 1      # or: nox -s faults -- --rounds 2000 --seed 7

A round is one of: a process of a run is killed or stopped at a random moment; the bundles of a run are damaged before
they are merged; bundles of an earlier run are put among those of this one; a test does something hostile. The suite
tells a file of its own which tests finished, and how. A round is wrong if

- the run is green, and the witness does not say that every test ended well;
- a test that finished, in bundles that nobody damaged, has no outcome or another one;
- a command prints a traceback of ours, ends with exit code 70 or with one that design forbids, or hangs.

Each round's random numbers come from the seed and the round's number, so `--only 17` repeats round 17 by itself.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))
from damage import DAMAGES
from suite_under_fault import SNIPPETS, TESTS, write_suite

HANG_SECONDS = 180.0
GOOD_EXITS = {0, 1, 4, 5}
COMMAND = (sys.executable, "-m", "ci_toolkit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of a command."""

    code: int
    said: str


class Round:
    """One fault, in a folder of its own."""

    def __init__(self, number: int, seed: int, folder: Path, finished: Path) -> None:
        self.number = number
        self.random = Random(f"{seed}/{number}")
        self.folder = folder
        self.project, self.results, self.out = folder / "project", folder / "results", folder / "out"
        self.witness = folder / "witness"
        self.finished = finished
        """A run that ended, with a red test, to be damaged."""
        self.is_red = self.random.random() < 0.5
        self.what = ""

    def run(self) -> list[str]:
        """Return what is wrong."""
        fault = self.random.choices((self._kill, self._damage, self._stale, self._hostile), weights=(35, 40, 5, 20))[0]
        return list(fault())

    # --- the faults ---------------------------------------------------------------------------------

    def _kill(self) -> Iterator[str]:
        write_suite(self.project)
        parallel = self.random.random() < 0.3
        arguments = ["--shards", "2", "--jobs", "2", *(["--workers", "2"] if parallel else [])]
        number = self.random.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSTOP))
        target = self.random.choice(("supervisor", "pytest", "worker" if parallel else "pytest"))
        tests = self.random.choice((None, *range(TESTS - 4)))
        after = self.random.uniform(0.1, 3.0)
        moment = f"{after:.1f} s" if tests is None else f"{tests} tests"
        self.what = f"{number.name} to the {target} after {moment}{' with xdist' if parallel else ''}"
        process = self._start("run", *arguments, "--no-history", "--results", str(self.results), "--out", str(self.out))
        self._wait(process, after, tests)
        self._signal(process, target, number)
        ended = self._end(process, stopped=number is signal.SIGSTOP)
        if ended is None:
            yield "hangs"
            return
        has_plan = (self.out / "plan.json").exists()
        if ended.code >= 0:
            yield from self._odd_end(ended, {*GOOD_EXITS, 130} if has_plan else {2, 4, 130})
        if not has_plan:
            return
        if not (self.out / "verdict.json").exists():
            ended = self._merge(self.out / "plan.json", self.out)
            yield from self._odd_end(ended, GOOD_EXITS)
        yield from self._dishonest(ended.code)
        yield from self._lost()

    def _damage(self) -> Iterator[str]:
        shutil.copytree(self.finished, self.folder, dirs_exist_ok=True)
        done = [
            self.random.choice(DAMAGES)(self.random, self.results) for _ in range(self.random.choice((1, 1, 1, 2, 3)))
        ]
        self.what = ", ".join(filter(None, done)) or "nothing to damage"
        ended = self._merge(self.out / "plan.json", self.folder / "out-again")
        yield from self._odd_end(ended, GOOD_EXITS)
        if ended.code == 0:
            yield "green, and a test had failed"

    def _stale(self) -> Iterator[str]:
        write_suite(self.project)
        self.what = "bundles of an earlier run among those of this one"
        self.is_red = False
        plan = str(self.folder / "plan.json")
        ran = ["--plan", plan, "--results", str(self.results)]
        for arguments in (
            ["plan", "--shards", "2", "--no-history", "--out", plan],
            ["shard", "1", *ran],
            ["shard", "2", *ran],
        ):
            yield from self._odd_end(self.call(*arguments), GOOD_EXITS)
        self.is_red = True
        yield from self._odd_end(self.call("plan", "--shards", "2", "--no-history", "--out", plan), GOOD_EXITS)
        if self.random.random() < 0.5:
            yield from self._odd_end(self.call("shard", "1", *ran), GOOD_EXITS)
        if self._merge(Path(plan), self.out).code == 0:
            yield "green on the evidence of another run"

    def _hostile(self) -> Iterator[str]:
        write_suite(self.project)
        name = self.random.choice(sorted(SNIPPETS))
        self.what = f"a test that does {name}"
        limit = ["--test-timeout", "60"]
        ended = self.call(
            "run",
            "--shards",
            "2",
            *limit,
            "--no-history",
            "--results",
            str(self.results),
            "--out",
            str(self.out),
            hostile=name,
        )
        yield from self._odd_end(ended, GOOD_EXITS)
        if ended.code == 0 and not SNIPPETS[name].may_pass:
            yield "green, and a test ended its process"
        yield from self._dishonest(ended.code)
        if name != "unlink":
            yield from self._lost()

    # --- the judgement ------------------------------------------------------------------------------

    def _dishonest(self, code: int) -> Iterator[str]:
        said = self._witnessed()
        if code == 0 and (len(said) != TESTS or "failed" in said.values()):
            yield f"green, and the witness saw {len(said)} of {TESTS} tests end, {Counter(said.values())}"

    def _lost(self) -> Iterator[str]:
        reported = self._reported()
        for node_id, outcome in self._witnessed().items():
            if reported.get(node_id) != outcome:
                yield f"{node_id} {outcome}, says the witness, and the report says {reported.get(node_id, 'nothing')}"

    def _witnessed(self) -> dict[str, str]:
        if not self.witness.exists():
            return {}
        lines = self.witness.read_text().splitlines()
        return {node_id: outcome for node_id, _, outcome in (line.rpartition(" ") for line in lines)}

    def _reported(self) -> dict[str, str]:
        path = self.out / "junit.xml"
        if not path.exists():
            return {}
        return {f"{case.get('file')}::{case.get('name')}": _outcome(case) for case in ET.parse(path).iter("testcase")}

    def _odd_end(self, ended: Ended, good: set[int]) -> Iterator[str]:
        if ended.code not in good:
            yield f"exit code {ended.code}: {ended.said[-400:]}"
        if "ci_toolkit/" in ended.said and "Traceback (most recent call last)" in ended.said:
            yield f"a traceback of ours: {ended.said[-400:]}"

    # --- processes ----------------------------------------------------------------------------------

    def _merge(self, plan: Path, out: Path) -> Ended:
        return self.call(
            "merge", "--plan", str(plan), "--results", str(self.results), "--out", str(out), "--no-history"
        )

    def call(self, *arguments: str, hostile: str = "") -> Ended:
        ended = self._end(self._start(*arguments, hostile=hostile), stopped=False)
        return Ended(code=-1, said="it hangs") if ended is None else ended

    def _start(self, *arguments: str, hostile: str = "") -> subprocess.Popen[bytes]:
        self.project.mkdir(parents=True, exist_ok=True)
        env = {
            **os.environ,
            "WITNESS": str(self.witness),
            "RESULTS": str(self.results),
            "RED": str(int(self.is_red)),
            "HOSTILE": hostile,
            "NO_COLOR": "1",
        }
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=self.project,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _end(self, process: subprocess.Popen[bytes], *, stopped: bool) -> Ended | None:
        try:
            code = process.wait(3.0 if stopped else HANG_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
            if not stopped:
                return None
        return Ended(code=code, said=(self.folder / "said").read_text(errors="replace"))

    def _wait(self, process: subprocess.Popen[bytes], seconds: float, tests: int | None) -> None:
        """Wait until so many tests have finished, or for so long; the end of the run ends it."""
        began = time.monotonic()
        while process.poll() is None:
            if time.monotonic() - began > seconds if tests is None else len(self._witnessed()) >= tests:
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)

    def _signal(self, process: subprocess.Popen[bytes], target: str, number: signal.Signals) -> None:
        pids = [process.pid] if target == "supervisor" else _below(process.pid, deep=target == "worker")
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.random.choice(pids), number)


def _below(pid: int, *, deep: bool) -> list[int]:
    """Return the children of a process, or its grandchildren."""
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            children += map(int, task.read_text().split())
    return [grandchild for child in children for grandchild in _below(child, deep=False)] if deep else children


def _outcome(case: ET.Element) -> str:
    tags = {child.tag for child in case}
    return "failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"


def prepare(folder: Path) -> Path:
    """Leave a finished run with red tests in ``folder``."""
    first = Round(0, 0, folder, folder)
    write_suite(first.project)
    first.is_red = True
    ended = first.call(
        "run", "--shards", "3", "--no-history", "--coverage", "--results", str(first.results), "--out", str(first.out)
    )
    if ended.code != 1:
        raise SystemExit(f"the suite itself: exit code {ended.code}\n{ended.said}")
    return folder


def campaign(rounds: list[int], seed: int, folder: Path) -> int:
    """Run the ``rounds`` and return how many were wrong."""
    finished = prepare(folder / "finished")
    wrong = 0
    began = time.monotonic()
    for done, number in enumerate(rounds, start=1):
        place = folder / str(number)
        place.mkdir()
        one = Round(number, seed, place, finished)
        faults = one.run()
        wrong += bool(faults)
        for fault in faults:
            print(f"round {number} ({one.what}): {fault}", flush=True)
        if not faults:
            shutil.rmtree(place)
        if done % 25 == 0:
            print(f"{done} of {len(rounds)} rounds, {wrong} wrong, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{len(rounds)} rounds with seed {seed}: {wrong} wrong, {time.monotonic() - began:.0f} s")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="ROUND", help="this round alone")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where to leave the rounds that are wrong")
    options = parser.parse_args()
    rounds = [options.only] if options.only is not None else list(range(1, options.rounds + 1))
    with tempfile.TemporaryDirectory(prefix="ci-toolkit-faults-") as folder:
        wrong = campaign(rounds, options.seed, Path(folder))
        if options.keep and wrong:
            shutil.copytree(folder, options.keep)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
