"""Changes the modules that judge, one small change at a time, and counts how many changes the unit tests notice.

Run by `nox -s mutants`, which installs cosmic-ray; names of modules limit it: `nox -s mutants -- judge fold`. Each
module is changed in a copy of the tree, two copies side by side, so the working tree stays as it is. A change that the
tests miss survives; survivors.md says of each why it may. Exits 1 where a module's share of killed mutants is below
the threshold.
"""

import compileall
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

LEAST_PERCENT = 90.0
COPIES = 2
ROOT = Path(__file__).parents[2]
HERE = Path("tests/mutants")
SURVIVORS = ROOT / HERE / "survivors.md"
MODULES = {
    "ci_toolkit/verdict/judge.py": ("verdict/test_judge.py", "modes/test_gates.py", "verdict/test_notes.py"),
    "ci_toolkit/verdict/notes.py": ("verdict/test_notes.py",),
    "ci_toolkit/merge/completeness.py": ("merge/test_completeness.py",),
    "ci_toolkit/merge/results.py": ("merge/test_results.py",),
    "ci_toolkit/model/fold.py": ("model/test_journal_fold.py", "model/test_fold_agreement.py"),
    "ci_toolkit/model/process_fold.py": ("model/test_process_fold.py", "model/test_fold_agreement.py"),
    "ci_toolkit/model/folded_test.py": ("model/test_folded_test.py", "model/test_journal_fold.py"),
    "ci_toolkit/suite/ending.py": ("suite/test_ending.py",),
    "ci_toolkit/plan/balance.py": (
        "plan/test_balance.py",
        "plan/test_rebalance.py",
        "plan/test_keep.py",
        "plan/test_build.py",
    ),
    "ci_toolkit/plan/cuts.py": ("plan/test_cuts.py", "plan/test_keep.py", "plan/test_build.py"),
}
"""Module to its tests below tests/unit, those that notice most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change, and what the tests made of it."""

    operator: str
    before: str
    after: str
    is_killed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of the mutants of one module."""

    module: str
    mutants: tuple[Mutant, ...]

    @property
    def killed(self) -> int:
        return sum(mutant.is_killed for mutant in self.mutants)

    @property
    def percent(self) -> float:
        return 100.0 * self.killed / len(self.mutants) if self.mutants else 0.0

    def survivors(self) -> Iterator[str]:
        """Yield each survivor as survivors.md names it."""
        for mutant in self.mutants:
            if not mutant.is_killed:
                yield f"`{self.module}`: `{mutant.before}` -> `{mutant.after}`"


def main(wanted: Sequence[str]) -> int:
    modules = [module for module in MODULES if not wanted or Path(module).stem in wanted]
    explained = SURVIVORS.read_text(encoding="utf-8")
    reports = []
    with tempfile.TemporaryDirectory(prefix="ci-toolkit-mutants-") as folder:
        copies: Queue[Path] = Queue()
        for number in range(COPIES):
            copies.put(copy_tree(Path(folder) / str(number)))
        with ThreadPoolExecutor(COPIES) as pool:
            for report in pool.map(lambda module: report_on(module, copies), modules):
                reports.append(report)
                tell(report, explained)
    every = sum(len(report.mutants) for report in reports)
    killed = sum(report.killed for report in reports)
    print(f"in all: {killed} of {every} killed, {100.0 * killed / every if every else 0.0:.1f}%")
    low = [report.module for report in reports if report.percent < LEAST_PERCENT]
    if low or not reports:
        print(f"under {LEAST_PERCENT:g}%: {', '.join(low) or 'no such module'}", file=sys.stderr)
    return int(bool(low or not reports))


def tell(report: Report, explained: str) -> None:
    """Print what became of a module's mutants, and which survivors nobody explains."""
    print(f"{report.module}: {report.killed} of {len(report.mutants)} mutants killed, {report.percent:.1f}%")
    for survivor in report.survivors():
        print(f"  {'explained' if survivor in explained else 'UNEXPLAINED'}: {survivor}")
    sys.stdout.flush()


def copy_tree(copy: Path) -> Path:
    """Copy the code and its unit tests, compiled, for mutants are run without writing bytecode."""
    for part in ("ci_toolkit", "tests/unit", str(HERE)):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(copy / "ci_toolkit", quiet=1)
    return copy


def report_on(module: str, copies: "Queue[Path]") -> Report:
    """Run the mutants of ``module`` in a copy that nobody else uses meanwhile."""
    copy = copies.get()
    try:
        began = time.monotonic()
        mutants = tuple(run_mutants(module, copy))
        print(f"  ({module} took {time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
        return Report(module=module, mutants=mutants)
    finally:
        copies.put(copy)


def run_mutants(module: str, copy: Path) -> Iterable[Mutant]:
    tests = [f"tests/unit/{test}" for test in MODULES[module]]
    command = [sys.executable, "-m", "pytest", "-c", f"{HERE}/pytest.ini", "--rootdir", ".", *tests]
    began = time.monotonic()
    run(command, copy)  # also compiles the tests; without a mutant they pass, or nothing is shown
    limit = 20.0 + 10.0 * (time.monotonic() - began)
    name = Path(module).stem
    config = copy / f"{name}.toml"
    text = (copy / HERE / "cosmic-ray.toml").read_text(encoding="utf-8")
    for key, value in (("module-path", module), ("test-command", shlex.join(command))):
        text = text.replace(f'{key} = ""', f"{key} = {json.dumps(value)}")
    config.write_text(text.replace("timeout = 0.0", f"timeout = {limit:.1f}"), encoding="utf-8")
    session = f"{name}.sqlite"
    run(["cosmic-ray", "init", config.name, session], copy)
    run(["cr-filter-operators", session, config.name], copy)
    run(["cosmic-ray", "exec", config.name, session], copy)
    for line in run(["cosmic-ray", "dump", session], copy).splitlines():
        mutant = read_mutant(*json.loads(line))
        if mutant is not None:
            yield mutant


def read_mutant(item: dict[str, Any], result: dict[str, Any] | None) -> Mutant | None:
    """Return the mutant of one line of the dump; None for what was filtered, and for no change at all."""
    if result is None or result["worker_outcome"] != "normal":
        if result is not None and result["worker_outcome"] == "skipped":
            return None
        raise SystemExit(f"cosmic-ray could not run {item}: {result}")
    (mutation,) = item["mutations"]
    operator = mutation["operator_name"]
    lines = result["diff"].splitlines()
    before = next((line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---")), "")
    after = next((line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")), "")
    if "SyntaxError: " in result["output"] or ("_Mul_" in operator and before.startswith("def ")):
        return None  # cosmic-ray takes the stars of arguments for operators
    return Mutant(
        operator=operator,
        before=before,
        after=after,
        is_killed=result["test_outcome"] != "survived",
    )


def run(command: Sequence[str], copy: Path) -> str:
    """Run ``command`` in ``copy`` and return what it printed; ends the session with its words where it fails."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "CI": "1"}  # CI: hypothesis draws the same
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
