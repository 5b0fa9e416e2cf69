import pytest
from court_samples import FAIL, KNOWN, MAIN_FAILED, OTHER_FAIL, PASS, PRICES, UNSURE, Answers, a_failure, a_run
from msgspec.structs import replace

from ci_toolkit.model.trial import How, NotMadeError, NoTrialError, Tree, Trial, TrialOutcome, Where
from ci_toolkit.verdict.adjudication import is_made_at_all, is_made_in_the_shard
from ci_toolkit.verdict.court.case import Ask, FailedTest, Kind, Rules, Ruling
from ci_toolkit.verdict.court.court import adjudicate
from ci_toolkit.verdict.court.memory import Memory

BASE_FAILED = Memory(base_in_order={"t": frozenset("s")})
AFTER = Rules(process_is_gone=True, uses_other_machine=False)
NOT_THERE = TrialOutcome(failed=False, is_there=False)


def judge(ask: Answers, failure: FailedTest, memory: Memory) -> Ruling:
    (ruling,) = adjudicate(a_run(failure), memory, recorded(ask), PRICES, AFTER, is_made=is_made_in_the_shard).rulings
    return ruling


def recorded(answers: Answers) -> Ask:
    """Return what answers as ``answers``, but that no test was tried again at once of which they say nothing."""

    def ask(trial: Trial) -> TrialOutcome:
        if trial.how is How.AGAIN and "head_again" not in answers.answers:
            raise NotMadeError("nobody tried it again at once")
        return answers(trial)

    return ask


NO_TREE = NoTrialError("none could be made: git does not know it here")


@pytest.mark.parametrize(
    ("answers", "memory", "expected", "words"),
    [
        pytest.param(
            Answers(head_isolated=PASS, clean_isolated=FAIL, head_order=PASS, clean_order=FAIL, base_isolated=PASS),
            *(Memory(), (Kind.REGRESSION, True), "the base passed alone"),
            id="the change fails wherever nothing of its first failure is left",
        ),
        pytest.param(
            Answers(head_again=PASS, clean_isolated=FAIL, base_isolated=PASS),
            *(Memory(), (Kind.REGRESSION, True), "the head failed alone, 2 times; the base passed alone, 16 times"),
            id="the same, and it passed at once for what it left",
        ),
        pytest.param(
            Answers(head_again=PASS, clean_isolated=FAIL, base_isolated=PASS),
            *(KNOWN, (Kind.REGRESSION, True), "the head failed alone, 2 times; the base passed alone, 16 times"),
            id="the same, and it fails in a known way",
        ),
        pytest.param(
            Answers(head_again=PASS, clean_isolated=FAIL, base_isolated=FAIL),
            *(Memory(), (Kind.FLAKY, False), "the base failed alone alike"),
            id="the base fails there as well",
        ),
        pytest.param(
            Answers(head_again=PASS, clean_isolated=PASS, clean_order=FAIL, head_order=PASS, base_order=PASS),
            *(Memory(), (Kind.REGRESSION, True), "the head failed in the same order, 2 times"),
            id="it fails there after the tests before it",
        ),
        pytest.param(
            Answers(head_again=PASS, clean_isolated=OTHER_FAIL, head_isolated=PASS, head_order=PASS),
            *(Memory(), (Kind.FLAKY, False), "a clean checkout does not tell: the head failed there in another way"),
            id="the suite needs what is not in the repository",
        ),
        pytest.param(
            Answers(head_again=PASS, clean_isolated=[PASS, OTHER_FAIL, *[PASS] * 14], clean_order=PASS),
            *(Memory(), (Kind.FLAKY, False), "the head passed alone, 15 times"),
            id="it fails in another way there, and has passed there",
        ),
        pytest.param(
            Answers(head_again=PASS, clean_isolated=NO_TREE, head_isolated=PASS, head_order=PASS),
            *(Memory(), (Kind.FLAKY, False), "a clean checkout does not tell: none could be made"),
            id="there is no git",
        ),
        pytest.param(
            Answers(head_again=FAIL, clean_isolated=PASS, head_isolated=FAIL, base_isolated=PASS),
            *(Memory(), (Kind.REGRESSION, True), "the head passed there and failed in the checkout of the run"),
            id="it passes there for want of the data that it fails of",
        ),
        pytest.param(
            Answers(clean_isolated=PASS, head_isolated=FAIL, base_isolated=PASS),
            *(Memory(), (Kind.REGRESSION, True), "the head failed alone, 3 times; the base passed alone"),
            id="the same, and nobody tried it at once",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=PASS, clean_order=PASS, head_order=FAIL, base_order=PASS),
            *(Memory(), (Kind.REGRESSION, True), "the head passed there and failed in the checkout of the run"),
            id="the same of its order: what ran before it lacks data there",
        ),
    ],
)
def test_the_head_is_tried_where_nothing_of_its_first_failure_is_left(
    answers: Answers, memory: Memory, expected: tuple[Kind, bool], words: str
) -> None:
    ruling = judge(answers, UNSURE, memory)

    assert (ruling.kind, ruling.is_red) == expected
    assert words in "; ".join(ruling.evidence)


