import threading
import time
from collections.abc import Callable
from datetime import date

import pytest

from ci_toolkit.model import progress
from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.mode import FailFast, FailFastRule, Mode
from ci_toolkit.model.quarantine import Quarantine, QuarantineEntry, QuarantineInForce
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.workflow.stop_rules import StopRules, StopRuleWatcher, stop_rules

MODE = Mode(name="m", budget_seconds=60.0, fail_fast=FailFast(rule=FailFastRule.CRITICAL))
FIRST = FailFast(rule=FailFastRule.FIRST)
THIRD = FailFast(rule=FailFastRule.THRESHOLD, count=3)
HALF = FailFast(rule=FailFastRule.THRESHOLD, percent=50.0)


@pytest.mark.parametrize(
    ("rule", "fast_fail", "budget", "rules"),
    [
        (None, False, None, (MODE.fail_fast, 60.0)),
        (THIRD, False, None, (THIRD, 60.0)),
        (None, True, 5.0, (FIRST, 5.0)),
        (THIRD, True, None, (FIRST, 60.0)),
        (None, False, 0.0, (MODE.fail_fast, 0.0)),
    ],
)
def test_the_command_line_is_stronger_than_the_mode(
    rule: FailFast | None, *, fast_fail: bool, budget: float | None, rules: tuple[FailFast, float]
) -> None:
    found = stop_rules(MODE, rule, fast_fail=fast_fail, budget=budget, begun_at=7.0)
    assert (found.fail_fast, found.budget_seconds, found.begun_at) == (*rules, 7.0)


@pytest.mark.parametrize(
    ("budget", "grace", "reserve", "longest"),
    [
        (2.0, 0.5, 0.1, 1.0),
        (12.0, 1.2, 0.6, 6.0),
        (40.0, 4.0, 2.0, 20.0),
        (120.0, 5.0, 5.0, 60.0),
        (600.0, 5.0, 5.0, 300.0),
    ],
)
def test_a_budget_keeps_time_for_teardown_and_for_the_reports_and_half_of_it_is_one_tests_limit(
    budget: float, grace: float, reserve: float, longest: float
) -> None:
    rules = StopRules(budget_seconds=budget, begun_at=time.monotonic())
    assert (rules.grace_seconds, rules.reserve_seconds) == pytest.approx((grace, reserve))
    assert rules.longest_test_seconds == longest
    left = rules.seconds_left
    assert left is not None
    assert budget - grace - reserve - 60 < left <= budget - grace - reserve


def test_without_a_budget_tests_have_all_the_time() -> None:
    rules = StopRules()
    assert (rules.seconds_left, rules.longest_test_seconds, rules.may_end_early) == (None, 0.0, False)


@pytest.mark.parametrize("rules", [StopRules(budget_seconds=1.0), StopRules(fail_fast=FIRST)])
def test_a_budget_or_a_fail_fast_rule_may_end_a_run_early(rules: StopRules) -> None:
    assert rules.may_end_early


@pytest.mark.parametrize(
    ("asked", "longest", "limit"),
    [
        (None, 0.0, 120.0),
        (None, 30.0, 30.0),
        (None, 200.0, 120.0),
        (5.0, 30.0, 5.0),
        (90.0, 30.0, 30.0),
        (0.0, 30.0, 30.0),
        (0.0, 0.0, 0.0),
    ],
)
def test_no_test_may_take_longer_than_its_limit_and_half_the_budget(
    asked: float | None, longest: float, limit: float
) -> None:
    options = ShardOptions(root="", folder="", test_seconds=asked, longest_test_seconds=longest)
    assert options.limit_of("unit") == limit


def test_a_test_of_no_category_has_no_limit_but_that_of_the_budget() -> None:
    assert ShardOptions(root="", folder="").limit_of("none") == 0.0
    assert ShardOptions(root="", folder="", longest_test_seconds=3.0).limit_of("none") == 3.0


def failed(node_id: str, *, is_critical: bool = False) -> progress.ProblemFound:
    return progress.ProblemFound(shard=1, node_id=node_id, kind="FAILED", message="", is_critical=is_critical)


def selected(shard: int, tests: int) -> progress.TestsSelected:
    return progress.TestsSelected(shard=shard, tests=tests)


