from typing import Any

import msgspec
import pytest

from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.quarantine import QuarantineStay, QuarantineUse
from ci_toolkit.model.reasoned import ReasonedTests
from ci_toolkit.model.verdict import (
    Breach,
    Counts,
    Coverage,
    Gate,
    LostTest,
    Proof,
    ShardReport,
    SlowTest,
    Status,
    TestFailure,
    Verdict,
)
from ci_toolkit.model.warned import Warned, WarningsMet
from ci_toolkit.report.terminal import counts_line, render_terminal, terminal_lines, times_line
from ci_toolkit.report.text import View

FAILURE = TestFailure(
    node_id="tests/test_a.py::test_diff",
    file="tests/test_a.py",
    line=4,
    message="assert 1 == 2",
    shard=1,
    detail="def test_diff():\n        print('the clue')\n>       assert 1 == 2\nE       assert 1 == 2\n\ntests/test_a.py:4: AssertionError",
    output="--- Captured stdout call ---\nthe clue\n\n--- Captured log call ---\nWARNING a line",
)
SHARD = ShardReport(
    index=1, state=ShardState.FINISHED, tests=5, planned_seconds=3.0, actual_seconds=4.5, tests_seconds=3.5
)


def a_verdict(**also: Any) -> Verdict:
    fields = {
        "status": Status.FAILED,
        "exit_code": 1,
        "plan_id": "f" * 64,
        "counts": Counts(total=5, passed=4, failed=1),
        "coverage": Coverage(percent=None),
        "shards": (SHARD,),
        "proof": Proof(planned_files=1, collected_files=1, collected_tests=5, outcomes=5, statement="it adds up"),
        **also,
    }
    return Verdict(**fields)


def text_of(*, view: View | None = None, **also: Any) -> str:
    return render_terminal(a_verdict(**also), view)


def test_a_failure_is_shown_as_pytest_shows_it_and_once() -> None:
    text = text_of(failures=(FAILURE,))
    assert text.splitlines()[:2] == [
        "=================================== FAILURES ===================================",
        "_________________ FAILED tests/test_a.py::test_diff [shard 1] __________________",
    ]
    assert (
        """
    def test_diff():
        print('the clue')
>       assert 1 == 2
E       assert 1 == 2

tests/test_a.py:4: AssertionError
----------------------------- Captured stdout call -----------------------------
the clue
------------------------------ Captured log call -------------------------------
WARNING a line
"""
        in text
    )
    assert text.count("FAILED tests/test_a.py::test_diff [shard 1]") == 1
    assert text.count("AssertionError") == 1


def test_a_failure_without_a_traceback_says_where_and_why() -> None:
    died = TestFailure(node_id="test_a.py::test_1", file="test_a.py", line=3, message="killed by SIGKILL", shard=2)
    assert "\ntest_a.py:3: killed by SIGKILL\n" in text_of(failures=(died,))


@pytest.mark.parametrize(("verbosity", "named"), [(0, 20), (1, 200)])
def test_long_lists_name_some_and_say_where_the_rest_is(verbosity: int, named: int) -> None:
    lost = tuple(LostTest(node_id=f"test_a.py::test_{n}", shard=1, reason="never ran") for n in range(300))
    breaches = tuple(Breach(gate=Gate.MISSION_CRITICAL, message=f"test_{n} was skipped") for n in range(300))
    view = View(verbosity=verbosity)
    text = text_of(lost=lost, left_out=lost, breaches=breaches, flaky=(FAILURE,) * 300, view=view)
    for begin in ("  LOST  ", "  LEFT OUT  ", "breach: ", "  FLAKY  "):
        assert sum(line.startswith(begin) for line in text.splitlines()) == named
    assert text.count(f"  ... and {300 - named} more, see verdict.json\n") == 4


def test_failures_beyond_what_anybody_reads_are_counted() -> None:
    text = text_of(failures=(FAILURE,) * 60)
    assert text.count("FAILED tests/test_a.py") == 50
    assert "  ... and 10 more, see verdict.json\n" in text


