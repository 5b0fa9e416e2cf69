"""Fail-fast: whether the failures so far end a run that is still going on."""

from ci_toolkit.model.mode import FailFast, FailFastRule
from ci_toolkit.model.record import Record


class RunTally(Record, frozen=True, kw_only=True):
    """How a run stands."""

    failures: int = 0
    """Tests, and files that could not be collected, that failed so far."""
    critical_failures: int = 0
    selected: int = 0
    """Tests of the shards that have begun; 0 while one of them is still collecting."""


def reason_to_stop(rule: FailFast, tally: RunTally) -> str:
    """Return why the run ends now, or ``""``."""
    match rule.rule:
        case FailFastRule.FIRST if tally.failures:
            return "the first failure"
        case FailFastRule.CRITICAL if tally.critical_failures:
            return "a mission-critical test failed"
        case FailFastRule.THRESHOLD if rule.count and tally.failures >= rule.count:
            return f"{tally.failures} tests failed, and {rule.count} end the run"
        case FailFastRule.THRESHOLD if rule.percent and _reaches(tally, rule.percent):
            return f"{tally.failures} of {tally.selected} tests failed, and {rule.percent:g}% end the run"
        case _:
            return ""


def reason_to_start_no_stage(rule: FailFast, tally: RunTally) -> str:
    """Return why no further stage starts after one that has ended, or ``""``."""
    if rule.rule is FailFastRule.CATEGORY and tally.failures:
        return f"{tally.failures} failed in an earlier category"
    return reason_to_stop(rule, tally)


def _reaches(tally: RunTally, percent: float) -> bool:
    return tally.selected > 0 and tally.failures * 100 >= percent * tally.selected
