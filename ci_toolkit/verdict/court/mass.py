"""Judges failures of one cause in many tests together: an outage of the machine or of a service, or a broken helper."""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ci_toolkit.model.trial import How, NotMadeError, NoTrialError, Tree, TrialOutcome, Where
from ci_toolkit.verdict.court.case import FailedTest, Kind, Rules, Ruling
from ci_toolkit.verdict.court.trials import Trials

SAMPLE = 3


def masses_in(failures: Iterable[FailedTest], rules: Rules) -> Sequence[Sequence[FailedTest]]:
    """Return the failures that are to be judged together: each time at least ``rules.mass`` of one cause."""
    if not (rules.uses_clusters and (rules.uses_other_machine or rules.process_is_gone)):
        return ()
    by_cause: dict[str, list[FailedTest]] = defaultdict(list)
    for failure in failures:
        by_cause[failure.cause].append(failure)
    return [mass for mass in by_cause.values() if len(mass) >= rules.mass]


def judge_mass(mass: Sequence[FailedTest], trials: Trials, rules: Rules) -> tuple[Mapping[str, Ruling], bool]:
    """Return the rulings on failures of one cause, and whether the machine was to blame. None is excused unheard."""
    try:
        return _judge_elsewhere(mass, trials) if rules.uses_other_machine else (_judge_here(mass, trials), False)
    except NoTrialError as error:
        return _all_red(mass, Kind.NEW_FAILURE, str(error)), False


def _judge_here(mass: Sequence[FailedTest], trials: Trials) -> Mapping[str, Ruling]:
    """Judge on the machine on which they failed: that can show that the change broke them, and excuses none."""
    head, base = _of_one(mass, trials)
    words = f"the head {_ended(head)} one of them alone, the base {_ended(base)}"
    if head.failed and not base.failed:
        return _all_red(mass, Kind.REGRESSION, words)
    return _all_red(mass, Kind.OUTAGE, words, "only another machine can excuse them")


def _of_one(mass: Sequence[FailedTest], trials: Trials) -> tuple[TrialOutcome, TrialOutcome]:
    """Return how the head and the base ended for one failure: where trials are read, for one that has them."""
    for failure in mass[:-1]:
        with contextlib.suppress(NotMadeError):
            return _head_and_base(failure, trials)
    return _head_and_base(mass[-1], trials)


def _head_and_base(failure: FailedTest, trials: Trials) -> tuple[TrialOutcome, TrialOutcome]:
    return trials.run(failure, How.ISOLATED), trials.run(failure, How.ISOLATED, tree=Tree.BASE)


def _all_red(mass: Sequence[FailedTest], kind: Kind, *words: str) -> Mapping[str, Ruling]:
    evidence = (f"{len(mass)} tests failed for one cause", *words)
    return {f.test: Ruling(test=f.test, kind=kind, is_red=True, evidence=evidence) for f in mass}


def _ended(outcome: TrialOutcome) -> str:
    return "failed" if outcome.failed else "passed" if outcome.is_there else "does not have"


def _judge_elsewhere(mass: Sequence[FailedTest], trials: Trials) -> tuple[Mapping[str, Ruling], bool]:
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
        there = (f"{len(sample)} of them failed on another machine too", f"the base {_ended(base)} there")
        return _all_red(mass, Kind.OUTAGE if base.failed else Kind.REGRESSION, *there), False
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
    return trials.run(failure, How.BATCH, where=Where.OTHER, tree=tree)
