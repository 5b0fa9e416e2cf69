from collections.abc import Iterable

import pytest
from msgspec.structs import replace
from run_samples import FAILURE, a_run

from ci_toolkit.model.merged import MergedRun, TrialEvidence
from ci_toolkit.model.trial import How, Tree, Trial, TrialOutcome, Where
from ci_toolkit.model.verdict import Counts, Status, TestFailure
from ci_toolkit.verdict.adjudication import NAMESAKE, NEVER, NOT_COLLECTED, TOLD_ONLY, Court, trial_seconds_of
from ci_toolkit.verdict.court.case import Rules
from ci_toolkit.verdict.judge import Thresholds, judge

COURT = Court(rules=Rules(process_is_gone=True, uses_other_machine=False), tree="head", base="base")
FAILED = replace(FAILURE, signature="s", cause="c", seconds=0.1)
PASS, FAIL = TrialOutcome(failed=False), TrialOutcome(failed=True, signature="s")


def trials(how: How, outcome: TrialOutcome, times: int = 1, tree: Tree = Tree.HEAD) -> list[TrialEvidence]:
    trial = Trial(test=FAILED.node_id, how=how, tree=tree, is_clean=tree is Tree.HEAD)
    return [TrialEvidence(trial=trial, outcome=outcome)] * times


IN_OURS = [TrialEvidence(trial=Trial(test=FAILED.node_id, how=how), outcome=PASS) for how in (How.ISOLATED, How.ORDER)]
FLAKY = [*IN_OURS, *trials(How.ISOLATED, PASS, 9), *trials(How.ORDER, PASS)]

SKIPPED = TrialEvidence(trial=Trial(test=FAILED.node_id, how=How.AGAIN), why_not="it was skipped", touches=True)


def failed_run(*failures: TestFailure, evidence: Iterable[TrialEvidence] = (), ended: str = "") -> MergedRun:
    counts = Counts(total=5 + len(failures), passed=5, failed=len(failures))
    return a_run(failures=failures, counts=counts, trials=tuple(evidence), trials_ended=((2, ended),) if ended else ())


def test_a_run_is_green_where_trials_excuse_each_failure_which_is_shown_all_the_same() -> None:
    verdict = judge(failed_run(FAILED, evidence=FLAKY), Thresholds(), court=COURT)

    assert (verdict.status, verdict.exit_code, verdict.breaches) == (Status.PASSED, 0, ())
    assert (verdict.counts.failed, verdict.counts.flaky, verdict.counts.excused) == (1, 1, 1)
    (failure,) = verdict.failures
    assert (failure.is_excused, failure.kind) == (True, "flaky")
    assert failure.why == ("excused: flaky: the head passed alone, 9 times; the head passed in the same order")


@pytest.mark.parametrize(
    ("failure", "evidence", "court", "why"),
    [
        pytest.param(FAILED, FLAKY, None, "", id="no court was asked for"),
        pytest.param(FAILED, (), COURT, "red: new failure: the trial that would tell was not made", id="no trial"),
        pytest.param(
            FAILED,
            [SKIPPED],
            COURT,
            "red: new failure: the trial that would tell was not made",
            id="skipped when it was tried at once",
        ),
        pytest.param(
            FAILED,
            FLAKY[:-1],
            COURT,
            "red: new failure: the head passed alone; the trial that would tell was not made",
            id="one trial is missing",
        ),
        pytest.param(
            FAILED,
            [*trials(How.ISOLATED, FAIL, 3), *trials(How.ISOLATED, PASS, 2, Tree.BASE)],
            COURT,
            "red: regression: the head failed alone, 3 times; the base passed alone",
            id="a regression",
        ),
        pytest.param(
            FAILED,
            [TrialEvidence(trial=Trial(test=FAILED.node_id, is_clean=True), why_not="its journals are damaged")],
            COURT,
            "red: new failure: a clean checkout does not tell: its journals are damaged; the trial that would tell was "
            "not made",
            id="a trial that tells nothing",
        ),
        pytest.param(replace(FAILED, is_critical=True), FLAKY, COURT, f"red: new failure: {NEVER}", id="critical"),
        pytest.param(replace(FAILED, cause=""), FLAKY, COURT, f"red: new failure: {NOT_COLLECTED}", id="a file"),
        pytest.param(
            replace(FAILED, why="it is in quarantine, and failed in a new way"),
            FLAKY,
            COURT,
            "red: flaky: the head passed alone, 9 times; the head passed in the same order; "
            "it is in quarantine, and failed in a new way",
            id="in quarantine, in a new way",
        ),
        pytest.param(
            FAILED,
            FLAKY,
            replace(COURT, excuses=False),
            f"red: flaky: the head passed alone, 9 times; the head passed in the same order; {TOLD_ONLY}",
            id="a court that only tells",
        ),
    ],
)
def test_a_failure_without_enough_evidence_stays_red_and_says_why(
    failure: TestFailure, evidence: Iterable[TrialEvidence], court: Court | None, why: str
) -> None:
    verdict = judge(failed_run(failure, evidence=evidence), Thresholds(), court=court)

    assert (verdict.status, verdict.exit_code, verdict.counts.excused) == (Status.FAILED, 1, 0)
    assert verdict.failures[0].why == why


def test_one_excused_failure_excuses_no_other() -> None:
    other = replace(FAILED, node_id="test_a.py::test_b", cause="another")
    verdict = judge(failed_run(FAILED, other, evidence=FLAKY), Thresholds(), court=COURT)

    assert verdict.exit_code == 1
    assert [failure.is_excused for failure in verdict.failures] == [True, False]
    assert verdict.breaches[0].message == "2 failed, 0 errors; 1 of them excused"


def test_why_no_further_trial_was_made_stands_with_the_failure() -> None:
    run = failed_run(FAILED, ended="the budget for trials is spent")
    (failure,) = judge(run, Thresholds(), court=COURT).failures
    assert failure.why == "red: new failure: the budget for trials is spent"


def test_trials_of_another_test_say_nothing() -> None:
    others = [replace(each, trial=replace(each.trial, test="test_a.py::test_other")) for each in FLAKY]
    assert judge(failed_run(FAILED, evidence=others), Thresholds(), court=COURT).exit_code == 1


def test_batches_are_not_charged() -> None:
    batch, alone = (
        TrialEvidence(trial=Trial(test=FAILED.node_id, how=how, where=where), outcome=PASS, seconds=seconds)
        for how, where, seconds in ((How.BATCH, Where.OTHER, 60.0), (How.ISOLATED, Where.SAME, 2.0))
    )
    assert trial_seconds_of(failed_run(FAILED, evidence=[batch, alone, alone])) == 4.0


def test_namesakes_that_fail_are_excused_together_or_not_at_all() -> None:
    verdict = judge(failed_run(FAILED, FAILED, evidence=FLAKY), Thresholds(), court=COURT)
    assert (verdict.exit_code, verdict.counts.excused) == (0, 2)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        pytest.param(replace(FAILED, is_critical=True), f"red: new failure: {NEVER}", id="mission-critical"),
        pytest.param(replace(FAILED, signature="x"), f"red: new failure: {NAMESAKE}", id="it failed in another way"),
    ],
)
def test_the_ruling_on_a_failure_excuses_no_other_one_of_a_namesake(other: TestFailure, why: str) -> None:
    verdict = judge(failed_run(FAILED, other, evidence=FLAKY), Thresholds(), court=COURT)
    assert (verdict.exit_code, verdict.counts.excused) == (1, 1)
    assert verdict.failures[1].why == why