def ended(shard: int) -> progress.ShardEnded:
    return progress.ShardEnded(shard=shard, state=ShardState.FINISHED, reason="", seconds=1.0, has_failures=False)


@pytest.mark.parametrize(
    ("rule", "events", "reason"),
    [
        (FailFast(), [failed("a"), failed("b")], ""),
        (FIRST, [selected(1, 3), progress.TestEnded(shard=1, node_id="a", is_failure=False)], ""),
        (FIRST, [failed("a")], "fail-fast: the first failure"),
        (MODE.fail_fast, [failed("a")], ""),
        (MODE.fail_fast, [failed("a", is_critical=True)], "fail-fast: a mission-critical test failed"),
        (THIRD, [failed("a"), failed("b"), failed("a")], ""),
        (THIRD, [failed("a"), failed("b"), failed("c")], "fail-fast: 3 tests failed, and 3 end the run"),
        (HALF, [selected(1, 4), failed("a"), failed("b")], ""),
        (
            HALF,
            [selected(1, 4), failed("a"), ended(2), failed("b")],
            "fail-fast: 2 of 4 tests failed, and 50% end the run",
        ),
        (HALF, [selected(1, 4), selected(2, 4), failed("a"), failed("b")], ""),
        (
            HALF,
            [selected(1, 2), selected(2, 1), selected(1, 90), failed("a"), failed("b")],
            "fail-fast: 2 of 3 tests failed, and 50% end the run",
        ),
    ],
)
def test_failures_end_a_run_as_its_rule_says(rule: FailFast, events: list[progress.ShardEvent], reason: str) -> None:
    stop = StopRequest()
    with StopRuleWatcher(StopRules(fail_fast=rule), stop) as watcher:
        for shard in (1, 2):
            watcher.begin(shard)
        for event in events:
            watcher.observe(event)
    assert stop.reason == reason
    assert stop.kind is (StopKind.FAIL_FAST if reason else StopKind.NOBODY)


def test_a_failed_category_lets_no_further_stage_start() -> None:
    stop = StopRequest()
    with StopRuleWatcher(StopRules(fail_fast=FailFast(rule=FailFastRule.CATEGORY)), stop) as watcher:
        watcher.observe(failed("a"))
        assert not stop.is_asked
        watcher.end_stage()
    assert stop.reason == "fail-fast: 1 failed in an earlier category"


def wait_until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in 60 s"
        pause.wait(0.01)


def test_the_budgets_end_stops_the_run_and_leaves_it_its_grace() -> None:
    stop = StopRequest()
    rules = StopRules(budget_seconds=100.0, begun_at=time.monotonic() - 100)
    with StopRuleWatcher(rules, stop):
        wait_until(lambda: stop.is_asked)
    assert (stop.reason, stop.kind, stop.grace_seconds) == ("the budget of 100 s ended", StopKind.BUDGET, 5.0)


def test_a_run_that_ends_before_its_budget_is_not_stopped() -> None:
    stop = StopRequest()
    with StopRuleWatcher(StopRules(budget_seconds=3600.0, begun_at=time.monotonic()), stop):
        pass
    assert not stop.is_asked
    assert not [
        thread
        for thread in threading.enumerate()
        if isinstance(thread, threading.Timer) and thread.is_alive() and not thread.finished.is_set()
    ]


@pytest.mark.parametrize(
    ("signature", "is_critical", "stops"), [("a" * 16, False, False), ("b" * 16, False, True), ("a" * 16, True, True)]
)
def test_only_a_known_failure_in_quarantine_does_not_end_the_run(
    signature: str, *, is_critical: bool, stops: bool
) -> None:
    entry = QuarantineEntry(
        test="test_a.py::test_a",
        reason="race",
        owner="@team",
        issue="#1",
        since=date(2026, 1, 1),
        expires=date(2026, 2, 1),
        signatures=("a" * 16,),
    )
    quarantine = QuarantineInForce(file=Quarantine(entries=(entry,)), entries=(entry,), today=date(2026, 1, 2))
    stop = StopRequest()
    watcher = StopRuleWatcher(StopRules(fail_fast=FIRST, quarantine=quarantine), stop)
    watcher.observe(
        progress.ProblemFound(
            shard=1,
            node_id="test_a.py::test_a",
            kind="FAILED",
            message="no",
            signature=signature,
            is_critical=is_critical,
        )
    )
    assert stop.is_asked is stops
