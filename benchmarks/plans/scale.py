"""A million tests in 20,000 files: CPU seconds and peak memory of one planner, in a process of its own."""

import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

FILES, TESTS_A_FILE, SHARDS = 20_000, 50, 64


class Taken(NamedTuple):
    seconds: float
    peak_megabytes: float


def measure(planner: str) -> Taken:
    """Run ``planner`` (``ci-toolkit`` or an algorithm of pytest-split) once, in a new process."""
    command = [sys.executable, str(Path(__file__)), planner]
    done = subprocess.run(command, check=True, capture_output=True, timeout=600, text=True)
    return Taken(*json.loads(done.stdout))


def seconds_of_tests() -> list[list[float]]:
    rng = random.Random(1)
    means = [rng.lognormvariate(-3.0, 1.5) for _ in range(FILES)]
    return [[mean * rng.lognormvariate(0.0, 1.0) for _ in range(TESTS_A_FILE)] for mean in means]


def path(file: int) -> str:
    return f"tests/part_{file // 100:03}/test_file_{file:05}.py"


def suffix(test: int) -> str:
    return f"TestCase{test // 10}::test_number_{test // 2}[value-{test % 2}]"


def plan_with_ci_toolkit() -> float:
    from ci_toolkit.model.durations import Durations, FileDurations
    from ci_toolkit.model.suite import Suite, SuiteFile
    from ci_toolkit.plan.build import build_plan
    from ci_toolkit.plan.request import PlanRequest

    tests = range(TESTS_A_FILE)
    anchors = tuple(dict.fromkeys(suffix(test).partition("[")[0] for test in tests))
    known = tuple(
        FileDurations(path=path(file), suffixes=tuple(suffix(test) for test in tests), seconds=tuple(seconds))
        for file, seconds in enumerate(seconds_of_tests())
    )
    suite = Suite(root=".", arguments=(), files=tuple(SuiteFile(path=f.path, anchors=anchors) for f in known))
    durations = Durations(files=known)
    start = time.process_time()
    build_plan(suite, durations, PlanRequest(shards=SHARDS))
    return time.process_time() - start


def plan_with_pytest_split(algorithm: str) -> float:
    from pytest_split.algorithms import Algorithms

    from plans.suites import Item

    durations = {
        f"{path(file)}::{suffix(test)}": took
        for file, seconds in enumerate(seconds_of_tests())
        for test, took in enumerate(seconds)
    }
    items: Any = [Item(node_id) for node_id in durations]
    start = time.process_time()
    Algorithms[algorithm].value(SHARDS, items, durations)
    return time.process_time() - start


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    planner = sys.argv[1]
    seconds = plan_with_ci_toolkit() if planner == "ci-toolkit" else plan_with_pytest_split(planner)
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
