"""``ci-toolkit adjudicate``: tries on this machine what failed on others, where the shards' trials leave it open."""

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ci_toolkit.config.project import project_root
from ci_toolkit.errors import ExitCode
from ci_toolkit.files import make_folder, replace_file
from ci_toolkit.merge.bundles import open_delivery
from ci_toolkit.model.bundle import (
    ADJUDICATION_FOLDER,
    ADJUDICATION_NAME,
    AdjudicationCard,
    ShardState,
    ShardTrials,
)
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import to_json
from ci_toolkit.model.trial import Trial, TrialOutcome, Where
from ci_toolkit.model.verdict import TestFailure
from ci_toolkit.suite.machine import machine_name
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.verdict.adjudication import (
    Court,
    Recorded,
    hear,
    is_heard,
    is_made_on_the_machine,
    prices_of,
    unsure_rule,
)
from ci_toolkit.workflow.adjudication import court_of, failures_of, informed, red_after, tracked_for, trees_for
from ci_toolkit.workflow.category_selection import select_categories
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.plan_file import check_commit, read_plan
from ci_toolkit.workflow.quarantine import quarantine_in_force
from ci_toolkit.workflow.run_identity import run_attempt
from ci_toolkit.workflow.run_services import ServiceOptions, services_for
from ci_toolkit.workflow.shard_options import shard_options
from ci_toolkit.workflow.signals import stop_on_signals
from ci_toolkit.workflow.stop_rules import StopRules
from ci_toolkit.workflow.trial_runner import TrialRunner, TriedShard


class AdjudicationRequest(ServiceOptions, frozen=True, kw_only=True):
    """The options of ``ci-toolkit adjudicate``, one field each."""

    plan_path: Path
    results: Path
    """Where the bundles of the shards are, and the adjudication goes."""
    pytest_args: tuple[str, ...] = ()
    test_timeout: float | None = None
    history: str = ""
    """What earlier runs found of failures; ``""`` is nowhere."""


def adjudicate_elsewhere(request: AdjudicationRequest, folder: Path, observer: Observer) -> ExitCode:
    """Try what is open of the failures of a run, and leave ``results/adjudication`` for the merge.

    Returns PASSED where nothing of what failed in the shards is left to fail the run, as far as trials tell.
    """
    plan = read_plan(request.plan_path)
    check_commit(plan, folder)
    root = project_root(folder)
    court = court_of(root, folder)
    place = request.results / ADJUDICATION_FOLDER
    shutil.rmtree(place, ignore_errors=True)
    if court is None:
        observer.say("nothing is tried: pyproject.toml has no table [tool.ci-toolkit.flaky]")
        return ExitCode.PASSED
    shards = [
        TriedShard(bundle, place / f"shard-{index}")
        for index, bundle in open_delivery(request.results, plan).bundles.items()
        if bundle.card.state is ShardState.FINISHED
    ]
    failures = failures_of(shards, quarantine_in_force(root))
    others = sum(shard.others for shard in shards)
    heard = sorted({failure.shard for failure in failures if is_heard(failure)})
    if not heard:
        observer.say("no test failed that trials could excuse")
        return ExitCode.FAILED if failures or others else ExitCode.PASSED
    court = informed(court, shards, failures, request.history, plan.commit, observer.say)
    selection = select_categories(root, mode=plan.mode)
    services = tuple(dict.fromkeys(name for index in heard for name in plan.shard(index).services_to_start))
    with services_for(request.needs(services, None), root, observer.say) as running:
        options = msgspec.structs.replace(
            shard_options(plan, folder, selection, StopRules(), running.variables),
            pytest_args=(*plan.pytest_args, *request.pytest_args, *plan.arguments),
            test_seconds=request.test_timeout,
        )
        red, card = _judged(plan, shards, failures, options, court, observer)
    replace_file(make_folder(place) / ADJUDICATION_NAME, to_json(card))
    return ExitCode.FAILED if red or others else ExitCode.PASSED


def _judged(
    plan: Plan,
    shards: Sequence[TriedShard],
    failures: Sequence[TestFailure],
    options: ShardOptions,
    court: Court,
    observer: Observer,
) -> tuple[int, AdjudicationCard]:
    """Return how many of ``failures`` nothing excuses, and the card with the trials that were made here."""
    rules = msgspec.structs.replace(court.rules, uses_other_machine=True)
    court = msgspec.structs.replace(court, rules=rules)
    stop = StopRequest()
    began = time.time()
    with stop_on_signals(stop), trees_for(shards, options, court, tracked_for(court, Path(options.folder))) as trees:
        runner = TrialRunner(plan, shards, options, trees, observer.say, stop, unsure=unsure_rule(rules))
        ask = _Both(_recorded(shards, failures), runner)
        seconds = sum(shard.seconds for shard in shards)
        judgement = hear(failures, court, ask, prices_of(failures), seconds, is_made=is_made_on_the_machine)
    card = AdjudicationCard(
        plan_id=plan.plan_id,
        run_id=plan.run_id,
        run_attempt=run_attempt(os.environ),
        began_at=round(began, 3),
        machine=machine_name(),
        shards=tuple(
            ShardTrials(index=shard.bundle.card.index, trials=tuple(shard.records)) for shard in shards if shard.records
        ),
    )
    return red_after(judgement, court, failures, observer), card


def _recorded(shards: Sequence[TriedShard], failures: Sequence[TestFailure]) -> Recorded:
    evidence = [made for shard in shards for made in shard.recorded()]
    return Recorded(evidence, failures, {d.bundle.card.index: d.bundle.card.trials_ended for d in shards})


class _Both:
    """Answers trials of the shard's machine by what it has recorded, and runs those of another here."""

    def __init__(self, recorded: Recorded, runner: TrialRunner) -> None:
        self._recorded = recorded
        self._runner = runner

    def __call__(self, trial: Trial) -> TrialOutcome:
        return self._runner(trial) if trial.where is Where.OTHER else self._recorded(trial)