def test_skipped_tests_are_named_below_their_reason_as_far_as_there_is_room() -> None:
    skipped = (
        ReasonedTests(reason="needs a server\n  here", count=49, node_ids=tuple(f"test_{n:02}" for n in range(49))),
        ReasonedTests(reason="", count=3, node_ids=("test_a", "test_b", "test_c")),
        ReasonedTests(reason="later", count=1, node_ids=("test_d",)),
    )
    text = text_of(skipped=skipped)
    assert "-- skipped --\n  49 tests: needs a server here\n      test_00\n" in text
    assert "      test_48\n  3 tests: without a reason\n      test_a\n      and 2 more\n  1 test: later\n-- " in text
    assert "      and " not in text_of(skipped=skipped, view=View(verbosity=1))
    assert "skipped" not in text_of(skipped=skipped, view=View(verbosity=-1))


@pytest.mark.parametrize(
    ("shows", "verbosity", "listed"),
    [
        ("", 0, (False, False)),
        ("fx", 0, (True, False)),
        ("X", 0, (False, True)),
        ("", 1, (True, True)),
        ("xX", -1, (False, False)),
    ],
)
def test_what_was_expected_to_fail_is_listed_where_the_suite_or_the_user_asks(
    shows: str, verbosity: int, listed: tuple[bool, bool]
) -> None:
    failed, passed = (ReasonedTests(reason=why, count=1, node_ids=("test_a",)) for why in ("a bug", "a mended bug"))
    text = text_of(xfailed=(failed,), xpassed=(passed,), shows=shows, view=View(verbosity=verbosity))
    titles = (
        "-- expected to fail --\n  1 test: a bug\n",
        "-- expected to fail, and passed --\n  1 test: a mended bug\n",
    )
    assert tuple(title in text for title in titles) == listed


def test_warnings_stand_above_the_tests_that_met_them() -> None:
    often = Warned(text="a.py:4: DeprecationWarning: use\n  b", count=5, node_ids=tuple(f"test_{n}" for n in range(5)))
    once = Warned(text="a.py:1: UserWarning: at import", count=1)
    also: dict[str, Any] = {"warnings": WarningsMet(count=6, told=(often, once))}
    text = text_of(**also)
    head = "-- warnings --\n  5 times: a.py:4: DeprecationWarning: use b\n      test_0\n      test_1\n      test_2\n"
    assert f"{head}      and others\n  a.py:1: UserWarning: at import\n-- " in text
    assert text.endswith("of 5 tests, 6 warnings\n")
    assert "      test_4\n  a.py:1" in text_of(view=View(verbosity=1), **also)
    assert "at import" not in text_of(view=View(verbosity=-1), **also)


def test_a_lost_file_says_for_how_many_tests_it_stands() -> None:
    lost = [
        LostTest(node_id=name, shard=1, reason="gone", tests=n) for name, n in (("a.py", 17), ("b.py", 0), ("c", 1))
    ]
    text = text_of(lost=tuple(lost))
    assert "  LOST  a.py (17 tests)  [shard 1] gone\n" in text
    assert "  LOST  b.py (a file)  [shard 1] gone\n" in text
    assert "  LOST  c  [shard 1] gone\n" in text


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        (Counts(), "no tests"),
        (Counts(total=3, passed=3, flaky=2), "3 passed; 2 flaky among them"),
        (Counts(total=4, failed=1, errors=1, passed=2), "1 failed, 1 error, 2 passed"),
        (Counts(total=9, errors=2, lost=3, skipped=1, left_out=3), "2 errors, 3 lost, 1 skipped, 3 left out"),
    ],
)
def test_each_test_is_counted_once(counts: Counts, line: str) -> None:
    assert counts_line(counts) == line


@pytest.mark.parametrize(
    ("also", "line"),
    [
        ({}, "time: slowest shard 53.0 s, start-up 3.1 s a shard, tests 49.9 s on the shard with most"),
        (
            {"wall_seconds": 121.0, "predicted_seconds": 48.0},
            (
                "time: wall 2 min 01 s, slowest shard 53.0 s, start-up 3.1 s a shard, tests 49.9 s on the shard with most; "
                "predicted: 48.0 s"
            ),
        ),
    ],
)
def test_times_are_named_by_what_they_measure(also: dict[str, Any], line: str) -> None:
    verdict = a_verdict(achieved_seconds=53.0, overhead_seconds=3.1, tests_seconds=49.9, **also)
    assert times_line(verdict) == line


