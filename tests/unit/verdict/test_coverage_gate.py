"""Coverage that does not reach what is asked for fails a run."""

import pytest
from run_samples import LOST, a_run, answer

from ci_toolkit.model.merged import CoverageDemand, MeasuredCoverage
from ci_toolkit.model.mode import Strictness
from ci_toolkit.model.verdict import (
    Breach,
    CategoryCoverage,
    Counts,
    Coverage,
    Gate,
)
from ci_toolkit.verdict.judge import Thresholds, judge
from ci_toolkit.verdict.percentages import reaches, shown

STRICT, LENIENT = Strictness.STRICT, Strictness.LENIENT


def measured(covered: int, statements: int, **by_category: tuple[int, int]) -> MeasuredCoverage:
    return MeasuredCoverage(covered=covered, statements=statements, by_category=by_category)


FAILED = Counts(total=5, passed=3, failed=2)
NOT_MEASURED = "coverage was not measured; 80% is asked for"


@pytest.mark.parametrize(
    ("coverage", "threshold", "breach"),
    [
        (measured(80, 100), 80.0, None),  # exactly there
        (measured(81, 100), 80.0, None),
        (measured(79, 100), 80.0, "coverage is 79.00%, under 80%"),
        (measured(7_999_999, 10_000_000), 80.0, "coverage is 79.99999%, under 80%"),
        (measured(8_000_000, 10_000_000), 80.0, None),
        (measured(0, 100), 0.0, None),
        (measured(0, 100), 0.5, "coverage is 0.00%, under 0.5%"),
        (measured(100, 100), 100.0, None),
        (measured(99, 100), 100.0, "coverage is 99.00%, under 100%"),
        (measured(2, 3), 66.67, "coverage is 66.667%, under 66.67%"),
        (measured(1, 100), None, None),
        (None, None, None),
        (None, 80.0, NOT_MEASURED),
        (measured(0, 0), 80.0, NOT_MEASURED),  # nothing of nothing shows nothing
        (measured(0, 0), 0.0, "coverage was not measured; 0% is asked for"),
        (measured(1, 1), 80.0, None),
    ],
)
def test_coverage_must_reach_its_threshold_without_rounding(
    coverage: MeasuredCoverage | None, threshold: float | None, breach: str | None
) -> None:
    breaches = [] if breach is None else [("coverage", breach)]
    verdict = judge(a_run(coverage=coverage), Thresholds(overall=threshold))
    assert answer(verdict) == ("failed" if breaches else "passed", 1 if breaches else 0, breaches)


@pytest.mark.parametrize(
    ("thresholds", "breaches"),
    [
        (Thresholds(by_category={"unit": 80.0}), []),
        (Thresholds(by_category={"unit": 80.1}), ["coverage of category unit is 80.00%, under 80.1%"]),
        (Thresholds(by_category={"e2e": 1.0}), ["coverage of category e2e was not measured; 1% is asked for"]),
        (Thresholds(if_measured={"e2e": 1.0}), []),
        (Thresholds(if_measured={"unit": 81.0}), ["coverage of category unit is 80.00%, under 81%"]),
        (Thresholds(if_measured={"unit": 81.0}, by_category={"unit": 80.0}), []),
        (Thresholds(if_measured={"unit": 70.0}, by_category={"unit": 81.0}),
         ["coverage of category unit is 80.00%, under 81%"]),
        (Thresholds(by_category={"empty": 1.0}), ["coverage of category empty was not measured; 1% is asked for"]),
        (Thresholds(overall=95.0, by_category={"unit": 81.0, "integration": 61.0}),
         ["coverage is 90.00%, under 95%", "coverage of category integration is 60.00%, under 61%",
          "coverage of category unit is 80.00%, under 81%"]),
    ],
)  # fmt: skip
def test_each_category_must_reach_its_own_threshold(thresholds: Thresholds, breaches: list[str]) -> None:
    coverage = measured(90, 100, unit=(80, 100), integration=(60, 100), empty=(0, 0))
    verdict = judge(a_run(coverage=coverage), thresholds)
    assert verdict.breaches == tuple(Breach(gate=Gate.COVERAGE, message=message) for message in breaches)


def test_a_standing_threshold_asks_nothing_where_nothing_was_measured() -> None:
    assert judge(a_run(), Thresholds(if_measured={"unit": 80.0})).breaches == ()


def test_too_little_coverage_does_not_hide_that_tests_failed_or_were_lost() -> None:
    run = a_run(coverage=measured(1, 100), counts=FAILED, lost=(LOST,))
    assert [gate for gate, _ in answer(judge(run, Thresholds(overall=80.0)))[2]] == [
        "completeness",
        "tests",
        "coverage",
    ]


