"""``ci-toolkit shard``: runs one shard of a plan and leaves its bundle."""

import os
import sys
from pathlib import Path

import msgspec

from ci_toolkit.config.project import project_root
from ci_toolkit.errors import ExitCode
from ci_toolkit.model.mode import FailFast
from ci_toolkit.verdict.exit_codes import exit_code_of_shards
from ci_toolkit.workflow.adjudication import adjudicate_shards, again_of, court_of, has_counted_failures, tracked_for
from ci_toolkit.workflow.category_coverage import is_kept_by_category
from ci_toolkit.workflow.category_selection import select_categories
from ci_toolkit.workflow.engines import shard_of_this_job
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.plan_file import check_commit, read_plan
from ci_toolkit.workflow.quarantine import quarantine_in_force
from ci_toolkit.workflow.run_services import ServiceOptions, services_for
from ci_toolkit.workflow.shard_options import shard_options
from ci_toolkit.workflow.shards import ShardWork, run_shards
from ci_toolkit.workflow.stop_rules import stop_rules


class ShardRequest(ServiceOptions, frozen=True, kw_only=True):
    """The options of ``ci-toolkit shard``, one field each."""

    index: int | None
    """None is the one that the variables of the CI engine name."""
    plan_path: Path
    results: Path
    pytest_args: tuple[str, ...] = ()
    coverage: bool = False
    test_timeout: float | None = None
    fail_fast: FailFast | None = None
    fast_fail: bool = False
    budget: float | None = None
    history: str = ""
    """What earlier runs found of failures, where trials judge them; ``""`` is nowhere."""
    begun_at: float = 0.0
    """When the command began, on the monotonic clock: the budget counts from there."""


def run_one_shard(request: ShardRequest, folder: Path, observer: Observer) -> ExitCode:
    """Run the shard in ``folder``, the one in which the plan was made, and return how it ended.

    Raises PlanMismatchError if another commit is checked out than the plan was made for, ConfigurationError if the
    CI engine is to name the shard and does not.
    """
    plan = read_plan(request.plan_path)
    check_commit(plan, folder)
    index = shard_of_this_job(plan, os.environ) if request.index is None else request.index
    shard = plan.shard(index)
    root = project_root(folder)
    selection = select_categories(root, mode=plan.mode)
    court = court_of(root, folder)
    rules = stop_rules(
        selection.mode,
        request.fail_fast,
        fast_fail=request.fast_fail,
        budget=request.budget,
        begun_at=request.begun_at,
        quarantine=quarantine_in_force(root),
    )
    needs = request.needs(shard.services_to_start, rules.seconds_left)
    with services_for(needs, root, observer.say) as services:
        work = ShardWork(
            plan=plan,
            stages=((index,),),
            results=request.results,
            options=msgspec.structs.replace(
                shard_options(plan, folder, selection, rules, services.variables),
                pytest_args=(*plan.pytest_args, *request.pytest_args, *plan.arguments),
                own_arguments=request.pytest_args,
                measures_coverage=request.coverage,
                coverage_by_category=request.coverage
                and is_kept_by_category(plan, folder, selection, os.environ, sys.version_info[:2]),
                test_seconds=request.test_timeout,
                again=again_of(court, plan, rules.quarantine, folder),
            ),
            rules=rules,
        )
        tracked = tracked_for(court, folder)
        end = run_shards(work, observer, save_logs=services.save_logs)
        heard = None
        has_failures = end.has_failures and has_counted_failures(work)
        if court is not None and has_failures and not end.is_interrupted:
            heard = adjudicate_shards(work, court, tracked, observer, history=request.history)
        failure = services.failure(request.results / f"shard-{index}")
    if failure:
        observer.say(failure)
    return exit_code_of_shards(
        end.cards,
        has_failures=has_failures if heard is None else bool(heard.red),
        is_interrupted=end.is_interrupted or (heard is not None and heard.is_interrupted),
        has_lost_service=bool(failure),
    )
