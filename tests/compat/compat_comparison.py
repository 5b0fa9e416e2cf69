"""Runs a suite under plain pytest and under ci-toolkit, and says what is not the same."""

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import junitparser
import msgspec
from compat_rows import COVERAGE, EXIT, OUTCOMES, WARNINGS, Row

SECONDS = 300.0
EXIT_OF = {0: 0, 1: 1, 2: 1, 5: 3, 6: 1, 7: 1}
"""Plain pytest's exit code to ours: a file that cannot be imported is a failure, 3 is nothing to run; too many
warnings (6), and flaky tests where a plugin fails for them (7), fail."""
_LAST_LINE = re.compile(r"\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed)\b.* in \d")
_COUNT = re.compile(r"(\d+) warnings?")
RANK = ("passed", "skipped", "error", "failure")

Outcomes = Counter[tuple[str, str, str]]
Covered = Mapping[str, tuple[list[int], list[list[int]]]]


class Suite(Protocol):
    """How a suite is run, and what of it is compared."""

    @property
    def options(self) -> tuple[str, ...]: ...  # what both commands are told
    @property
    def variables(self) -> Mapping[str, str]: ...  # what both have in their environment
    @property
    def is_measured(self) -> bool: ...
    @property
    def one_row_a_test(self) -> bool: ...
    @property
    def reports(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one command left."""

    exit: int
    said: str
    outcomes: Outcomes
    covered: Covered | None
    warnings: int | None
    """None where the command did not say."""
    reports: Mapping[str, str | None]
    """Path to text; None for one that is not there."""
    notes: tuple[str, ...] = ()


def differences(row: Row, python: Path, folder: Path) -> dict[str, str]:
    """Return what differs from plain pytest, each with what was seen. ``folder`` takes the copies of the suite."""
    plain = plain_pytest(row, python, _copy(row, python, folder / "plain"))
    ours = ci_toolkit(row, python, _copy(row, python, folder / "sharded"), shards=row.shards)
    assert plain.outcomes or EXIT_OF.get(plain.exit) != 0, f"plain pytest ran no test:\n{plain.said}"
    return dict(compare(plain, ours))


def compare(plain: Seen, ours: Seen) -> Iterator[tuple[str, str]]:
    """Yield each aspect that differs, and what was seen. Asserts that no report is a part of the whole."""
    told = f"\n--- plain pytest:\n{plain.said}\n--- ci-toolkit:\n{ours.said}"
    if ours.outcomes != plain.outcomes:
        yield OUTCOMES, f"plain {sorted(plain.outcomes.items())}, ours {sorted(ours.outcomes.items())}{told}"
    if ours.exit != EXIT_OF.get(plain.exit):
        yield EXIT, f"plain {plain.exit}, ours {ours.exit}{told}"
    if ours.covered != plain.covered:
        yield COVERAGE, f"plain {plain.covered}, ours {ours.covered}"
    if None not in {plain.warnings, ours.warnings} and ours.warnings != plain.warnings:
        yield WARNINGS, f"plain {plain.warnings}, ours {ours.warnings}{told}"
    names = {name for _, name, _ in plain.outcomes}
    for path, text in plain.reports.items():
        assert text is not None, f"plain pytest writes no {path}:\n{plain.said}"
        own = ours.reports[path]
        if own is None:
            assert any(path in note for note in ours.notes), f"{path} is missing, and no note says so: {ours.notes}"
            yield path, "it is not there, and a note says so"
        else:
            missing = {name for name in names if name in text and name not in own}
            assert not missing, f"{path} is a part that looks like the whole: it is without {sorted(missing)}"


def _copy(row: Row, python: Path, folder: Path) -> Path:
    for name, text in row.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if row.prepare:
        subprocess.run([python, "-c", row.prepare], cwd=folder, check=True, timeout=SECONDS)
    return folder


def plain_pytest(suite: Suite, python: Path, folder: Path) -> Seen:
    """Run the suite in ``folder`` under plain pytest."""
    measures = ["--cov-report=json:plain.json"] if suite.is_measured else []
    done = _run(
        [python, "-P", "-m", "pytest", "--junitxml=plain.xml", *measures, *suite.options], suite, python, folder
    )
    said = done.stdout + done.stderr
    return Seen(
        exit=done.returncode,
        said=said,
        outcomes=_outcomes(folder / "plain.xml", suite),
        covered=_covered(folder / "plain.json", said) if suite.is_measured else None,
        warnings=_warnings(said),
        reports=_reports(suite, folder),
    )


def ci_toolkit(suite: Suite, python: Path, folder: Path, *, shards: int) -> Seen:
    """Run the suite in ``folder`` in ``shards`` shards."""
    command = [python, "-m", "ci_toolkit", "run", "--shards", str(shards), "--no-history", "--", *suite.options]
    done = _run(command, suite, python, folder)
    said = done.stdout + done.stderr
    out = folder / ".ci-toolkit" / "out"
    verdict: Any = msgspec.json.decode((out / "verdict.json").read_bytes()) if (out / "verdict.json").exists() else {}
    return Seen(
        exit=done.returncode,
        said=said,
        outcomes=_outcomes(out / "junit.xml", suite),
        covered=_covered(out / "coverage.json", said) if suite.is_measured else None,
        warnings=verdict["warnings"]["count"] if verdict else None,
        reports=_reports(suite, folder),
        notes=tuple(verdict.get("notes", ())),
    )


def _run(command: list[Any], suite: Suite, python: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "CI"))}
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, **suite.variables, "PATH": path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _outcomes(path: Path, suite: Suite) -> Outcomes:
    if not path.exists():
        return Counter()
    found: Outcomes = Counter()
    for cases in junitparser.JUnitXml.fromfile(str(path)):
        for case in cases:
            kinds = {type(result).__name__.lower() for result in case.result} & set(RANK)
            found[case.classname or "", case.name or "", max(kinds, key=RANK.index, default="passed")] += 1
    return _worst_of_each(found) if suite.one_row_a_test else found


def _warnings(said: str) -> int | None:
    counts = [line for line in said.splitlines() if _LAST_LINE.search(line)]  # a plugin's own display has none
    found = _COUNT.search(counts[-1]) if counts else None
    return int(found[1]) if found else 0 if counts else None


def _worst_of_each(rows: Outcomes) -> Outcomes:
    worst: dict[tuple[str, str], str] = {}
    for classname, name, kind in rows:
        worst[classname, name] = max(kind, worst.get((classname, name), kind), key=RANK.index)
    return Counter((*test, kind) for test, kind in worst.items())


def _covered(path: Path, said: str) -> Covered:
    assert path.exists(), f"no coverage was written:\n{said}"
    files = msgspec.json.decode(path.read_bytes())["files"]
    return {name: (file["executed_lines"], file.get("executed_branches", [])) for name, file in files.items()}


def _reports(suite: Suite, folder: Path) -> dict[str, str | None]:
    paths = {name: folder / name for name in suite.reports}
    return {name: path.read_text("utf-8", "replace") if path.is_file() else None for name, path in paths.items()}
