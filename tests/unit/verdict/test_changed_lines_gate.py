import pytest
from run_samples import a_run

from ci_toolkit.model.merged import MeasuredCoverage, MergedRun
from ci_toolkit.model.verdict import ChangedCoverage
from ci_toolkit.verdict.judge import Thresholds, judge

MEASURED = MeasuredCoverage(covered=1, statements=2, by_category={})


def run(changed: ChangedCoverage | None, coverage: MeasuredCoverage | None = MEASURED) -> MergedRun:
    return a_run(coverage=coverage, changed=changed)


def changed(covered: int, statements: int) -> ChangedCoverage:
    percent = 100 * covered / statements if statements else None
    return ChangedCoverage(base="b", covered=covered, statements=statements, percent=percent)


UNKNOWN = ChangedCoverage(unknown="the history is too shallow")


@pytest.mark.parametrize(
    ("merged", "threshold", "message"),
    [
        (run(changed(9, 10)), 90.0, ""),
        (run(changed(0, 10)), 0.0, ""),
        (run(changed(0, 10)), None, ""),
        (run(changed(0, 0)), 100.0, ""),
        (run(UNKNOWN), None, ""),
        (run(changed(8, 10)), 90.0, "coverage of changed lines is 80.00% (8 of 10 statements), under 90%"),
        (
            run(changed(99_999, 100_000)),
            100.0,
            "coverage of changed lines is 99.999% (99999 of 100000 statements), under 100%",
        ),
        (
            run(UNKNOWN),
            90.0,
            "coverage of changed lines is not known, and 90% is asked for: the history is too shallow",
        ),
        (run(UNKNOWN), 0.0, "coverage of changed lines is not known, and 0% is asked for: the history is too shallow"),
        (run(None), 90.0, "coverage of changed lines is not known, and 90% is asked for: no coverage was measured"),
        (
            run(None, None),
            90.0,
            "coverage of changed lines is not known, and 90% is asked for: no coverage was measured",
        ),
    ],
)
def test_changed_lines_reach_their_threshold_or_fail_the_run(
    merged: MergedRun, threshold: float | None, message: str
) -> None:
    verdict = judge(merged, Thresholds(changed_lines=threshold))
    assert [breach.message for breach in verdict.breaches if breach.gate == "changed-lines"] == [message] * bool(
        message
    )
    assert verdict.exit_code == bool(message)
    if threshold is not None:
        assert verdict.coverage.changed is not None
        assert verdict.coverage.changed.threshold == threshold
    if message.startswith("coverage of changed lines is not known"):
        assert verdict.coverage.changed is not None
        assert verdict.coverage.changed.percent is None
