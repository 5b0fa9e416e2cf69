import pytest

from ci_toolkit.config.modes import mode_named, modes_from
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.category import Categories
from ci_toolkit.model.mode import FailFast, FailFastRule, Mode, Strictness, read_fail_fast
from ci_toolkit.verdict.fail_fast import RunTally, reason_to_start_no_stage, reason_to_stop
from ci_toolkit.workflow.category_selection import CategorySelection

MODES = modes_from({}, Categories(), origin="here")


def test_the_guides_modes_are_there_and_fast_feedback_keeps_two_minutes() -> None:
    assert list(MODES) == ["fast_feedback", "commit", "ci", "nightly", "full"]
    fast = MODES["fast_feedback"]
    assert (fast.budget_seconds, fast.fail_fast.rule, fast.categories) == (120, FailFastRule.FIRST, ("unit",))


@pytest.mark.parametrize(
    ("mode", "asked", "runs"),
    [
        ("fast_feedback", (), ("mission_critical", "unit")),
        ("commit", (), ("mission_critical", "unit", "integration")),
        ("full", (), ()),
        ("full", ("e2e",), ("mission_critical", "e2e")),
        ("fast_feedback", ("integration",), ("mission_critical", "integration")),
        ("full", ("mission_critical",), ("mission_critical",)),
    ],
)
def test_mission_critical_is_in_every_selection(mode: str, asked: tuple[str, ...], runs: tuple[str, ...]) -> None:
    assert CategorySelection(categories=Categories(), mode=MODES[mode], asked=asked).names == runs


def test_a_team_changes_a_mode_and_adds_its_own() -> None:
    table = {
        "ci": {"budget-seconds": 600},
        "smoke": {"categories": ["unit"], "fail-fast": "10%", "strictness": "lenient"},
    }
    modes = modes_from(table, Categories(), origin="here")
    assert (modes["ci"].budget_seconds, modes["ci"].fail_fast.rule) == (600, FailFastRule.CATEGORY)
    assert modes["smoke"] == Mode(
        name="smoke",
        categories=("unit",),
        fail_fast=FailFast(rule=FailFastRule.THRESHOLD, percent=10),
        strictness=Strictness.LENIENT,
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"ci": {"budget": 600}}, "Did you mean 'budget-seconds'?"),
        ({"ci": {"categories": ["untit"]}}, "Did you mean 'unit'?"),
        ({"ci": {"fail-fast": "sometimes"}}, "is not a fail-fast rule"),
        ({"ci": {"strictness": "maybe"}}, "strictness"),
        ({"ci": {"budget-seconds": -1}}, "negative budget"),
    ],
)
def test_a_mode_that_cannot_be_is_refused_with_the_way_out(table: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        modes_from(table, Categories(), origin="here")
    assert said in str(error.value)


def test_an_unknown_mode_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'nightly'"):
        mode_named("nightl", MODES)


@pytest.mark.parametrize("text", ["never", "first", "category", "critical", "5", "10%", "2.5%"])
def test_a_fail_fast_rule_reads_as_it_is_written(text: str) -> None:
    assert str(read_fail_fast(text)) == text


@pytest.mark.parametrize("text", ["", "0", "-1", "0%", "101%", "nan%", "ten", "threshold", "%"])
def test_what_is_no_fail_fast_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a fail-fast rule"):
        read_fail_fast(text)


@pytest.mark.parametrize(
    ("rule", "failures", "critical", "selected", "stops", "starts_no_stage"),
    [
        ("never", 9, 9, 9, False, False),
        ("first", 0, 0, 9, False, False),
        ("first", 1, 0, 9, True, True),
        ("category", 3, 0, 9, False, True),
        ("category", 0, 0, 9, False, False),
        ("critical", 3, 0, 9, False, False),
        ("critical", 1, 1, 9, True, True),
        ("2", 1, 0, 9, False, False),
        ("2", 2, 0, 9, True, True),
        ("10%", 1, 0, 11, False, False),
        ("10%", 1, 0, 10, True, True),
        ("10%", 1, 0, 0, False, False),  # a shard still collects: nobody knows what 10% is
    ],
)
def test_failures_end_a_run_by_its_rule(
    *, rule: str, failures: int, critical: int, selected: int, stops: bool, starts_no_stage: bool
) -> None:
    tally = RunTally(failures=failures, critical_failures=critical, selected=selected)
    assert bool(reason_to_stop(read_fail_fast(rule), tally)) == stops
    assert bool(reason_to_start_no_stage(read_fail_fast(rule), tally)) == starts_no_stage
