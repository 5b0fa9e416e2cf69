"""Brings the failures of a run before the court, and writes its rulings beside them."""

import hashlib
import shlex
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from ci_toolkit.config.flaky import FlakySettings
from ci_toolkit.model.again import AgainRule
from ci_toolkit.model.merged import MergedRun, TrialEvidence
from ci_toolkit.model.record import Record
from ci_toolkit.model.traced_lines import TracedFile
from ci_toolkit.model.trial import How, NotMadeError, NoTrialError, Trial, TrialOutcome, Where
from ci_toolkit.model.verdict import TestFailure
from ci_toolkit.verdict.court.case import Ask, CaseRun, FailedTest, Kind, Prices, Rules, Ruling
from ci_toolkit.verdict.court.court import Judgement, adjudicate
from ci_toolkit.verdict.court.memory import Memory

_NO_NAME = "changed"
"""Of sources without a name: no base and no earlier run has it."""
_DIGITS = 16
_QUICKEST_START = 0.3
"""Seconds that a pytest process takes at least."""
_SLOWEST_START = 3.0
"""The most that it is priced at before a trial tells: a shard may have started slowly for reasons of its own."""
_WORK_TREE_SECONDS = 5.0
NEVER = "a mission-critical test is never excused"
NOT_COLLECTED = "what cannot be collected is not tried again"
NAMESAKE = "another failure of a test of its name was judged"
TOLD_ONLY = "the settings let trials excuse nothing"
_FLAKY = {Kind.FLAKY, Kind.ORDER_DEPENDENT, Kind.ENVIRONMENT, Kind.KNOWN}


class Court(Record, frozen=True, kw_only=True):
    """What a court knows beside the failures themselves."""

    rules: Rules
    excuses: bool = True
    """Whether its rulings count; else they are told, and every failure stays red."""
    commit: int = 0
    """Counts the commits of main."""
    commits: tuple[str, ...] = ()
    """Their names, as far as they were judged."""
    is_main: bool = False
    tree: str = ""
    """git's name of the sources; ``""`` where they have none, and are compared with nothing."""
    base: str = ""
    """The commit that they are compared with; ``""`` where nobody knows it."""
    order: str = ""
    untouched: frozenset[str] = frozenset()
    """Tests that run nothing of what the change wrote, as far as anybody can see."""
    memory: Memory = Memory()


def rules_of(settings: FlakySettings) -> Rules:
    """Return the rules of the court in the job of a shard, which sits when the tests have ended."""
    return Rules(
        budget_share=settings.budget_share,
        least_seconds=settings.least_seconds,
        process_is_gone=True,
        uses_other_machine=False,
    )


def case_of(failures: Sequence[TestFailure], court: Court, seconds: float) -> CaseRun:
    """Return those of ``failures`` that can be excused at all; ``seconds`` is what the tests of the run took."""
    return CaseRun(
        commit=court.commit,
        commits=court.commits,
        is_main=court.is_main,
        base=court.base,
        tree=court.tree or _NO_NAME,
        order=court.order,
        seconds=seconds,
        failures=tuple(
            FailedTest(
                test=f.node_id,
                signature=f.signature,
                cause=f.cause,
                shard=f.shard,
                is_touched=False if f.node_id in court.untouched else None,
            )
            for f in once(failures)
            if is_heard(f)
        ),
    )


def hear(
    failures: Sequence[TestFailure],
    court: Court,
    ask: Ask,
    prices: Prices,
    seconds: float,
    *,
    is_made: Callable[[Trial], bool],
) -> Judgement:
    """Judge ``failures`` by what ``ask`` answers; ``is_made`` as in ``adjudicate``."""
    return adjudicate(case_of(failures, court, seconds), court.memory, ask, prices, court.rules, is_made=is_made)


def is_made_in_the_shard(trial: Trial) -> bool:
    """Return whether the shard has made ``trial`` before its court sits: those in the process in which it failed."""
    return trial.how is How.AGAIN


def is_made_on_the_machine(trial: Trial) -> bool:
    """Return whether ``trial`` was made, or never will be, before the court sits on another machine."""
    return trial.where is Where.SAME


def is_made_at_all(trial: Trial) -> bool:  # noqa: ARG001 (as all that say so)
    """Return that ``trial`` was made, or never will be, as it is at the merge."""
    return True


def untouched_by_the_change(evidence: Iterable[TrialEvidence]) -> frozenset[str]:
    """Return the tests that ran nothing of what the change wrote in any try at once of ``evidence``."""
    told: dict[str, set[bool | None]] = defaultdict(set)
    for made in evidence:
        if made.trial.how is How.AGAIN:
            told[made.trial.test].add(made.touches)
    return frozenset(test for test, touches in told.items() if touches == {False})


def again_rule(
    rules: Rules, shard_seconds: float, *, never: Iterable[str] = (), change: tuple[TracedFile, ...] | None = None
) -> AgainRule | None:
    """Return how a shard whose tests take so long tries its failed tests again at once, but ``never`` some of them.

    ``change`` is what the change wrote. None is not at all.
    """
    seconds = max(rules.budget_share * shard_seconds, rules.least_seconds)
    return AgainRule(times=rules.agains, seconds=seconds, not_of=tuple(never), change=change) if seconds else None


def unsure_rule(rules: Rules) -> AgainRule:
    """Return how a test is tried again and again in the process of a trial, until it passes."""
    return AgainRule(times=rules.agains_unsure, seconds=rules.unsure_seconds)


def is_heard(failure: TestFailure) -> bool:
    """Return whether trials can excuse ``failure``."""
    return bool(failure.cause) and not failure.is_critical and not failure.quarantined


