from collections.abc import Iterable

import pytest
from court_samples import (
    FAIL,
    HEAD_PASSED,
    KNOWN,
    MAIN_FAILED,
    OTHER_FAIL,
    PASS,
    PRICES,
    TOUCHED,
    UNSURE,
    Answers,
    a_failure,
    a_run,
)
from msgspec.structs import replace

from ci_toolkit.model.trial import How, NotMadeError, NoTrialError, Tree, Trial, TrialOutcome, Where
from ci_toolkit.verdict.court.case import Ask, CaseRun, FailedTest, Kind, Rules, Ruling
from ci_toolkit.verdict.court.court import Judgement, adjudicate
from ci_toolkit.verdict.court.lists import passes_for_release, suspects
from ci_toolkit.verdict.court.memory import ORDERS_KEPT, TREES_KEPT, Memory, TestMemory

RULES = Rules()


def judge(ask: Ask, failure: FailedTest | None = None, memory: Memory = Memory(), rules: Rules = RULES) -> Ruling:  # noqa: B008 (frozen)
    (ruling,) = adjudicate(a_run(failure or a_failure()), memory, ask, PRICES, rules).rulings
    return ruling


@pytest.mark.parametrize(
    ("answers", "failure", "memory", "expected"),
    [
        pytest.param(
            Answers(head_again=PASS, head_isolated=PASS, head_order=PASS),
            TOUCHED,
            Memory(),
            (Kind.FLAKY, False),
            id="it passes again and again",
        ),
        pytest.param(
            Answers(head_again=PASS, head_isolated=[PASS, FAIL, FAIL, *[PASS] * 5], base_isolated=PASS),
            *(TOUCHED, Memory(), (Kind.REGRESSION, True)),
            id="a change broke it now and then",
        ),
        pytest.param(
            Answers(head_again=PASS, head_isolated=[PASS, FAIL, FAIL, *[PASS] * 5], base_isolated=[PASS, PASS, FAIL]),
            *(TOUCHED, Memory(), (Kind.FLAKY, False)),
            id="the base fails now and then as well",
        ),
        pytest.param(
            Answers(head_again=PASS, head_isolated=[FAIL, *[PASS] * 15], head_order=PASS),
            *(TOUCHED, Memory(), (Kind.FLAKY, False)),
            id="a rare flake is looked at twice",
        ),
        pytest.param(
            Answers(head_again=PASS, head_isolated=PASS, head_order=FAIL, base_order=PASS),
            *(TOUCHED, Memory(), (Kind.REGRESSION, True)),
            id="what others left broke it, and it tidied up itself",
        ),
        pytest.param(
            Answers(head_again=PASS, head_isolated=PASS, head_order=FAIL, base_order=FAIL),
            *(TOUCHED, Memory(), (Kind.ORDER_DEPENDENT, False)),
            id="what others left broke it before the change as well",
        ),
        pytest.param(
            Answers(head_again=PASS), a_failure(), KNOWN, (Kind.KNOWN, False), id="a known failure and a pass"
        ),
        pytest.param(
            Answers(head_again=PASS, head_isolated=FAIL, base_isolated=PASS),
            *(TOUCHED, KNOWN, (Kind.REGRESSION, True)),
            id="a known flake that now fails far more often",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=PASS),
            *(TOUCHED, Memory(), (Kind.REGRESSION, True)),
            id="the head fails, the base passes",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=PASS),
            *(a_failure(), KNOWN, (Kind.REGRESSION, True)),
            id="a known signature alone excuses nothing",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=OTHER_FAIL),
            *(a_failure(), Memory(), (Kind.REGRESSION, True)),
            id="the base fails in another way",
        ),
        pytest.param(
            Answers(head_again=OTHER_FAIL, head_isolated=OTHER_FAIL, base_isolated=OTHER_FAIL),
            *(a_failure(), Memory(), (Kind.REGRESSION, True)),
            id="a base that fails like a trial, not like the run",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=FAIL),
            *(a_failure(), Memory(), (Kind.ENVIRONMENT, False)),
            id="here and now the base fails too",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=FAIL, head_isolated_elsewhere=FAIL),
            *(TOUCHED, Memory(), (Kind.NEW_FAILURE, True)),
            id="a touched head that never passed",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=FAIL, head_isolated_elsewhere=FAIL),
            *(UNSURE, KNOWN, (Kind.NEW_FAILURE, True)),
            id="nobody knows what it touches",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=FAIL, head_isolated_elsewhere=PASS),
            *(TOUCHED, Memory(), (Kind.ENVIRONMENT, False)),
            id="the head passes on another machine",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=FAIL),
            *(TOUCHED, HEAD_PASSED, (Kind.ENVIRONMENT, False)),
            id="the same sources passed it before",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=FAIL),
            *(a_failure(), MAIN_FAILED, (Kind.ENVIRONMENT, False)),
            id="main failed alike in the order, and it fails alone too",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=PASS),
            *(TOUCHED, MAIN_FAILED, (Kind.ORDER_DEPENDENT, False)),
            id="main failed alike in the same order",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=PASS, base_order=FAIL),
            *(TOUCHED, Memory(), (Kind.ORDER_DEPENDENT, False)),
            id="the base fails in the same order",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=PASS, base_order=PASS, head_order=FAIL),
            *(a_failure(), KNOWN, (Kind.REGRESSION, True)),
            id="a new polluter, though the test is known",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=PASS, base_order=[PASS, FAIL], head_order=FAIL),
            *(a_failure(), Memory(), (Kind.ORDER_DEPENDENT, False)),
            id="the base fails in the order at the second try",
        ),
        pytest.param(
            Answers(head_again=FAIL, head_isolated=PASS, base_order=PASS, head_order=PASS),
            *(a_failure(), Memory(), (Kind.FLAKY, False)),
            id="the order does not matter",
        ),
    ],
)
def test_a_failure_is_judged_by_what_its_trials_show(
    answers: Answers, failure: FailedTest, memory: Memory, expected: tuple[Kind, bool]
) -> None:
    ruling = judge(answers, failure, memory)

    assert (ruling.kind, ruling.is_red) == expected
    assert ruling.evidence


