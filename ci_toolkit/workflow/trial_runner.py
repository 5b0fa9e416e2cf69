"""Runs the trials that a court asks for, on this machine, and keeps their records in the bundles of the shards."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ci_toolkit.merge.agains import agains_of
from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.learned import environment_of
from ci_toolkit.merge.outcomes_learned import order_digest
from ci_toolkit.merge.results import BundleReading
from ci_toolkit.merge.tally import Tally
from ci_toolkit.merge.trials import TrialsOfBundle
from ci_toolkit.model.again import AgainRule
from ci_toolkit.model.bundle import TrialRecord
from ci_toolkit.model.merged import TrialEvidence
from ci_toolkit.model.node_id import split_node_id
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.trial import How, NoTrialError, Tree, Trial, TrialOutcome, Where
from ci_toolkit.model.verdict import TestFailure
from ci_toolkit.report.text import one_line
from ci_toolkit.suite.bundle import write_card
from ci_toolkit.suite.machine import machine_name
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.suite.trial import TrialOrder, for_trials, run_trial
from ci_toolkit.verdict.adjudication import Recorded
from ci_toolkit.workflow.trial_trees import Place, TrialTrees

Say = Callable[[str], None]
_TIMES_ALONE = 3
"""How often the base is tried alone before it counts as one that always fails there."""
_WORDS = {
    How.ISOLATED: "alone",
    How.BATCH: "with the other failures",
    How.ORDER: "in the same order",
    How.REPEATED: "again and again in the same order",
}


class TriedShard:
    """One shard: what failed in it, and the trials of that."""

    def __init__(self, bundle: Bundle, folder: Path | None = None) -> None:
        """Read ``bundle``; ``folder`` takes the trials, the bundle's own if it is None."""
        reading = BundleReading(bundle)
        tally = Tally(bundle.card.index)
        for _ in tally.watch(reading.results()):
            pass
        self.failures: Sequence[TestFailure] = tally.failures
        self.seconds = tally.seconds
        """What its tests took."""
        self.bundle = bundle
        self.folder = Path(bundle.folder) if folder is None else folder
        self.records: list[TrialRecord] = []
        broken = sum(result.outcome.is_failure for result in reading.results_of_files())
        self.others = broken + bool(bundle.card.unexplained_exit)
        """What fails the run beside its tests: what could not be collected, an end of pytest that nothing explains."""
        self.order = order_digest(reading.fold)
        self.environment = environment_of(bundle.card, reading.fold)
        self._failed = frozenset(failure.node_id for failure in tally.failures)
        self.agains = agains_of(reading.fold, self._failed)
        """What tries in the shard's own processes showed, at once after the failures."""
        self._reading = reading
        self._trials = TrialsOfBundle(Bundle(folder=str(self.folder), card=bundle.card), reading.fold.sources)

    def order_of(self, test: str) -> tuple[str, ...]:
        """Return what ran before ``test`` in its process, and the test itself."""
        return self._reading.order_until(test) or (test,)

    def order_with(self, test: str) -> tuple[str, ...]:
        """Return what ran in its process until the last failure there: a replay of that is for each failure in it."""
        return self._reading.order_until(test, self._failed) or (test,)

    def add(self, record: TrialRecord) -> TrialEvidence:
        """Keep ``record`` and return what it shows, read as the merge will read it."""
        self.records.append(record)
        return self._trials.read(record)

    def recorded(self) -> tuple[TrialEvidence, ...]:
        """Return what the trials in the bundle itself showed."""
        return (*self.agains, *TrialsOfBundle(self.bundle, self._reading.fold.sources).of(self._failed))

    def close(self, ended: str) -> None:
        """Write the records into the card; ``ended`` is why no further trial was made where one was asked for."""
        card = msgspec.structs.replace(self.bundle.card, trials=tuple(self.records), trials_ended=ended)
        write_card(Path(self.bundle.folder), card)