def once(failures: Iterable[TestFailure]) -> Sequence[TestFailure]:
    """Return ``failures`` without those of a test that has failed before: pytest allows tests of one name."""
    return tuple({failure.node_id: failure for failure in reversed(tuple(failures))}.values())[::-1]


def prices_of(failures: Iterable[TestFailure], startups: Sequence[float] = (), shards: Sequence[float] = ()) -> Prices:
    """Return what trials take; ``startups`` are seconds to start shards, ``shards`` those that their tests took."""
    return Prices(
        test_seconds={failure.node_id: failure.seconds for failure in failures},
        shard_seconds=max(shards, default=0.0),
        process=min(max(_QUICKEST_START, min(startups, default=0.0)), _SLOWEST_START),
        base=_WORK_TREE_SECONDS,
    )


def with_rulings(run: MergedRun, court: Court | None) -> MergedRun:
    """Return ``run`` with what the court says of each failure, by the trials that the bundles hold."""
    if court is None or not run.failures:
        return run
    failures = ruled(run.failures, judgement_on(run, court), court)
    counts = msgspec.structs.replace(
        run.counts,
        excused=sum(failure.is_excused for failure in failures),
        flaky=run.counts.flaky + sum(f.is_excused and f.kind in _FLAKY for f in failures),
    )
    return msgspec.structs.replace(run, failures=failures, counts=counts)


def ruled(failures: Iterable[TestFailure], judgement: Judgement, court: Court) -> tuple[TestFailure, ...]:
    """Return ``failures`` with what ``judgement`` says of each. A ruling is on one failure of a test, and no other."""
    heard = zip(judgement.rulings, judgement.found, strict=True)
    rulings = {(ruling.test, judged.signature): ruling for ruling, judged in heard}
    return tuple(
        _with_ruling(f, rulings.get((f.node_id, f.signature)) if is_heard(f) else None, excuses=court.excuses)
        for f in failures
    )


def judgement_on(run: MergedRun, court: Court) -> Judgement:
    """Judge the failures of ``run`` by the trials that the bundles hold: no further one is made."""
    rules = msgspec.structs.replace(court.rules, uses_other_machine=run.has_other_machine)
    recorded = Recorded(run.trials, run.failures, dict(run.trials_ended))
    untouched = untouched_by_the_change(run.trials)
    here, prices = msgspec.structs.replace(court, rules=rules, untouched=untouched), prices_of(run.failures)
    return hear(run.failures, here, recorded, prices, tests_seconds_of(run), is_made=is_made_at_all)


def tests_seconds_of(run: MergedRun) -> float:
    """Return what the tests of ``run`` took together."""
    return sum(shard.tests_seconds for shard in run.shards)


def trial_seconds_of(run: MergedRun) -> float:
    """Return what the budget is charged for the trials of ``run``: what they really took."""
    return sum(made.seconds for made in run.trials if made.trial.how.is_charged)


def order_of(orders: Iterable[tuple[int, str]]) -> str:
    """Return what names the order in which shards ran their tests, of (shard, its digest); ``""`` if one has none."""
    parts = [f"{shard} {order}" for shard, order in sorted(set(orders)) if order]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_DIGITS] if parts else ""


class Recorded:
    """Answers trials by those that were made: each outcome once, in the order in which they came."""

    def __init__(
        self, evidence: Iterable[TrialEvidence], failures: Iterable[TestFailure], ended: Mapping[int, str]
    ) -> None:
        """Take what was made; ``ended`` is shard to why it made no further trial.

        A test that was skipped when it was tried at once was not tried.
        """
        self._made: dict[Trial, deque[TrialEvidence]] = defaultdict(deque)
        for made in evidence:
            if made.outcome is not None or made.trial.how is not How.AGAIN:
                self._made[made.trial].append(made)
        self._shards = {failure.node_id: failure.shard for failure in failures}
        self._ended = ended

    def __call__(self, trial: Trial) -> TrialOutcome:
        """Return the next outcome of ``trial``. Raises NoTrialError where there is none."""
        if not self._made[trial]:
            raise NotMadeError(self._ended.get(self._shards[trial.test]) or "the trial that would tell was not made")
        made = self._made[trial].popleft()
        if made.outcome is None:
            raise NoTrialError(made.why_not)
        return made.outcome


def _with_ruling(failure: TestFailure, ruling: Ruling | None, *, excuses: bool) -> TestFailure:
    if failure.quarantined:
        return failure
    kind = Kind.NEW_FAILURE if ruling is None else ruling.kind
    evidence = (_why_not_heard(failure),) if ruling is None else ruling.evidence
    is_excused = ruling is not None and not ruling.is_red
    if is_excused and failure.why:  # it is in quarantine and failed in a new way
        is_excused = False
    elif is_excused and not excuses:
        is_excused, evidence = False, (*evidence, TOLD_ONLY)
    told = filter(None, (*evidence, failure.why))
    why = f"{'excused' if is_excused else 'red'}: {kind}: {'; '.join(told)}"
    clean = " --clean" if ruling is not None and ruling.is_red and ruling.is_clean else ""
    again = f"ci-toolkit flaky rerun {shlex.quote(failure.node_id)} --as shard {failure.shard}{clean}"
    again = again if failure.cause else ""
    return msgspec.structs.replace(
        failure, kind=str(kind), is_excused=is_excused, evidence=evidence, why=why, reproduce=again
    )


def _why_not_heard(failure: TestFailure) -> str:
    if failure.is_critical:
        return NEVER
    return NAMESAKE if failure.cause else NOT_COLLECTED