def test_evidence_is_told_in_words() -> None:
    ruling = judge(Answers(head_again=FAIL, head_isolated=PASS, base_order=FAIL))

    assert ruling.evidence == (
        "the head failed again at once, 3 times",
        "the head passed alone",
        "the base failed in the same order alike",
    )


def test_a_failure_stays_red_when_the_budget_is_spent() -> None:
    answers = Answers(head_again=FAIL, head_isolated=PASS)
    ruling = judge(answers, memory=Memory(saved_seconds=0.0), rules=Rules(budget_share=0.03))

    assert (ruling.kind, ruling.is_red) == (Kind.NEW_FAILURE, True)
    assert ruling.evidence[-1] == "the budget for trials is spent"
    assert "base_order" not in answers.trials


def test_what_a_run_leaves_of_its_budget_is_saved_up_to_a_limit() -> None:
    rules = Rules(budget_share=0.01, savings=2.0)

    assert adjudicate(a_run(), Memory(saved_seconds=5.0), Answers(), PRICES, rules).memory.saved_seconds == 15.0
    assert adjudicate(a_run(), Memory(saved_seconds=15.0), Answers(), PRICES, rules).memory.saved_seconds == 20.0


def test_failures_of_the_cause_that_the_change_broke_need_no_trial() -> None:
    answers = Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=PASS)
    run = a_run(*(a_failure(f"t{number}", cause="one") for number in range(5)))
    judgement = adjudicate(run, Memory(), answers, PRICES, RULES)

    assert [ruling.kind for ruling in judgement.rulings] == [Kind.REGRESSION] * 5
    assert len(answers.trials) == RULES.agains + 3


MASS = tuple(a_failure(f"t{number:02}", cause="one") for number in range(20))


def of_mass(ask: Ask) -> Judgement:
    return adjudicate(a_run(*MASS), Memory(), ask, PRICES, Rules(budget_share=0.0))


def test_an_outage_is_green_only_where_each_test_passed_on_another_machine() -> None:
    asked: list[Trial] = []

    def ask(trial: Trial) -> TrialOutcome:
        asked.append(trial)
        return FAIL if trial.test == "t05" or trial.where is Where.SAME else PASS

    judgement = of_mass(ask)

    assert {ruling.kind for ruling in judgement.rulings} == {Kind.OUTAGE}
    assert [ruling.test for ruling in judgement.rulings if ruling.is_red] == ["t05"]
    assert {trial.test for trial in asked} == {failure.test for failure in MASS}
    here = [trial for trial in asked if trial.where is Where.SAME]
    assert [(trial.how, trial.tree) for trial in here] == [(How.ISOLATED, Tree.HEAD)]
    assert {(trial.how, trial.tree) for trial in asked if trial not in here} == {(How.BATCH, Tree.HEAD)}
    assert not judgement.memory.listed