class TrialRunner:
    """Answers trials by running them."""

    def __init__(
        self,
        plan: Plan,
        shards: Sequence[TriedShard],
        options: ShardOptions,
        trees: TrialTrees,
        say: Say,
        stop: StopRequest,
        *,
        unsure: AgainRule,
    ) -> None:
        """``unsure`` says how often a test is tried again and again."""
        self._machine = machine_name()
        self._made: dict[tuple[object, ...], list[TrialRecord]] = {}
        """The processes that answer for more than one test."""
        self._asked: Counter[Trial] = Counter()
        """How often each trial was asked for that one of these answers."""
        self._trees = trees
        self._plan = plan
        self._shards = {failure.node_id: shard for shard in shards for failure in shard.failures}
        agains = [made for shard in shards for made in shard.agains]
        self._agains = Recorded(agains, [failure for shard in shards for failure in shard.failures], {})
        self._options = options
        self._say = say
        self._stop = stop
        self._unsure = unsure

    def __call__(self, trial: Trial) -> TrialOutcome:
        """Run ``trial``, or return what it showed at once. Raises NoTrialError where there is no outcome."""
        if trial.how is How.AGAIN:
            return self._agains(trial)
        shard = self._shards[trial.test]
        if self._stop.is_asked:
            raise NoTrialError(ended_words(self._stop))
        evidence = shard.add(self._run(trial, shard))
        self._say(_told(evidence))
        if evidence.outcome is None:
            raise NoTrialError(evidence.why_not)
        outcome = msgspec.structs.replace(evidence.outcome, seconds=evidence.seconds)
        if outcome.failed and trial.tree is Tree.BASE and trial.how is How.ORDER:
            return self._unless_it_fails_alone(trial, outcome, shard)
        return outcome

    def _unless_it_fails_alone(self, trial: Trial, outcome: TrialOutcome, shard: TriedShard) -> TrialOutcome:
        """Return ``outcome``, of the base in its order, unless it ends so alone too: then it tells of no order.

        The head passes alone where an order is asked for. So the base lacks something, such as data that git ignores.
        Raises NoTrialError.
        """
        place = len(shard.records) - 1
        alone: list[TrialOutcome] = []
        why_not = ""
        try:
            alone = [self(msgspec.structs.replace(trial, how=How.ISOLATED))]
            while alone[-1].failed and alone[-1].signature == outcome.signature and len(alone) < _TIMES_ALONE:
                alone.append(self(msgspec.structs.replace(trial, how=How.ISOLATED)))
            if all(tried.failed and tried.signature == outcome.signature for tried in alone):
                why_not = "the base fails alone as well, and its order tells nothing: it may lack what git ignores"
        except NoTrialError as error:
            why_not = str(error)
        if why_not:
            shard.records[place] = msgspec.structs.replace(shard.records[place], why_not=why_not)
            raise NoTrialError(why_not)
        return msgspec.structs.replace(outcome, seconds=outcome.seconds + sum(tried.seconds for tried in alone))

    def _run(self, trial: Trial, shard: TriedShard) -> TrialRecord:
        tests = self._tests_of(trial, shard)
        if trial.how in {How.ISOLATED, How.REPEATED}:
            return self._in_a_process(trial, shard, tests)
        asked = self._asked[trial]
        self._asked[trial] += 1
        same = msgspec.structs.replace(trial, test=tests[-1])
        made = self._made.setdefault((shard.bundle.card.index, tests, same), [])
        if asked < len(made):
            return msgspec.structs.replace(made[asked], trial=trial, seconds=0.0)  # its time counts once
        made.append(self._in_a_process(trial, shard, tests))
        return made[asked]

    def _tests_of(self, trial: Trial, shard: TriedShard) -> tuple[str, ...]:
        """Return what the process of ``trial`` runs. One of several tests is for all that ask for the same."""
        if trial.how is How.ISOLATED:
            return (trial.test,)
        if trial.how is How.BATCH:
            return tuple(dict.fromkeys(failure.node_id for failure in shard.failures))
        return shard.order_of(trial.test) if trial.how is How.REPEATED else shard.order_with(trial.test)

    def _in_a_process(self, trial: Trial, shard: TriedShard, tests: tuple[str, ...]) -> TrialRecord:
        number = len(shard.records) + 1
        began = time.monotonic()
        try:
            options, moved = self._place_of(trial, shard)
        except NoTrialError as error:
            return TrialRecord(number=number, trial=trial, why_not=str(error))
        index = shard.bundle.card.index
        again = msgspec.structs.replace(self._unsure, only_of=trial.test) if trial.how is How.REPEATED else None
        order = TrialOrder(
            number=number,
            trial=trial,
            shard=index,
            tests=tests,
            pieces=self._pieces(tests, index),
            moved=moved,
            again=again,
        )
        record = run_trial(self._plan, order, shard.folder, options, stop=self._stop)
        return msgspec.structs.replace(record, seconds=round(time.monotonic() - began, 3))  # with its work tree

    def _place_of(self, trial: Trial, shard: TriedShard) -> Place:
        options = for_trials(self._options, shard.bundle.card)
        if trial.where is Where.OTHER and shard.bundle.card.machine == self._machine:
            raise NoTrialError("there is no other machine here")
        if trial.tree is Tree.BASE:
            return self._trees.of_base(options)
        return self._trees.of_head(options) if trial.is_clean else (options, None)

    def _pieces(self, tests: Sequence[str], index: int) -> dict[str, int]:
        paths = {split_node_id(test)[0] for test in tests}
        return {unit.path: unit.piece for unit in self._plan.shard(index).units if unit.path in paths}


def ended_words(stop: StopRequest) -> str:
    """Return why no further trial is made."""
    return f"the trials were ended: {stop.reason}"


def _told(evidence: TrialEvidence) -> str:
    outcome = evidence.outcome
    if outcome is None:
        ended = f"does not tell: {evidence.why_not}"
    elif not outcome.is_there:
        ended = "has no such test"
    else:
        ended = "failed" if outcome.failed else "passed"
    trial = evidence.trial
    clean = " in a clean checkout" * trial.is_clean
    return (
        f"trial: the {trial.tree} {_WORDS[trial.how]}{clean} {ended} ({evidence.seconds:.1f} s): {one_line(trial.test)}"
    )