@pytest.mark.parametrize(
    ("coverage", "shown_as"),
    [
        (None, Coverage(percent=None, threshold=80.0)),
        (measured(0, 0), Coverage(percent=None, threshold=80.0)),
        (measured(1, 8), Coverage(percent=12.5, threshold=80.0)),
        (
            measured(1, 8, unit=(1, 4), e2e=(0, 0), integration=(0, 1)),
            Coverage(
                percent=12.5,
                threshold=80.0,
                by_category={
                    "e2e": CategoryCoverage(percent=100.0),
                    "integration": CategoryCoverage(percent=0.0, threshold=60.0),
                    "unit": CategoryCoverage(percent=25.0, threshold=70.0),
                },
            ),
        ),
    ],
)
def test_the_verdict_shows_coverage_beside_what_was_asked(
    coverage: MeasuredCoverage | None, shown_as: Coverage
) -> None:
    thresholds = Thresholds(overall=80.0, by_category={"unit": 70.0}, if_measured={"integration": 60.0})
    verdict = judge(a_run(coverage=coverage), thresholds)
    assert verdict.coverage == shown_as
    assert [*verdict.coverage.by_category] == sorted(shown_as.by_category)


@pytest.mark.parametrize(
    ("covered", "statements", "threshold", "is_reached"),
    [
        (1, 3, 100 / 3, True),
        (1, 3, 33.34, False),
        (0, 0, 80.0, True),
        (799, 1000, 79.9, True),
        (799, 1000, 79.91, False),
    ],
)
def test_a_share_reaches_a_threshold_or_not(
    covered: int, statements: int, threshold: float, *, is_reached: bool
) -> None:
    assert reaches(covered, statements, threshold) == is_reached


@pytest.mark.parametrize(
    ("percent", "threshold", "text"),
    [
        (79.0, 80.0, "79.00"),
        (79.994, 80.0, "79.99"),
        (79.996, 80.0, "79.996"),
        (79.9999999996, 80.0, "79.9999999996"),
        (79.999999999988, 80.0, "79.99999999999"),
        (79.9999999999988, 80.0, "79.9999999999988"),  # more digits than anybody reads
        (79.996, 79.998, "79.996"),  # and never above it
        (0.001, 0.002, "0.00"),
    ],
)
def test_a_percentage_below_its_threshold_never_looks_like_it(percent: float, threshold: float, text: str) -> None:
    assert shown(percent, threshold) == text


@pytest.mark.parametrize(
    ("covered", "statements", "demand", "precision", "is_met"),
    [
        (3, 4, 75, 0, True),
        (3, 4, 60, 0, True),
        (795, 1000, 80, 0, True),  # as coverage rounds: 79.5 is shown as 80
        (794, 1000, 80, 0, False),
        (795, 1000, 80, 1, False),
        (799, 1000, 79.9, 0, True),
        (798, 1000, 79.9, 0, False),
        (9999, 10000, 100, 0, False),
        (4, 4, 100, 0, True),
        (4, 4, 101, 0, False),
    ],
)
def test_the_suites_own_demand_is_judged_as_coverage_itself_does(
    covered: int, statements: int, demand: float, precision: int, *, is_met: bool
) -> None:
    measured = MeasuredCoverage(covered=covered, statements=statements, by_category={})
    asked = CoverageDemand(percent=demand, precision=precision, asked_by="--cov-fail-under")
    verdict = judge(a_run(coverage=measured, coverage_demand=asked), Thresholds())
    assert (verdict.status == "passed") is is_met
    assert verdict.coverage.threshold == demand


def test_a_demand_of_the_suites_own_is_not_met_where_nothing_was_measured() -> None:
    asked = CoverageDemand(percent=50, asked_by="fail_under in setup.cfg")
    verdict = judge(a_run(coverage=None, coverage_demand=asked), Thresholds())
    told = "coverage was not measured; it must reach 50%, which fail_under in setup.cfg asks for"
    assert answer(verdict) == ("failed", 1, [("coverage", told)])


def test_a_threshold_of_the_command_line_and_the_suites_own_both_count() -> None:
    measured = MeasuredCoverage(covered=3, statements=4, by_category={})
    asked = CoverageDemand(percent=90, asked_by="--cov-fail-under")
    verdict = judge(a_run(coverage=measured, coverage_demand=asked), Thresholds(overall=80))
    assert [breach.message for breach in verdict.breaches] == [
        "coverage is 75.00%, under 80%",
        "coverage is 75.00%, under 90%, which --cov-fail-under asks for",
    ]
    assert verdict.coverage.threshold == 80
