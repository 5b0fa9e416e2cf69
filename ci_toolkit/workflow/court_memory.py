"""What the court remembers, from history and back."""

from collections.abc import Mapping
from itertools import takewhile

from ci_toolkit.history.locations import open_history
from ci_toolkit.model.outcomes import JudgedRun
from ci_toolkit.verdict.court.case import CaseRun, Rules
from ci_toolkit.verdict.court.court import Judgement
from ci_toolkit.verdict.court.memory import Memory
from ci_toolkit.verdict.court.recollection import Recalled, recall


def recalled(
    history: str, environment: str, *, rules: Rules, tree: str, base: str, tests: Mapping[str, str], before: float
) -> Recalled:
    """Return what ``history`` tells the court of ``environment``; ``""``, and a history without a past, tell nothing.

    ``tests`` are those that failed on ``tree``, a change of the commit ``base``, and are to be judged, each with the
    digest of the order in which its shard ran. Only what was judged ``before``, in seconds since
    the epoch, counts: each job of a run then remembers the same, whatever other runs have added in the meantime.
    Raises HistoryError where the history cannot be used.
    """
    store = open_history(history) if history else None
    if store is None:
        return Recalled(memory=Memory())
    with store, store.outcomes() as outcomes:
        runs = takewhile(lambda found: found.run.at < before, outcomes.judged_runs(environment))
        in_order = {test: outcomes.runs_in_order(test, environment, base, order) for test, order in tests.items()}
        return recall(runs, rules, outcomes.passes(tests, environment, tree), tree, in_order)


def judged_run(
    case: CaseRun, judgement: Judgement, *, key: str, at: float, environment: str, commit: str, trial_seconds: float
) -> JudgedRun:
    """Return what history keeps of a judgement: ``trial_seconds`` is what the budget is charged for its trials."""
    return JudgedRun(
        key=key,
        at=at,
        environment=environment,
        commit=commit,
        tree=case.tree,
        is_main=case.is_main,
        order=case.order,
        tests_seconds=case.seconds,
        trial_seconds=trial_seconds,
        failures=judgement.found,
    )
