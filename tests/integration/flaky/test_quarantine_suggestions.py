"""Which tests are suggested for the quarantine, and what is said of those that are not."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from history_samples import NOW, file_run, run_of
from outcome_samples import go, judged, judged_run, try_of

from ci_toolkit.history.locations import add_run
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.history import RunRecord
from ci_toolkit.model.outcomes import GoKind
from ci_toolkit.workflow.quarantine_suggestions import suggestions

TESTS = """
import pytest

def test_flaky(): pass
def test_broken(): pass
def test_both(): pass
def test_steady(): pass
@pytest.mark.mission_critical
def test_critical(): pass
"""
QUARANTINED = """[[quarantine]]
test = "test_a.py::test_known"
reason = "it is slow"
owner = "@a"
issue = "1"
since = 2026-11-01
expires = 2026-11-30
signatures = ["8649654f6f8ca7f7"]
"""
FLAKY, BROKEN, BOTH = (f"test_a.py::test_{name}" for name in ("flaky", "broken", "both"))


def flips(suffix: str, run: str, at: float, signature: str) -> RunRecord:
    """A run in which a test failed and passed when it was tried again at once."""
    goes = (go(suffix, signature=signature), go(suffix, Ended.PASSED, number=1, kind=GoKind.AGAIN))
    return try_of({suffix: "F"}, *goes, tree=run, key=f"{run} {suffix}", run=run, at=at)


def rules(test: str, kind: str, run: str, at: float, signature: str) -> RunRecord:
    return judged_run(msgspec.structs.replace(judged(test, kind), signature=signature), key=f"{run} {test}", at=at)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "test_a.py").write_text(TESTS)
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\nmarkers = ["mission_critical"]\n')
    (tmp_path / "quarantine.toml").write_text(QUARANTINED)
    runs = [
        flips("test_flaky", "1", NOW - 9, "a"),
        rules(FLAKY, "flaky", "1", NOW - 8, "a"),
        flips("test_broken", "1", NOW - 9, "a"),
        rules(BROKEN, "flaky", "1", NOW - 8, "a"),
        flips("test_broken", "2", NOW - 6, "b"),
        rules(BROKEN, "regression", "2", NOW - 5, "b"),
        flips("test_both", "1", NOW - 9, "b"),
        rules(BOTH, "regression", "1", NOW - 8, "b"),
        flips("test_both", "2", NOW - 6, "a"),
        rules(BOTH, "flaky", "2", NOW - 5, "a"),
        flips("test_critical", "1", NOW - 9, "a"),
        flips("test_known", "1", NOW - 9, "a"),
        flips("test_gone", "1", NOW - 9, "a"),
        try_of({"test_steady": "F"}, go("test_steady"), tree="1", key="steady", at=NOW - 9),
    ]
    names = [f"test_{name}" for name in ("flaky", "broken", "both", "critical", "known", "gone", "steady")]
    runs.append(run_of(file_run(dict.fromkeys(names, 1.0), outcomes="F" * len(names))))
    for run in runs:
        add_run(str(tmp_path / "history.sqlite"), run, now=NOW)
    return tmp_path


def suggested(project: Path, asked: Sequence[str] = ()) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the signatures of what is suggested, and why the rest is not."""
    found = suggestions(project, str(project / "history.sqlite"), asked)
    tests = {test: [seen.signature for seen in standing.signatures] for test, standing in found.tests.items()}
    return tests, dict(found.left_out)


def test_what_a_change_broke_is_no_suggestion_and_no_signature_of_one(project: Path) -> None:
    tests, left_out = suggested(project)
    assert tests == {FLAKY: ["a"], BOTH: ["a"]}
    (why,) = left_out.items()
    assert why[0] == BROKEN
    assert why[1].startswith("its newest failure was ruled a regression on ")
    assert "at commit c0ffee, and nothing since shows it flaky" in why[1]


def test_of_each_test_that_is_asked_for_why_it_is_not_suggested_is_said(project: Path) -> None:
    names = ("flaky", "broken", "known", "steady", "critical", "gone", "nobody")
    tests, left_out = suggested(project, [f"test_a.py::test_{name}" for name in names])
    assert tests == {FLAKY: ["a"]}
    assert {test: why.partition(" on ")[0] for test, why in left_out.items()} == {
        BROKEN: "its newest failure was ruled a regression",
        "test_a.py::test_known": "it is in quarantine.toml",
        "test_a.py::test_steady": "it did not fail and pass",
        "test_a.py::test_critical": "a mission-critical test is never in quarantine",
        "test_a.py::test_gone": "no such test is there any more",
        "test_a.py::test_nobody": "no failure of it is recorded",
    }