def test_a_clean_checkout_that_does_not_tell_is_asked_once() -> None:
    answers = Answers(head_again=PASS, clean_isolated=OTHER_FAIL, head_isolated=PASS, head_order=PASS)
    judge(answers, UNSURE, Memory())
    assert answers.trials == ["head_again", "clean_isolated", *["head_isolated"] * 8, *["head_order"]]


@pytest.mark.parametrize(
    ("answers", "memory", "expected"),
    [
        pytest.param(
            Answers(head_again=PASS, head_isolated=PASS, head_order=PASS),
            *(Memory(), (Kind.FLAKY, False)),
            id="it passes at once, alone, and in its order",
        ),
        pytest.param(
            Answers(head_again=PASS, head_isolated=PASS, head_order=FAIL, base_order=PASS),
            *(Memory(), (Kind.REGRESSION, True)),
            id="it passes at once, for it tidied up what the change left",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=PASS, head_order=FAIL, base_order=PASS),
            *(MAIN_FAILED, (Kind.REGRESSION, True)),
            id="it fails at once too, and main has failed in this order: a new polluter all the same",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=PASS, base_order=FAIL),
            *(Memory(), (Kind.ORDER_DEPENDENT, False)),
            id="it fails at once too, and so does the base in this order",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=PASS),
            *(BASE_FAILED, (Kind.ORDER_DEPENDENT, False)),
            id="it fails at once too, and an earlier run has seen the base fail in this order",
        ),
        pytest.param(
            Answers(head_isolated=PASS, head_order=FAIL),
            *(BASE_FAILED, (Kind.ORDER_DEPENDENT, False)),
            id="it fails in its order, as the base did in an earlier run",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=PASS, head_order=FAIL, base_order=PASS),
            *(Memory(base_in_order={"t": frozenset("x")}), (Kind.REGRESSION, True)),
            id="an earlier run has seen the base fail in another way",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=PASS),
            *(BASE_FAILED, (Kind.REGRESSION, True)),
            id="it fails alone: what the base did in this order says nothing of that",
        ),
        pytest.param(
            Answers(head_isolated=PASS, head_order=PASS),
            *(Memory(), (Kind.FLAKY, False)),
            id="it passes alone, and in its order",
        ),
        pytest.param(
            Answers(head_isolated=[FAIL, FAIL, *[PASS] * 20], head_order=PASS),
            *(Memory(), (Kind.FLAKY, False)),
            id="it passes at the third try",
        ),
        pytest.param(
            Answers(head_isolated=PASS, head_order=FAIL, base_order=PASS),
            *(Memory(), (Kind.REGRESSION, True)),
            id="the change broke it in this order",
        ),
        pytest.param(
            Answers(head_isolated=PASS, head_order=FAIL, base_order=FAIL),
            *(Memory(), (Kind.ORDER_DEPENDENT, False)),
            id="the base fails in this order as well",
        ),
        pytest.param(
            Answers(head_isolated=PASS, head_order=[FAIL, PASS, PASS]),
            *(Memory(), (Kind.FLAKY, False)),
            id="the order alone does not make it fail",
        ),
        pytest.param(
            Answers(head_isolated=PASS, head_order=FAIL, base_order=PASS),
            *(MAIN_FAILED, (Kind.REGRESSION, True)),
            id="main has failed in this order, and the base passes in it now: a new polluter",
        ),
        pytest.param(
            Answers(head_isolated=FAIL, base_isolated=PASS),
            *(Memory(), (Kind.REGRESSION, True)),
            id="the head fails, the base passes",
        ),
        pytest.param(
            Answers(head_isolated=FAIL, base_isolated=NOT_THERE),
            *(Memory(), (Kind.NEW_FAILURE, True)),
            id="a new test fails",
        ),
        pytest.param(
            Answers(head_isolated=FAIL, base_isolated=OTHER_FAIL),
            *(Memory(), (Kind.REGRESSION, True)),
            id="the base fails in another way",
        ),
        pytest.param(
            Answers(head_isolated=FAIL, base_isolated=FAIL, head_repeated=FAIL),
            *(Memory(), (Kind.NEW_FAILURE, True)),
            id="the base fails alike, and the head never passed",
        ),
        pytest.param(
            Answers(head_isolated=FAIL, base_isolated=FAIL, head_repeated=PASS),
            *(Memory(), (Kind.ENVIRONMENT, False)),
            id="the base fails alike, and the head passed once where it was tried again and again",
        ),
    ],
)
def test_a_failure_is_judged_by_what_was_tried_at_once_and_by_fresh_processes(
    answers: Answers, memory: Memory, expected: tuple[Kind, bool]
) -> None:
    ruling = judge(answers, UNSURE, memory)

    assert (ruling.kind, ruling.is_red) == expected
    assert not [trial for trial in answers.trials if "elsewhere" in trial]


