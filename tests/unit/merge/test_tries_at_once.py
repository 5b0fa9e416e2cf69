import pytest
from journal_samples import collected, fails, fold_of

from ci_toolkit.merge.agains import agains_of
from ci_toolkit.model.journal import AgainEnded, AgainStarted, PhaseOutcome, Selected
from ci_toolkit.verdict.adjudication import untouched_by_the_change

TEST = "test_a.py::test_a"
FAILED, PASSED, SKIPPED = PhaseOutcome.FAILED, PhaseOutcome.PASSED, PhaseOutcome.SKIPPED
Tried = tuple[PhaseOutcome, bool | None]


@pytest.mark.parametrize(
    ("tried", "outcomes", "is_untouched"),
    [
        pytest.param([(FAILED, False), (PASSED, False)], [True, False], True, id="no try ran the change"),
        pytest.param([(FAILED, False), (PASSED, True)], [True, False], False, id="one did"),
        pytest.param([(FAILED, None)], [True], False, id="nobody can know"),
        pytest.param([(FAILED, False), (SKIPPED, True)], [True, None], False, id="one did and was skipped then"),
        pytest.param([(FAILED, False), (SKIPPED, None)], [True, None], False, id="it was skipped, and nobody can know"),
        pytest.param([(FAILED, False), (SKIPPED, False)], [True], True, id="it was skipped before it ran anything"),
        pytest.param([(SKIPPED, False)], [], False, id="it was never tried"),
    ],
)
def test_a_try_that_was_skipped_has_no_outcome_and_tells_what_it_ran(
    tried: list[Tried], outcomes: list[bool | None], *, is_untouched: bool
) -> None:
    records = [
        record
        for outcome, touches in tried
        for record in (AgainStarted(i=0, at=1.0), AgainEnded(i=0, o=outcome, s=0.5, touches=touches))
    ]
    fold = fold_of({"main": [collected("test_a.py", "test_a"), Selected(tests=1), *fails(0), *records]})
    evidence = agains_of(fold, {TEST})
    assert [made.outcome and made.outcome.failed for made in evidence] == outcomes
    assert (TEST in untouched_by_the_change(evidence)) is is_untouched
