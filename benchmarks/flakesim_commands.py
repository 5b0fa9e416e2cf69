"""Plugs the court into flakesim as the commands ask it: job by job, each with what it can know.

The shards try their failures again at once, and judge them apart, each on its own machine and within its own part of
the budget; where one of them stays red, a job on another machine tries what is open; the merge judges by what was
recorded.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from flakesim_court import Attempt, Court, SimulatedRun, SimulatedTest
from msgspec.structs import replace

from ci_toolkit.model.again import Agains
from ci_toolkit.model.trial import How, NotMadeError, Trial, TrialOutcome, Where
from ci_toolkit.verdict.adjudication import (
    again_rule,
    is_made_at_all,
    is_made_in_the_shard,
    is_made_on_the_machine,
    unsure_rule,
)
from ci_toolkit.verdict.court.case import Ask, CaseRun, FailedTest, Kind, Prices, Rules
from ci_toolkit.verdict.court.court import Judgement, adjudicate, none_is_made
from ci_toolkit.verdict.court.trials import Trials


class CommandsCourt(Court):
    """A policy of the simulator; its rules are those of a shard's job."""

    def begin(self, tests: Sequence[SimulatedTest], shards: int) -> None:
        super().begin(tests, shards)
        self.past: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        """(Sources, order) to test to signatures of what was order-dependent there: of the head, and of its base."""

    def heard(self, run: SimulatedRun, attempt: Attempt) -> Judgement:
        case = self.case(run)
        record = _Record(attempt, case, self.prices, self.rules)
        known = {test: frozenset(found) for test, found in self.past[case.base, case.order].items()}
        self.memory = replace(self.memory, base_in_order=known)
        judgement = self._judged(case, record)
        for judged in judgement.found:
            if judged.kind == Kind.ORDER_DEPENDENT:
                for sources in (case.tree, case.base):
                    self.past[sources, case.order][judged.test].add(judged.signature)
        # Each trial that a job has made is paid for, also one that the merge does not need.
        left = (judgement.memory.saved_seconds or 0.0) + judgement.trial_seconds - record.seconds
        return replace(judgement, memory=replace(judgement.memory, saved_seconds=left))

    def _judged(self, case: CaseRun, record: "_Record") -> Judgement:
        for of_shard in _by_shard(case):
            self._try_again(of_shard, record)
        case = record.with_what_is_touched(case)
        jobs = [self._in_the_shard(of_shard, record) for of_shard in _by_shard(case)]
        if any(job.is_red for job in jobs):
            jobs.append(self._elsewhere(case, record))
        rules = replace(self.rules, uses_other_machine=record.has_other_machine)
        return adjudicate(case, self.memory, record.reader(), self.prices, rules, is_made=is_made_at_all)

    def _try_again(self, case: CaseRun, record: "_Record") -> None:
        rule = again_rule(self.rules, self.prices.shard_seconds)
        if rule is not None:
            agains = Agains(rule)
            for failure in case.failures:
                record.try_again(failure, agains, self.prices.test_seconds[failure.test])

    def _in_the_shard(self, case: CaseRun, record: "_Record") -> Judgement:
        seconds = self.prices.shard_seconds
        case = replace(case, seconds=seconds, order="")  # that of the run is not known yet
        ask = record.after(record.reader(), is_made_in_the_shard)
        return adjudicate(case, self.memory, ask, self.prices, self.rules, is_made=is_made_in_the_shard)

    def _elsewhere(self, case: CaseRun, record: "_Record") -> Judgement:
        rules = replace(self.rules, uses_other_machine=True)
        ask = record.after(record.reader(), is_made_on_the_machine)
        return adjudicate(case, self.memory, ask, self.prices, rules, is_made=is_made_on_the_machine)


def _by_shard(case: CaseRun) -> Iterator[CaseRun]:
    by_shard: dict[int, list[FailedTest]] = defaultdict(list)
    for failure in case.failures:
        by_shard[failure.shard].append(failure)
    return (replace(case, failures=tuple(failures)) for failures in by_shard.values())


class _Record:
    """The trials of one run, and what they showed."""

    def __init__(self, attempt: Attempt, case: CaseRun, prices: Prices, rules: Rules) -> None:
        self._attempt = attempt
        self._prices = prices
        self._rules = rules
        self._failures = {failure.test: failure for failure in case.failures}
        shards = {failure.test: failure.shard for failure in case.failures}
        self._trials = Trials(self._made_now, prices, rules, shards, math.inf, is_made=none_is_made)
        self._made: dict[Trial, list[TrialOutcome]] = defaultdict(list)
        self.has_other_machine = False

    @property
    def seconds(self) -> float:
        """What all of them cost."""
        return self._trials.seconds

    def make(self, trial: Trial) -> TrialOutcome:
        failure = self._failures[trial.test]
        return self._trials.run(failure, trial.how, where=trial.where, tree=trial.tree, is_clean=trial.is_clean)

    def _made_now(self, trial: Trial) -> TrialOutcome:
        self.has_other_machine |= trial.where is Where.OTHER
        outcome = self._repeated(trial) if trial.how is How.REPEATED else self._once(trial, trial.how)
        self._made[trial].append(outcome)
        return outcome

    def _once(self, trial: Trial, how: How) -> TrialOutcome:
        outcome = self._attempt(int(trial.test), where=trial.where, how=how, tree=trial.tree)
        return TrialOutcome(failed=outcome.failed, signature=outcome.signature)

    def _repeated(self, trial: Trial) -> TrialOutcome:
        """Replay the order, and do as the plugin in that process does."""
        outcome = self._once(trial, How.ORDER)
        each = self._prices.test_seconds[trial.test]
        seconds = self._prices.process + self._prices.shard_seconds / 2 + each
        agains = Agains(unsure_rule(self._rules))
        for _ in range(agains.most_for(trial.test, "", each)):
            if not (outcome.failed and agains.can_pay(each)):
                break
            agains.pay(each)
            seconds += each
            outcome = self._once(trial, How.AGAIN)
        return replace(outcome, seconds=seconds)

    def try_again(self, failure: FailedTest, agains: Agains, seconds: float) -> None:
        """Do as the plugin in the shard's process does."""
        most = agains.most_for(failure.test, failure.cause, seconds)
        for _ in range(most):
            if not agains.can_pay(seconds):
                return
            agains.pay(seconds)
            if not self.make(Trial(test=failure.test, how=How.AGAIN)).failed:
                return
        if most:
            agains.note_vain(failure.cause)

    def with_what_is_touched(self, case: CaseRun) -> CaseRun:
        """Return what the tries at once let the court know: of a test without one, nobody knows what it runs."""
        tried = {trial.test for trial in self._made}
        failures = (f if f.test in tried else replace(f, is_touched=None) for f in case.failures)
        return replace(case, failures=tuple(failures))

    def reader(self) -> Ask:
        """Return what answers each trial by the next of its outcomes that were recorded."""
        read: Counter[Trial] = Counter()

        def next_of(trial: Trial) -> TrialOutcome:
            made = self._made[trial]
            if read[trial] >= len(made):
                raise NotMadeError("the trial that would tell was not made")
            read[trial] += 1
            return made[read[trial] - 1]

        return next_of

    def after(self, recorded: Ask, is_made: Callable[[Trial], bool]) -> Ask:
        """Return what answers by ``recorded`` where that is all there is, and else makes the trial."""
        return lambda trial: recorded(trial) if is_made(trial) else self.make(trial)
