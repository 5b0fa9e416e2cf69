"""Asks for trials within a budget, and keeps count of what they cost."""

from collections.abc import Callable, Mapping

from ci_toolkit.model.trial import How, NoTrialError, Tree, Trial, TrialOutcome, Where
from ci_toolkit.verdict.court.case import Ask, FailedTest, Prices, Rules


class BudgetSpentError(NoTrialError):
    """The next trial would cost more than is left."""

    def __init__(self) -> None:
        super().__init__("the budget for trials is spent")


_SHARED = frozenset({"machine", *(("base", where) for where in Where)})
"""What is paid beside the trial itself."""


class Trials:
    """The trials of one run."""

    def __init__(
        self,
        ask: Ask,
        prices: Prices,
        rules: Rules,
        shards: Mapping[str, int],
        budget: float,
        *,
        is_made: Callable[[Trial], bool],
    ) -> None:
        """``is_made`` says of which trials the outcome is there already: they are charged, and never too dear."""
        self._ask = ask
        self._is_made = is_made
        self._prices = prices
        self._rules = rules
        self._shards = shards
        self._budget = budget
        self._counts: dict[Trial, int] = {}
        self._paid: set[object] = set()
        self.seconds = 0.0
        """What the trials that are charged should have taken so far."""
        self.is_budget_spent = False
        """Whether a trial was not made for it."""

    def run(
        self,
        failure: FailedTest,
        how: How,
        *,
        where: Where = Where.SAME,
        tree: Tree = Tree.HEAD,
        is_clean: bool = False,
        is_of_mass: bool = False,
    ) -> TrialOutcome:
        """Run one trial. Of those that are charged, raises BudgetSpentError before one that costs more than is left.

        One that ``is_of_mass`` is not charged: without it a run with an outage is worth nothing.
        Raises NoTrialError where its outcome cannot be known.
        """
        trial = Trial(test=failure.test, where=where, how=how, tree=tree, is_clean=is_clean)
        count = self._counts[trial] = self._counts.get(trial, 0) + 1
        parts = self._parts(trial, count)
        cost = sum(parts.values())
        is_charged = how.is_charged and not is_of_mass
        if is_charged and not self._is_made(trial) and self.seconds + cost > self._budget:
            self.is_budget_spent = True
            raise BudgetSpentError
        outcome = self._ask(trial)
        self._paid.update(parts)
        self.seconds += cost if is_charged else 0.0
        if outcome.seconds and is_charged:
            self.seconds += outcome.seconds - sum(cost for part, cost in parts.items() if part not in _SHARED)
        return outcome

    def _parts(self, trial: Trial, count: int) -> Mapping[object, float]:
        """Return what has to be paid for ``trial``: what is shared with earlier trials is paid already."""
        prices = self._prices
        shard = self._shards[trial.test]
        seconds = prices.test_seconds.get(trial.test, 0.0)
        parts: dict[object, float] = {(trial, count): seconds}
        if trial.how in {How.ISOLATED, How.ORDER, How.REPEATED}:
            parts[trial, count, "process"] = prices.process
        if trial.where is Where.OTHER:
            parts["machine"] = prices.machine
        if trial.tree is Tree.BASE:
            parts["base", trial.where] = prices.base
        if trial.how is How.REPEATED:
            parts[trial, count, "tries"] = min(self._rules.agains_unsure * seconds, self._rules.unsure_seconds)
        if trial.how in {How.ORDER, How.REPEATED}:
            parts["replay", trial.where, trial.tree, trial.is_clean, shard, count] = prices.shard_seconds / 2
        return {what: cost for what, cost in parts.items() if what not in self._paid}