@pytest.mark.parametrize(
    ("alone", "orders", "expected"),
    [
        pytest.param(PASS, (FAIL, PASS), (Kind.REGRESSION, True), id="the change broke what runs after a test"),
        pytest.param(PASS, (FAIL, OTHER_FAIL), (Kind.REGRESSION, True), id="the base fails in another way"),
        pytest.param(PASS, (FAIL, FAIL), (Kind.ORDER_DEPENDENT, False), id="the base fails alike"),
        pytest.param(PASS, (PASS,), (Kind.OUTAGE, False), id="an outage that is over"),
        pytest.param(OTHER_FAIL, (FAIL, PASS), (Kind.REGRESSION, True), id="a clean checkout lacks something"),
        pytest.param(NotMadeError("no"), (FAIL, PASS), (Kind.REGRESSION, True), id="nobody knows whether it is over"),
        pytest.param(PASS, (NoTrialError("no"),), (Kind.NEW_FAILURE, True), id="the order cannot be replayed"),
    ],
)
def test_many_that_pass_alone_where_they_failed_are_no_outage_unless_their_order_passes_elsewhere(
    alone: TrialOutcome | NoTrialError, orders: tuple[TrialOutcome | NoTrialError, ...], expected: tuple[Kind, bool]
) -> None:
    names = ("head_order_elsewhere", "base_order_elsewhere")
    answers = dict(zip(names, orders, strict=False))

    judgement = of_mass(Answers(head_batch_elsewhere=PASS, clean_isolated=alone, **answers))

    assert {(ruling.kind, ruling.is_red) for ruling in judgement.rulings} == {expected}


@pytest.mark.parametrize(("base", "kind"), [(PASS, Kind.REGRESSION), (FAIL, Kind.OUTAGE)])
def test_a_mass_failure_that_repeats_on_another_machine_is_red(base: TrialOutcome, kind: Kind) -> None:
    judgement = of_mass(Answers(head_batch_elsewhere=FAIL, base_batch_elsewhere=base))

    assert {(ruling.kind, ruling.is_red) for ruling in judgement.rulings} == {(kind, True)}


def test_another_failure_in_an_outage_is_heard_on_another_machine() -> None:
    def ask(trial: Trial) -> TrialOutcome:
        if trial.where is Where.SAME:
            assert trial.test in {failure.test for failure in MASS}
            return FAIL
        return OTHER_FAIL if trial.test == "t" and trial.tree is Tree.HEAD else PASS

    run = a_run(*MASS, a_failure(signature="x"))
    judgement = adjudicate(run, Memory(), ask, PRICES, RULES)

    assert judgement.rulings[-1].kind is Kind.REGRESSION


@pytest.mark.parametrize(
    ("number", "name"), [(1, "commit 0123456789ab"), (2, "this commit"), (3, "commit 3"), (0, "commit 0")]
)
def test_a_commit_is_named_as_people_know_it(number: int, name: str) -> None:
    assert replace(a_run(commit=2), commits=("0123456789abcdef",)).name_of(number) == name


def after(runs: Iterable[tuple[CaseRun, Ask]], memory: Memory = Memory()) -> Memory:  # noqa: B008 (frozen)
    for run, ask in runs:
        memory = adjudicate(run, memory, ask, PRICES, RULES).memory
    return memory


def flaked(commit: int) -> tuple[CaseRun, Ask]:
    return a_run(a_failure(), commit=commit), Answers(head_again=PASS, head_isolated=PASS, head_order=PASS)


def test_a_test_is_listed_when_it_was_flaky_at_two_commits() -> None:
    assert not after([flaked(1), flaked(1)]).listed
    assert after([flaked(1), flaked(2)]).listed == {"t"}


def test_a_listed_test_leaves_after_clean_passes_in_distinct_orders() -> None:
    memory = after([flaked(100), flaked(101)], Memory(runs=98))
    needed = passes_for_release(memory.of("t"))
    same = [(a_run(commit=3), Answers())] * 500
    assert after(same, memory).listed

    others = [(a_run(commit=3, order=f"o{number}"), Answers()) for number in range(needed)]
    assert after(others[:100], memory).listed
    assert not after(others, memory).listed


def test_a_test_that_did_not_run_has_not_passed() -> None:
    memory = after([flaked(1), flaked(2)])
    skipped = [(replace(a_run(order=f"o{n}"), not_run=frozenset({"t"})), Answers()) for n in range(500)]

    assert after(skipped, memory).of("t").clean_orders == frozenset()


