"""Each report says how much of the changed lines was reached, and where not."""

import msgspec
import pytest

from ci_toolkit.model.verdict import ChangedCoverage, Counts, Coverage, MissedLines, Proof, Status, Verdict
from ci_toolkit.report.annotations import Root
from ci_toolkit.report.changed_lines import changed_line, unmeasured_line
from ci_toolkit.report.check_run import render_check
from ci_toolkit.report.html import render_html
from ci_toolkit.report.markdown import render_markdown
from ci_toolkit.report.terminal import render_terminal

CHANGED = ChangedCoverage(
    percent=200 / 3,
    threshold=90.0,
    base="c0ffee" * 6 + "c0ff",
    covered=2,
    statements=3,
    missed=(MissedLines(path="src/<a>.py", first=3, last=5), MissedLines(path="src/b.py", first=9, last=9)),
    unmeasured=tuple(f"x{number}.py" for number in range(7)),
)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (CHANGED, "coverage of changed lines: 66.67% of 3 statements since c0ffeec0ffee (asked: 90%)"),
        (
            msgspec.structs.replace(CHANGED, percent=None, threshold=None),
            "coverage of changed lines: no statement that is measured has changed since c0ffeec0ffee",
        ),
        (
            ChangedCoverage(unknown="too shallow", threshold=0.0),
            "coverage of changed lines: not known: too shallow (asked: 0%)",
        ),
    ],
)
def test_the_line_says_how_much_was_reached_or_why_nobody_knows(changed: ChangedCoverage, told: str) -> None:
    assert changed_line(changed) == told


def test_files_that_are_not_measured_are_named_and_counted() -> None:
    assert unmeasured_line(CHANGED) == "changed, and not measured: x0.py, x1.py, x2.py, x3.py, x4.py and 2 more"
    assert unmeasured_line(ChangedCoverage()) == ""


def test_every_report_has_it() -> None:
    verdict = Verdict(
        status=Status.PASSED,
        exit_code=0,
        plan_id="p",
        counts=Counts(total=1, passed=1),
        coverage=Coverage(percent=91.5, changed=CHANGED),
        proof=Proof(planned_files=1, collected_files=1, collected_tests=1, outcomes=1, statement=""),
    )
    check = render_check(verdict, Root())
    reports = (render_terminal(verdict), render_markdown(verdict), render_html(verdict), check.summary + check.text)
    for report in reports:
        assert "66.67% of 3 statements" in report
        assert "src/b.py:9" in report
        assert "x0.py" in report
    for report in reports[1:]:
        assert "<a>" not in report
