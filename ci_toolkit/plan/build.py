"""Makes a plan: from the suite, what history knows of it and what the user asks."""

from collections.abc import Iterator
from functools import cache

import msgspec

from ci_toolkit.errors import NothingToRunError
from ci_toolkit.model.category import MISSION_CRITICAL
from ci_toolkit.model.durations import Durations
from ci_toolkit.model.plan import Plan, PlanNote
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.assignment import Assignment
from ci_toolkit.plan.balance import balance
from ci_toolkit.plan.estimates import estimate
from ci_toolkit.plan.planned_shards import planned_shards
from ci_toolkit.plan.price import cost_note
from ci_toolkit.plan.request import Algorithm, PlanRequest
from ci_toolkit.plan.sanitize import sanitize
from ci_toolkit.plan.separated import notes_on_separated
from ci_toolkit.plan.sizing import count_shards
from ci_toolkit.plan.sticky import keep_in_place
from ci_toolkit.plan.workload import Workload


def build_plan(suite: Suite, durations: Durations, request: PlanRequest) -> Plan:
    """Return the sealed plan: every file in exactly one shard, or cut into pieces that are.

    The same for any order of ``durations``. Raises NothingToRunError if no file is selected.
    """
    files = _selected(suite, request)
    known, notes = sanitize(durations)
    work = Workload(estimate(files, known, is_collected=request.is_collected), request.keep)
    overhead = durations.overhead_seconds if request.overhead_seconds is None else request.overhead_seconds
    assignment, more_notes = _assign(work, request, overhead or 0.0)
    shards, cuts = planned_shards(assignment, request.services)
    bound = work.bound(len(assignment.loads))
    plan = Plan(
        commit=suite.commit,
        root=suite.root,
        arguments=suite.arguments,
        pytest_args=request.pytest_args,
        categories=request.categories,
        only=request.only,
        first=request.first,
        mode=request.mode,
        places=tuple((file.path, file.place) for file in files if file.place),
        skipped_folders=() if request.only else suite.skipped_folders,
        critical_files=tuple(file.path for file in files if file.may_hold((MISSION_CRITICAL,))),
        algorithm=request.algorithm,
        shards=shards,
        cuts=cuts,
        lower_bound_seconds=bound,
        makespan_seconds=assignment.makespan,
        limited_by=work.longest_name if work.longest >= bound else "",
        has_times=any(file.is_known for file in work.files),
        notes=(*durations.notes, *notes, *more_notes, *_on_skipped(suite)),
    )
    separated = notes_on_separated(files, plan, request.keep)
    return msgspec.structs.replace(plan, notes=(*plan.notes, *separated)).sealed()


def _on_skipped(suite: Suite) -> Iterator[PlanNote]:
    for folder, reason in suite.skipped_folders:
        message = f"nothing in {folder} runs, for its conftest.py skips all of it: {reason or 'no reason is given'}"
        yield PlanNote(kind="skipped-folder", message=message)


def _selected(suite: Suite, request: PlanRequest) -> list[SuiteFile]:
    files = [file for file in suite.files if not request.categories or file.may_hold(request.categories)]
    if not files:
        raise NothingToRunError("no test file is selected", advice="Check the paths and the categories.")
    return files


def _assign(work: Workload, request: PlanRequest, overhead: float) -> tuple[Assignment, list[PlanNote]]:
    @cache
    def assign(shards: int) -> Assignment:
        if request.algorithm is Algorithm.FILES:
            return balance(work, shards)
        from ci_toolkit.plan.by_pytest_split import assign_by_pytest_split

        return assign_by_pytest_split(work, shards, request.algorithm)

    notes: list[PlanNote] = []
    shards = request.shards
    if shards is None:
        shards, sizing_notes = count_shards(work, request, overhead, assign)
        notes += sizing_notes
    assignment = assign(shards)
    if request.previous is not None and request.algorithm is Algorithm.FILES:
        assignment = keep_in_place(work, assignment, request.previous)
    if request.price_per_minute > 0.0:
        notes.append(cost_note(work, assignment, request, overhead, assign))
    return assignment, notes