NOT_MADE = NotMadeError("it was not made")


@pytest.mark.parametrize(
    ("repeated", "elsewhere", "expected"),
    [
        (PASS, NOT_MADE, (Kind.ENVIRONMENT, False)),
        (FAIL, PASS, (Kind.ENVIRONMENT, False)),
        (NOT_MADE, PASS, (Kind.ENVIRONMENT, False)),
        (FAIL, FAIL, (Kind.NEW_FAILURE, True)),
        (NOT_MADE, NOT_MADE, (Kind.NEW_FAILURE, True)),
    ],
)
def test_a_pass_that_the_shard_did_not_see_is_looked_for_on_another_machine(
    repeated: TrialOutcome | NotMadeError, elsewhere: TrialOutcome | NotMadeError, expected: tuple[Kind, bool]
) -> None:
    answers: dict[tuple[Tree, How, Where], TrialOutcome | NotMadeError] = {
        (Tree.HEAD, How.AGAIN, Where.SAME): FAIL,
        (Tree.HEAD, How.ISOLATED, Where.SAME): FAIL,
        (Tree.BASE, How.ISOLATED, Where.SAME): FAIL,
        (Tree.HEAD, How.REPEATED, Where.SAME): repeated,
        (Tree.HEAD, How.ISOLATED, Where.OTHER): elsewhere,
    }

    def ask(trial: Trial) -> TrialOutcome:
        answer = answers[trial.tree, trial.how, trial.where]
        if isinstance(answer, NotMadeError):
            raise answer
        return answer

    rules = replace(AFTER, uses_other_machine=True)
    (ruling,) = adjudicate(a_run(UNSURE), Memory(), ask, PRICES, rules, is_made=is_made_at_all).rulings
    assert (ruling.kind, ruling.is_red) == expected


