"""What holds of every ruling, whatever the trials answer and whatever is remembered."""

from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.model.trial import Tree, Trial, TrialOutcome, Where
from ci_toolkit.verdict.court.case import CaseRun, FailedTest, Prices, Rules
from ci_toolkit.verdict.court.court import adjudicate
from ci_toolkit.verdict.court.memory import Memory, TestMemory

SIGNATURES = st.sampled_from(["s", "x"])
OUTCOMES = st.one_of(
    st.just(TrialOutcome(failed=False)), st.builds(lambda name: TrialOutcome(failed=True, signature=name), SIGNATURES)
)
NAMES = ("t0", "t1", "t2")
MEMORIES = st.builds(
    lambda known, listed, broken, main, passed: Memory(
        tests={
            name: TestMemory(
                signatures=frozenset(known),
                is_listed=listed,
                broken_since=1 if broken else None,
                broken_signature=broken,
            )
            for name in NAMES
        },
        orders={"o": dict.fromkeys(NAMES, frozenset(main))},
        trees={"head": frozenset() if passed else frozenset(NAMES)},
        runs=100,
    ),
    st.sets(SIGNATURES),
    st.booleans(),
    st.sampled_from(["", "s", "x"]),
    st.sets(SIGNATURES),
    st.booleans(),
)
PRICES = Prices(test_seconds={}, shard_seconds=100.0)


def run_of(touched: bool | None, signatures: list[str], *, is_main: bool) -> CaseRun:  # noqa: FBT001
    failures = tuple(
        FailedTest(test=name, signature=signature, cause=signature, shard=1, is_touched=touched)
        for name, signature in zip(NAMES, signatures, strict=True)
    )
    return CaseRun(commit=9, is_main=is_main, tree="head", base="base", order="o", failures=failures, seconds=1000.0)


@given(
    memory=MEMORIES,
    touched=st.sampled_from([True, False, None]),
    signatures=st.lists(SIGNATURES, min_size=3, max_size=3),
    is_main=st.booleans(),
    mass=st.sampled_from([2, 12]),
    share=st.sampled_from([0.0, 0.01, 1.0]),
    data=st.data(),
)
def test_nothing_is_excused_without_evidence(  # noqa: PLR0917
    memory: Memory,
    touched: bool | None,  # noqa: FBT001
    signatures: list[str],
    is_main: bool,  # noqa: FBT001
    mass: int,
    share: float,
    data: st.DataObject,
) -> None:
    seen: list[tuple[Trial, TrialOutcome]] = []

    def ask(trial: Trial) -> TrialOutcome:
        outcome = data.draw(OUTCOMES)
        seen.append((trial, outcome))
        return outcome

    run = run_of(touched, signatures, is_main=is_main)
    judgement = adjudicate(run, memory, ask, PRICES, Rules(mass=mass, budget_share=share))

    assert [ruling.test for ruling in judgement.rulings] == list(NAMES)
    for ruling, failure in zip(judgement.rulings, run.failures, strict=True):
        assert ruling.evidence
        if ruling.is_red:
            continue
        mine = [(trial, outcome) for trial, outcome in seen if trial.test == ruling.test]
        head_passed = any(trial.tree is Tree.HEAD and not outcome.failed for trial, outcome in mine)
        base_failed = any(trial.tree is Tree.BASE and outcome.failed for trial, outcome in mine)
        known = memory.of(ruling.test)
        main_failed = failure.signature in memory.main_failed_in("o", ruling.test) or (
            known.broken_since is not None and known.broken_signature == failure.signature
        )
        assert head_passed or base_failed or main_failed
        assert touched is False or head_passed or memory.has_passed("head", ruling.test)
        if ruling.kind == "outage":
            assert any(trial.where is Where.OTHER and not outcome.failed for trial, outcome in mine)
