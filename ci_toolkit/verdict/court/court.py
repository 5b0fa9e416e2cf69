"""Judges the failures of one run, and returns what is to be remembered of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from ci_toolkit.model.outcomes import Judged
from ci_toolkit.model.record import Record
from ci_toolkit.model.trial import Trial, Where
from ci_toolkit.verdict.court.case import Ask, CaseRun, FailedTest, Kind, Prices, Rules, Ruling
from ci_toolkit.verdict.court.hearing import Hearing
from ci_toolkit.verdict.court.lists import suspects
from ci_toolkit.verdict.court.mass import judge_mass, masses_in
from ci_toolkit.verdict.court.memory import Memory, trees_with
from ci_toolkit.verdict.court.recollection import Recollection, SeenRun
from ci_toolkit.verdict.court.trials import Trials


class Judgement(Record, frozen=True, kw_only=True):
    """What came of a run's failures."""

    rulings: tuple[Ruling, ...]
    """One for each failure, in the order of ``CaseRun.failures``."""
    found: tuple[Judged, ...]
    """What the history keeps of each, before main's past is held against it."""
    memory: Memory
    """What to judge the next run with."""
    is_budget_spent: bool = False
    """Whether a trial that was asked for was not made, for it would have cost too much."""
    trial_seconds: float = 0.0
    """What the trials that were asked for were charged."""

    @property
    def is_red(self) -> bool:
        """Whether a failure fails the run."""
        return any(ruling.is_red for ruling in self.rulings)


def none_is_made(trial: Trial) -> bool:  # noqa: ARG001 (as all that say so)
    """Return that the outcome of no trial is there before it is asked for."""
    return False


def adjudicate(
    run: CaseRun,
    memory: Memory,
    ask: Ask,
    prices: Prices,
    rules: Rules,
    *,
    is_made: Callable[[Trial], bool] = none_is_made,
) -> Judgement:
    """Judge every failure of ``run`` by what ``memory`` has and ``ask`` answers. ``ask`` alone has effects.

    ``is_made`` says of which trials ``ask`` has the outcome already, so that no budget keeps them back.
    """
    recollection = Recollection(memory, rules)
    budget = max(recollection.budget_for(run.seconds), rules.least_seconds)
    shards = {failure.test: failure.shard for failure in run.failures}
    trials = Trials(ask, prices, rules, shards, budget, is_made=is_made)
    rulings: dict[str, Ruling] = {}
    where = Where.SAME
    for mass in masses_in(run.failures, rules):
        of_mass, is_outage = judge_mass(mass, trials, rules)
        rulings.update(of_mass)
        if is_outage:
            where = Where.OTHER  # what this machine says of the other failures is worth nothing
    rest = [failure for failure in run.failures if failure.test not in rulings]
    rest.sort(key=lambda failure: (prices.test_seconds.get(failure.test, 0.0), failure.test))
    hearings, heard = _hear(rest, lambda failure: Hearing(failure, run, memory, rules, trials, where), rules)
    rulings.update(heard)
    ordered = tuple(rulings[failure.test] for failure in run.failures)
    found = tuple(_found(run.failures, ordered, hearings))
    recollection.add(
        SeenRun(
            commit=run.commit,
            is_main=run.is_main,
            order=run.order,
            failures=found,
            passed=frozenset(memory.tests) - run.not_run,
            tests_seconds=run.seconds,
            trial_seconds=trials.seconds,
        )
    )
    after = msgspec.structs.replace(
        recollection.memory(), trees=trees_with(memory, run, [judged.test for judged in found if judged.head_passed])
    )
    return Judgement(
        rulings=tuple(_with_suspicion(ordered, after, run)),
        found=found,
        memory=after,
        is_budget_spent=trials.is_budget_spent,
        trial_seconds=trials.seconds,
    )


def _found(failures: Sequence[FailedTest], rulings: Sequence[Ruling], hearings: Iterable[Hearing]) -> Iterator[Judged]:
    heard = {hearing.failure.test: hearing for hearing in hearings}
    for failure, ruling in zip(failures, rulings, strict=True):
        hearing = heard.get(failure.test)
        yield Judged(
            test=failure.test,
            signature=failure.signature,
            kind=str(ruling.kind),
            is_red=ruling.is_red,
            rate=ruling.rate,
            head_passed=hearing is not None and hearing.head_passed,
            base_failed_alike=hearing is not None and hearing.base_failed_alike,
        )


def _hear(
    failures: Iterable[FailedTest], hearing_of: Callable[[FailedTest], Hearing], rules: Rules
) -> tuple[Sequence[Hearing], Mapping[str, Ruling]]:
    """Judge failures one by one, but those of the same cause as one that the change broke: they are red like it."""
    hearings: list[Hearing] = []
    rulings: dict[str, Ruling] = {}
    broken: set[str] = set()
    for failure in failures:
        if rules.uses_clusters and failure.cause in broken:
            words = ("it failed for the same cause as a test that the change broke",)
            rulings[failure.test] = Ruling(test=failure.test, kind=Kind.REGRESSION, is_red=True, evidence=words)
            continue
        hearing = hearing_of(failure)
        hearings.append(hearing)
        rulings[failure.test] = ruling = hearing.judge()
        if ruling.kind is Kind.REGRESSION:
            broken.add(failure.cause)
    return hearings, rulings


def _with_suspicion(rulings: Iterable[Ruling], memory: Memory, run: CaseRun) -> Iterator[Ruling]:
    """Name the commit of what main has been failing since; whether it is red stays as it is."""
    since = suspects(memory, run.commit) if run.is_main else {}
    for ruling in rulings:
        if ruling.test in since and ruling.kind is not Kind.OUTAGE:
            words = (*ruling.evidence, f"it began at {run.name_of(since[ruling.test])}")
            yield msgspec.structs.replace(ruling, kind=Kind.SUSPECT, since=since[ruling.test], evidence=words)
        else:
            yield ruling
