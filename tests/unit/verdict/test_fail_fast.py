import pytest

from ci_toolkit.model.mode import FailFast, FailFastRule
from ci_toolkit.verdict.fail_fast import RunTally, reason_to_start_no_stage, reason_to_stop

NEVER, FIRST, CATEGORY, CRITICAL = (
    FailFast(rule=rule)
    for rule in (FailFastRule.NEVER, FailFastRule.FIRST, FailFastRule.CATEGORY, FailFastRule.CRITICAL)
)
TWO = FailFast(rule=FailFastRule.THRESHOLD, count=2)
TENTH = FailFast(rule=FailFastRule.THRESHOLD, percent=10.0)
NO_THRESHOLD = FailFast(rule=FailFastRule.THRESHOLD)


@pytest.mark.parametrize(
    ("rule", "tally", "reason"),
    [
        (NEVER, RunTally(failures=9, critical_failures=9, selected=9), ""),
        (FIRST, RunTally(selected=9), ""),
        (FIRST, RunTally(failures=1), "the first failure"),
        (FIRST, RunTally(failures=2, selected=9), "the first failure"),
        (CATEGORY, RunTally(failures=9, critical_failures=9, selected=9), ""),
        (CRITICAL, RunTally(failures=9, selected=9), ""),
        (CRITICAL, RunTally(failures=1, critical_failures=1), "a mission-critical test failed"),
        (TWO, RunTally(failures=1, selected=1), ""),
        (TWO, RunTally(failures=2), "2 tests failed, and 2 end the run"),
        (TWO, RunTally(failures=3), "3 tests failed, and 2 end the run"),
        (TENTH, RunTally(failures=1, selected=11), ""),
        (TENTH, RunTally(failures=1, selected=10), "1 of 10 tests failed, and 10% end the run"),
        (TENTH, RunTally(failures=2, selected=11), "2 of 11 tests failed, and 10% end the run"),
        (TENTH, RunTally(failures=1, selected=1), "1 of 1 tests failed, and 10% end the run"),
        (TENTH, RunTally(failures=5, selected=0), ""),  # a shard still collects
        (TENTH, RunTally(selected=5), ""),
        (NO_THRESHOLD, RunTally(failures=9, critical_failures=9, selected=9), ""),
    ],
)
def test_failures_end_a_run_as_its_rule_says(rule: FailFast, tally: RunTally, reason: str) -> None:
    assert reason_to_stop(rule, tally) == reason
    if rule is not CATEGORY:
        assert reason_to_start_no_stage(rule, tally) == reason


@pytest.mark.parametrize(
    ("failures", "reason"),
    [(0, ""), (1, "1 failed in an earlier category"), (2, "2 failed in an earlier category")],
)
def test_a_failed_category_lets_no_later_one_start(failures: int, reason: str) -> None:
    assert reason_to_start_no_stage(CATEGORY, RunTally(failures=failures)) == reason