def test_a_shard_may_spend_of_what_earlier_runs_saved_twice_what_it_can_save_itself() -> None:
    rules = replace(AFTER, budget_share=0.01, savings=10.0)
    for seconds, kind in ((50.0, Kind.NEW_FAILURE), (5_000.0, Kind.FLAKY)):
        answers = Answers(head_isolated=PASS, head_order=PASS)
        run = replace(a_run(UNSURE), seconds=seconds)
        (ruling,) = adjudicate(run, Memory(saved_seconds=1e6), recorded(answers), PRICES, rules).rulings
        assert ruling.kind is kind


def test_a_trial_without_an_outcome_leaves_a_failure_red_and_says_why() -> None:
    def ask(trial: Trial) -> TrialOutcome:
        raise NoTrialError(f"the {trial.tree} is away")

    (ruling,) = adjudicate(a_run(UNSURE), Memory(), ask, PRICES, AFTER).rulings
    assert (ruling.kind, ruling.is_red, ruling.evidence) == (Kind.NEW_FAILURE, True, ("the head is away",))


@pytest.mark.parametrize(
    ("answers", "kind", "last", "heads"),
    [
        (
            Answers(head_isolated=FAIL, base_isolated=PASS),
            Kind.REGRESSION,
            "the head failed one of them alone, the base passed",
            1,
        ),
        (Answers(head_isolated=FAIL, base_isolated=FAIL), Kind.OUTAGE, "only another machine can excuse them", 1),
        # Whether it is an outage that is over, or what ran before them, two more tell the court of another machine.
        (Answers(head_isolated=PASS, base_isolated=PASS), Kind.OUTAGE, "only another machine can excuse them", 3),
    ],
)
def test_many_failures_of_one_cause_are_judged_by_few_of_them_and_never_excused_on_their_own_machine(
    answers: Answers, kind: Kind, last: str, heads: int
) -> None:
    run = a_run(*(a_failure(f"t{number}", cause="one", touched=False) for number in range(40)))
    rulings = adjudicate(run, Memory(), answers, PRICES, AFTER).rulings

    assert {(ruling.kind, ruling.is_red, ruling.evidence[-1]) for ruling in rulings} == {(kind, True, last)}
    assert sorted(answers.trials) == ["base_isolated", *["head_isolated"] * heads]


def test_trials_cost_what_they_really_take() -> None:
    rules = Rules(process_is_gone=True, uses_other_machine=False, budget_share=0.0, least_seconds=100.0)
    quick, slow = (TrialOutcome(failed=False, seconds=seconds) for seconds in (0.5, 90.0))
    for outcome, kind in ((quick, Kind.FLAKY), (slow, Kind.NEW_FAILURE)):
        answers = Answers(head_isolated=outcome, head_order=outcome)
        judgement = adjudicate(a_run(UNSURE), Memory(saved_seconds=0.0), recorded(answers), PRICES, rules)
        assert ([ruling.kind for ruling in judgement.rulings], judgement.is_budget_spent) == ([kind], outcome is slow)


def test_a_short_run_has_a_court_as_well() -> None:
    rules = Rules(process_is_gone=True, uses_other_machine=False, budget_share=0.0, least_seconds=500.0)
    answers = Answers(head_isolated=PASS, head_order=PASS)
    (ruling,) = adjudicate(a_run(UNSURE), Memory(saved_seconds=0.0), recorded(answers), PRICES, rules).rulings
    assert ruling.kind is Kind.FLAKY


def test_a_try_at_once_is_charged_and_never_too_dear_for_it_was_made() -> None:
    rules = Rules(process_is_gone=True, uses_other_machine=False, budget_share=0.0, least_seconds=0.5)
    dear = TrialOutcome(failed=False, seconds=90.0)
    judgement = adjudicate(
        *(a_run(UNSURE), Memory(saved_seconds=0.0), Answers(head_again=dear), PRICES, rules),
        is_made=is_made_in_the_shard,
    )
    assert (judgement.trial_seconds, judgement.is_budget_spent) == (90.0, True)
    assert judgement.rulings[0].evidence == ("the head passed again at once", "the budget for trials is spent")