@pytest.mark.parametrize(("share", "passes"), [(0.2, 29), (0.05, 119), (0.02, 299)])
def test_a_rare_flake_needs_more_passes(share: float, passes: int) -> None:
    assert passes_for_release(TestMemory(times=round(share * 1000), runs_then=1000)) == passes


BROKEN = Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=PASS)


def test_what_main_is_broken_by_is_suspected_and_excused_elsewhere() -> None:
    judgement = adjudicate(a_run(a_failure(), commit=7, is_main=True), Memory(), BROKEN, PRICES, RULES)
    (ruling,) = judgement.rulings
    assert (ruling.kind, ruling.since, ruling.is_red) == (Kind.SUSPECT, 7, True)
    assert suspects(judgement.memory, 8) == {"t": 7}

    untouched = judge(Answers(), a_failure(), judgement.memory)
    assert (untouched.kind, untouched.since, untouched.is_red) == (Kind.SUSPECT, 7, False)
    assert judge(Answers(), TOUCHED, judgement.memory).is_red

    mended = after([(a_run(commit=9, is_main=True), Answers())], judgement.memory)
    assert suspects(mended, 9) == {}


def test_a_test_that_a_change_made_unreliable_is_suspected_before_it_is_listed() -> None:
    def often(commit: int) -> tuple[CaseRun, Ask]:
        answers = Answers(head_again=PASS, head_isolated=[FAIL, PASS] * 20, base_isolated=FAIL)
        return a_run(a_failure(signature=f"s{commit}"), commit=commit), Answers(
            **{**answers.answers, "base_isolated": replace(FAIL, signature=f"s{commit}")}
        )

    memory = after([often(100), often(101)], Memory(runs=500))
    assert (suspects(memory, 101), memory.listed) == ({"t": 100}, frozenset())
    assert after([often(120)], memory).listed == {"t"}


@pytest.mark.parametrize(("order", "is_explained"), [("o", False), ("another", True)])
def test_an_order_explains_a_failure_until_main_passes_in_it(order: str, is_explained: bool) -> None:  # noqa: FBT001
    broken = (a_run(a_failure(), is_main=True), Answers(head_again=FAIL, head_isolated=PASS, base_order=FAIL))
    mended = (a_run(order=order, is_main=True), Answers())
    memory = after([broken, mended])

    assert bool(memory.main_failed_in("o", "t")) is is_explained
    skipped = (replace(mended[0], not_run=frozenset({"t"})), Answers())
    assert after([broken, skipped]).main_failed_in("o", "t") == {"s"}


def test_memory_is_bounded() -> None:
    memory = after([(a_run(order=f"o{n}", tree=f"t{n}", is_main=True), Answers()) for n in range(100)])

    assert (len(memory.orders), len(memory.trees)) == (ORDERS_KEPT, TREES_KEPT)


@pytest.mark.parametrize(
    ("rules", "answers"),
    [
        pytest.param(Rules(uses_base=False), Answers(head_again=FAIL, head_isolated=FAIL), id="base"),
        pytest.param(Rules(uses_order=False), Answers(head_again=FAIL, head_isolated=PASS), id="order"),
        pytest.param(
            Rules(uses_other_machine=False),
            Answers(head_again=FAIL, head_isolated=FAIL, base_isolated=FAIL),
            id="machine",
        ),
    ],
)
def test_evidence_that_is_switched_off_is_not_asked_for(rules: Rules, answers: Answers) -> None:
    judge(answers, TOUCHED, rules=rules)

    assert set(answers.trials) == set(answers.answers)


def test_trials_are_priced_with_what_they_share() -> None:
    ask = Answers(head_again=FAIL, head_isolated=PASS, base_order=FAIL)
    run = a_run(a_failure("t"), a_failure("u"))
    memory = adjudicate(
        run, Memory(saved_seconds=0.0), ask, replace(PRICES, test_seconds={"t": 1.0, "u": 1.0}), Rules(budget_share=1.0)
    ).memory

    spent = 1000.0 - (memory.saved_seconds or 0.0)
    both = 2 * (RULES.agains * 1.0 + 4.0 + 4.0 + 4.0)
    assert spent == both + PRICES.base + PRICES.shard_seconds / 2


def test_no_trial_is_asked_for_in_a_run_without_failures() -> None:
    assert not adjudicate(a_run(), Memory(), Answers(), PRICES, RULES).is_red
