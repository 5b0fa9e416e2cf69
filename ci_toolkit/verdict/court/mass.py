"""Judges failures of one cause in many tests together: an outage of the machine or of a service, or a broken helper."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ci_toolkit.verdict.court.case import FailedTest, How, Kind, Rules, Ruling, Tree, TrialOutcome, Where
from ci_toolkit.verdict.court.trials import Trials

SAMPLE = 3


def masses_in(failures: Iterable[FailedTest], rules: Rules) -> Sequence[Sequence[FailedTest]]:
    """Return the failures that are to be judged together: each time at least ``rules.mass`` of one cause."""
    if not (rules.uses_clusters and rules.uses_other_machine):
        return ()
    by_cause: dict[str, list[FailedTest]] = defaultdict(list)
    for failure in failures:
        by_cause[failure.cause].append(failure)
    return [mass for mass in by_cause.values() if len(mass) >= rules.mass]


def judge_mass(mass: Sequence[FailedTest], trials: Trials) -> tuple[Mapping[str, Ruling], bool]:
    """Return the rulings on failures of one cause, and whether the machine was to blame.

    Where a sample fails on another machine as well, all are red. Otherwise each test is tried there: one that passes is
    excused, one that fails twice is red, and one that fails there in another way is left to a hearing of its own.
    These trials are outside the budget: without them a whole run is worth nothing.
    """
    sample = mass[:: max(1, len(mass) // SAMPLE)][:SAMPLE]
    outcomes = {failure.test: _elsewhere(failure, trials) for failure in sample}
    begin = f"{len(mass)} tests failed for one cause"
    if all(outcome.failed for outcome in outcomes.values()):
        base = _elsewhere(sample[0], trials, Tree.BASE)
        words = (
            begin,
            f"{len(sample)} of them failed on another machine too",
            f"the base {'failed' if base.failed else 'passed'} there",
        )
        kind = Kind.OUTAGE if base.failed else Kind.REGRESSION
        return {f.test: Ruling(test=f.test, kind=kind, is_red=True, evidence=words) for f in mass}, False
    rulings: dict[str, Ruling] = {}
    for failure in mass:
        outcome = outcomes.get(failure.test) or _elsewhere(failure, trials)
        if outcome.failed and outcome.signature != failure.signature:
            continue
        if outcome.failed:
            outcome = _elsewhere(failure, trials)
        ended = (begin, f"it {'failed twice' if outcome.failed else 'passed'} on another machine")
        rulings[failure.test] = Ruling(test=failure.test, kind=Kind.OUTAGE, is_red=outcome.failed, evidence=ended)
    return rulings, True


def _elsewhere(failure: FailedTest, trials: Trials, tree: Tree = Tree.HEAD) -> TrialOutcome:
    return trials.run(failure, How.BATCH, where=Where.OTHER, tree=tree, is_outside_budget=True)
