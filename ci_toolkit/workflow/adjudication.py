"""Judges the failures of shards that have ended by trials on this machine, so that the merge finds the evidence."""

import os
from pathlib import Path

from ci_toolkit.config.flaky import read_flaky
from ci_toolkit.merge.bundles import open_delivery
from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import Record
from ci_toolkit.model.wording import number_of
from ci_toolkit.suite.checkout import commit_of
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.verdict.adjudication import Bench, hear, is_heard, prices_of
from ci_toolkit.verdict.court.case import Rules
from ci_toolkit.verdict.court.trials import BudgetSpentError
from ci_toolkit.workflow.base_tree import BaseTree
from ci_toolkit.workflow.laboratory import Docket, Laboratory, ended_words
from ci_toolkit.workflow.lineage import here
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.signals import stop_on_signals
from ci_toolkit.workflow.stop_rules import StopRules, StopRuleWatcher


class Hearing(Record, frozen=True, kw_only=True):
    """What came of the failures of shards before the court."""

    red: int
    """Failures that nothing excuses."""
    is_interrupted: bool = False


def bench_of(root: Path, folder: Path) -> Bench | None:
    """Return the court that judges what is checked out in ``folder``; None where the settings in ``root`` ask for none.

    Raises ConfigurationError for settings that cannot be used.
    """
    settings = read_flaky(root)
    if settings is None:
        return None
    lineage = here(folder, os.environ)
    changed = lineage.is_main and not lineage.tree  # then the change is what is not committed yet
    rules = Rules(
        budget_share=settings.budget_share,
        least_seconds=settings.least_seconds,
        process_is_gone=True,
        uses_other_machine=False,
    )
    base = commit_of(folder) if changed else lineage.base
    tree = lineage.tree or "changed"
    return Bench(rules=rules, excuses=settings.excuses, is_main=lineage.is_main, tree=tree, base=base)


def adjudicate_shards(
    plan: Plan, results: Path, options: ShardOptions, bench: Bench, rules: StopRules, observer: Observer
) -> Hearing:
    """Try the failed tests of the bundles below ``results`` again, and write what was seen into the bundles.

    Of a shard that did not come to its end nobody knows what would have failed, so it stays as it is.
    """
    bundles = open_delivery(results, plan).bundles.values()
    dockets = [Docket(bundle) for bundle in bundles if bundle.card.state is ShardState.FINISHED]
    failures = [failure for docket in dockets for failure in docket.failures]
    heard = sum(map(is_heard, failures))
    if not heard:
        return Hearing(red=len(failures))
    observer.say(f"judging {number_of(heard, 'failure')} by trials")
    stop = StopRequest()
    base = BaseTree(Path(options.folder), bench.base)
    with stop_on_signals(stop), StopRuleWatcher(rules, stop), base:
        laboratory = Laboratory(plan, dockets, options, base, observer.say, stop)
        prices = prices_of(failures, [_startup(docket) for docket in dockets], [docket.seconds for docket in dockets])
        try:
            judgement = hear(failures, bench, laboratory, prices, sum(docket.seconds for docket in dockets))
        finally:
            ended = ended_words(stop) if stop.is_asked else str(BudgetSpentError())
            for docket in dockets:
                docket.close(ended)
    excused = {ruling.test for ruling in judgement.rulings if bench.excuses and not ruling.is_red}
    red = sum(failure.node_id not in excused for failure in failures)
    return Hearing(red=red, is_interrupted=stop.kind is StopKind.SIGNAL)


def _startup(docket: Docket) -> float:
    card = docket.bundle.card
    return card.actual_seconds / max(1, card.attempts) - docket.seconds
