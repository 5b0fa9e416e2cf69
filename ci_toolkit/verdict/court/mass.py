"""Judges failures of one cause in many tests together: an outage of the machine or of a service, or a broken helper."""

import contextlib
from collections import Counter, defaultdict
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
    """Judge on the machine on which they failed: that can show that the change broke them, and excuses none.

    Another machine can, and wants to know whether they fail alone here.
    """
    head, base = _of_one(mass, trials)
    if not head.failed:
        _one_fails_alone_here(mass[1:SAMPLE], trials)
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
    return _head_alone(failure, trials), trials.run(failure, How.ISOLATED, tree=Tree.BASE)


def _head_alone(failure: FailedTest, trials: Trials) -> TrialOutcome:
    with contextlib.suppress(NoTrialError):
        return trials.run(failure, How.ISOLATED, is_clean=True)
    return trials.run(failure, How.ISOLATED)


def _all_red(mass: Sequence[FailedTest], kind: Kind, *words: str) -> Mapping[str, Ruling]:
    evidence = (f"{len(mass)} tests failed for one cause", *words)
    return {f.test: Ruling(test=f.test, kind=kind, is_red=True, evidence=evidence) for f in mass}


def _ended(outcome: TrialOutcome) -> str:
    return "failed" if outcome.failed else "passed" if outcome.is_there else "does not have"


def _judge_elsewhere(mass: Sequence[FailedTest], trials: Trials) -> tuple[Mapping[str, Ruling], bool]:
    """Return the rulings on failures of one cause, and whether the machine was to blame.

    Where a sample fails on another machine as well, all are red. Otherwise each test is tried there: one that passes is
    excused, one that fails twice is red, and one that fails there in another way is left to a hearing of its own.
    A change that breaks whatever runs after one test has many victims of one cause too: where they pass alone on the
    machine of the run, the order of their shard has to pass there as well.
    These trials are outside the budget: without them a whole run is worth nothing.
    """
    sample = mass[:: max(1, len(mass) // SAMPLE)][:SAMPLE]
    outcomes = {failure.test: _elsewhere(failure, trials) for failure in sample}
    begin = f"{len(mass)} tests failed for one cause"
    if all(outcome.failed for outcome in outcomes.values()):
        base = _elsewhere(sample[0], trials, Tree.BASE)
        there = (f"{len(sample)} of them failed on another machine too", f"the base {_ended(base)} there")
        return _all_red(mass, Kind.OUTAGE if base.failed else Kind.REGRESSION, *there), False
    may_be_order = not _one_fails_alone_here(mass, trials)
    rulings: dict[str, Ruling] = {}
    for failure in mass:
        outcome = outcomes.get(failure.test) or _elsewhere(failure, trials)
        if outcome.failed and outcome.signature != failure.signature:
            continue
        if outcome.failed:
            outcome = _elsewhere(failure, trials)
        ended = (begin, f"it {'failed twice' if outcome.failed else 'passed'} on another machine")
        ruling = Ruling(test=failure.test, kind=Kind.OUTAGE, is_red=outcome.failed, evidence=ended)
        if not outcome.failed and may_be_order:
            ruling = _in_its_order(failure, trials, ended)
        rulings[failure.test] = ruling
    return rulings, not rulings or any(ruling.kind is Kind.OUTAGE for ruling in rulings.values())


def _one_fails_alone_here(mass: Sequence[FailedTest], trials: Trials) -> bool:
    """Return whether one, of some of each shard, fails alone on the machine of the run: no order explains that.

    Only a clean checkout shows it: what ran before may have left a file in the other one.
    """
    told: Counter[int] = Counter()
    for failure in mass:
        if told[failure.shard] == SAMPLE:
            continue
        with contextlib.suppress(NoTrialError):
            outcome = trials.run(failure, How.ISOLATED, is_clean=True, is_of_mass=True)
            if outcome.failed and outcome.signature == failure.signature:
                return True
            told[failure.shard] += 1
    return False


def _in_its_order(failure: FailedTest, trials: Trials, evidence: tuple[str, ...]) -> Ruling:
    """Judge a failure that passes elsewhere without what ran before it."""
    head = trials.run(failure, How.ORDER, where=Where.OTHER, is_of_mass=True)
    if not head.failed:
        words = (*evidence, "it passed there in the same order")
        return Ruling(test=failure.test, kind=Kind.OUTAGE, is_red=False, evidence=words)
    base = trials.run(failure, How.ORDER, where=Where.OTHER, tree=Tree.BASE, is_of_mass=True)
    is_alike = base.failed and base.signature == failure.signature
    words = (*evidence, "it failed there in the same order", f"the base {_ended(base)} in it{' alike' * is_alike}")
    kind = Kind.ORDER_DEPENDENT if is_alike else Kind.REGRESSION
    return Ruling(test=failure.test, kind=kind, is_red=not is_alike, evidence=words)


def _elsewhere(failure: FailedTest, trials: Trials, tree: Tree = Tree.HEAD) -> TrialOutcome:
    return trials.run(failure, How.BATCH, where=Where.OTHER, tree=tree)