@pytest.mark.parametrize(
    ("predicted", "row"),
    [
        (3.0, "     1  finished         5       3.0 s     3.5 s     1.0 s\n"),
        (None, "     1  finished         5           -     3.5 s     1.0 s\n"),
    ],
)
def test_a_shard_has_a_prediction_only_where_the_run_has(predicted: float | None, row: str) -> None:
    assert row in text_of(predicted_seconds=predicted)


SLOW = tuple(SlowTest(node_id=f"test_{n}", seconds=10.0 - n / 10) for n in range(30))


@pytest.mark.parametrize(
    ("view", "slowest", "listed"),
    [
        (View(), SLOW, 5),
        (View(), (SlowTest(node_id="test_0", seconds=0.01),), 0),
        (View(slowest=10), SLOW, 10),
        (View(slowest=0), SLOW, 30),
        (View(verbosity=-1), SLOW, 0),
        (View(verbosity=-1, slowest=3), SLOW, 3),
        (View(slowest=3), (), 0),
    ],
)
def test_as_many_slow_tests_are_listed_as_are_asked_for(view: View, slowest: tuple[SlowTest, ...], listed: int) -> None:
    text = text_of(slowest=slowest, view=view)
    assert sum(" s  test_" in line for line in text.splitlines()) == listed
    assert ("-- slowest --" in text) == bool(listed)


def test_quiet_keeps_the_failures_and_the_answer() -> None:
    breach = Breach(gate=Gate.TESTS, message="1 failed, 0 errors")
    lines = text_of(failures=(FAILURE,), breaches=(breach,), notes=("a note",), view=View(verbosity=-1)).splitlines()
    assert lines[-2:] == ["breach: [tests] 1 failed, 0 errors", "verdict: failed: 1 failed, 4 passed of 5 tests"]
    assert not {"-- shards --", "proof: it adds up", "note: a note"} & set(lines)
    assert "E       assert 1 == 2" in lines


def test_what_went_wrong_stands_out() -> None:
    styles = {line.text: line.style for line in terminal_lines(a_verdict(failures=(FAILURE,)), View())}
    assert styles["E       assert 1 == 2"] == "red"
    assert styles["verdict: failed: 1 failed, 4 passed of 5 tests"] == "bold red"
    assert styles["the clue"] == ""


@pytest.mark.parametrize("width", [60, 80, 200])
def test_what_is_not_a_test_s_own_text_fits_the_terminal(width: int) -> None:
    text = text_of(
        notes=("a note with a good many words in it, more than fit in a line of eighty columns by far",),
        advice="cut this test, which takes nearly all of the time that the whole run takes on every machine",
        predicted_seconds=3.0,
        wall_seconds=99.0,
        view=View(width=width),
    )
    assert max(map(len, text.splitlines())) <= width


def test_a_quarantined_failure_is_always_shown_in_short_and_why_it_does_not_fail_the_run() -> None:
    excused = msgspec.structs.replace(FAILURE, quarantined=True, why="in quarantine until tomorrow (@team)")
    for verbosity in (-1, 0, 1):
        text = text_of(failures=(excused,), view=View(verbosity=verbosity))
        assert "FAILURES" not in text
        assert text.startswith(
            "-- quarantined: failed as before, which does not fail the run --\n"
            "  QUARANTINED  tests/test_a.py::test_diff  [shard 1]\n"
            "          tests/test_a.py:4: assert 1 == 2\n"
            "          in quarantine until tomorrow (@team)\n"
        )


def test_why_a_failure_is_not_excused_stands_above_its_traceback() -> None:
    lines = text_of(failures=(msgspec.structs.replace(FAILURE, why="it failed in a new way"),)).splitlines()
    assert lines[2:4] == ["it failed in a new way", "    def test_diff():"]


def test_the_quarantine_that_counted_has_a_line() -> None:
    stay = QuarantineStay(test="a::b", owner="@team", days=26, expires="2026-12-20")
    use = QuarantineUse(digest="0123456789abcdef" * 4, entries=1, held_back=("the entry of a::b",), stays=(stay,))
    counts = Counts(total=5, passed=4, failed=1, quarantined=1)
    shown = "quarantine: 1 entry, 1 failure excused; 1 addition of this change not yet counted; the longest for 26 days, of @team (file 0123456789ab)"
    assert shown in text_of(quarantine=use, counts=counts)
    assert "quarantine:" not in text_of()
