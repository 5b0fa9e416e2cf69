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
from ci_toolkit.verdict.adjudication import Bench, Recorded, hear, is_heard, prices_of
from ci_toolkit.verdict.court.trials import BudgetSpentError
from ci_toolkit.workflow.adjudication import bench_of, failures_of, red_after
from ci_toolkit.workflow.base_tree import BaseTree
from ci_toolkit.workflow.category_selection import select_categories
from ci_toolkit.workflow.laboratory import Docket, Laboratory, ended_words
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.plan_file import check_commit, read_plan
from ci_toolkit.workflow.quarantine import quarantine_in_force
from ci_toolkit.workflow.run_identity import run_attempt
from ci_toolkit.workflow.run_services import ServiceOptions, services_for
from ci_toolkit.workflow.shard_options import shard_options
from ci_toolkit.workflow.signals import stop_on_signals
from ci_toolkit.workflow.stop_rules import StopRules


class AdjudicationRequest(ServiceOptions, frozen=True, kw_only=True):
    """The options of ``ci-toolkit adjudicate``, one field each."""

    plan_path: Path
    results: Path
    """Where the bundles of the shards are, and the adjudication goes."""
    pytest_args: tuple[str, ...] = ()
    test_timeout: float | None = None


def adjudicate_elsewhere(request: AdjudicationRequest, folder: Path, observer: Observer) -> ExitCode:
    """Try what is open of the failures of a run, and leave ``results/adjudication`` for the merge.

    Returns PASSED where nothing of what failed in the shards is left to fail the run, as far as trials tell.
    """
    plan = read_plan(request.plan_path)
    check_commit(plan, folder)
    root = project_root(folder)
    bench = bench_of(root, folder)
    place = request.results / ADJUDICATION_FOLDER
    shutil.rmtree(place, ignore_errors=True)
    if bench is None:
        observer.say("nothing is tried: pyproject.toml has no table [tool.ci-toolkit.flaky]")
        return ExitCode.PASSED
    dockets = [
        Docket(bundle, place / f"shard-{index}")
        for index, bundle in open_delivery(request.results, plan).bundles.items()
        if bundle.card.state is ShardState.FINISHED
    ]
    failures = failures_of(dockets, quarantine_in_force(root))
    others = sum(docket.others for docket in dockets)
    heard = sorted({failure.shard for failure in failures if is_heard(failure)})
    if not heard:
        observer.say("no test failed that trials could excuse")
        return ExitCode.FAILED if failures or others else ExitCode.PASSED
    selection = select_categories(root, mode=plan.mode)
    services = tuple(dict.fromkeys(name for index in heard for name in plan.shard(index).services_to_start))
    with services_for(request.needs(services, None), root, observer.say) as running:
        options = msgspec.structs.replace(
            shard_options(plan, folder, selection, StopRules(), running.variables),
            pytest_args=(*plan.pytest_args, *request.pytest_args, *plan.arguments),
            test_seconds=request.test_timeout,
        )
        red, card = _judged(plan, dockets, failures, options, bench, observer)
    replace_file(make_folder(place) / ADJUDICATION_NAME, to_json(card))
    return ExitCode.FAILED if red or others else ExitCode.PASSED


def _judged(
    plan: Plan,
    dockets: Sequence[Docket],
    failures: Sequence[TestFailure],
    options: ShardOptions,
    bench: Bench,
    observer: Observer,
) -> tuple[int, AdjudicationCard]:
    """Return how many of ``failures`` nothing excuses, and the card with the trials that were made here."""
    rules = msgspec.structs.replace(bench.rules, uses_other_machine=True)
    bench = msgspec.structs.replace(bench, rules=rules)
    stop = StopRequest()
    began = time.time()
    base = BaseTree(Path(options.folder), bench.base)
    with stop_on_signals(stop), base:
        laboratory = Laboratory(plan, dockets, options, base, observer.say, stop)
        ask = _Both(_recorded(dockets, failures), laboratory)
        judgement = hear(failures, bench, ask, prices_of(failures), sum(docket.seconds for docket in dockets))
    card = AdjudicationCard(
        plan_id=plan.plan_id,
        run_id=plan.run_id,
        run_attempt=run_attempt(os.environ),
        began_at=round(began, 3),
        machine=machine_name(),
        shards=tuple(
            ShardTrials(index=docket.bundle.card.index, trials=tuple(docket.records))
            for docket in dockets
            if docket.records
        ),
        ended=ended_words(stop) if stop.is_asked else str(BudgetSpentError()),
    )
    return red_after(judgement, bench, failures, observer), card


def _recorded(dockets: Sequence[Docket], failures: Sequence[TestFailure]) -> Recorded:
    evidence = [made for docket in dockets for made in docket.recorded()]
    return Recorded(evidence, failures, {d.bundle.card.index: d.bundle.card.trials_ended for d in dockets})


class _Both:
    """Answers trials of the shard's machine by what it has recorded, and runs those of another here."""

    def __init__(self, recorded: Recorded, laboratory: Laboratory) -> None:
        self._recorded = recorded
        self._laboratory = laboratory

    def __call__(self, trial: Trial) -> TrialOutcome:
        return self._laboratory(trial) if trial.where is Where.OTHER else self._recorded(trial)
