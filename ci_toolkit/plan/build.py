"""Makes a plan: from the suite, what history knows of it and what the user asks."""

from functools import cache

from ci_toolkit.errors import NothingToRunError
from ci_toolkit.model.category import MISSION_CRITICAL
from ci_toolkit.model.durations import Durations
from ci_toolkit.model.plan import Plan, PlanNote
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.balance import balance
from ci_toolkit.plan.deal import Deal
from ci_toolkit.plan.estimates import estimate
from ci_toolkit.plan.price import cost_note
from ci_toolkit.plan.request import Algorithm, PlanRequest
from ci_toolkit.plan.sizing import count_shards
from ci_toolkit.plan.sound import mend
from ci_toolkit.plan.sticky import stay_close
from ci_toolkit.plan.workload import Workload
from ci_toolkit.plan.write_down import write_down


def build_plan(suite: Suite, durations: Durations, request: PlanRequest) -> Plan:
    """Return the sealed plan: every file in exactly one shard, or cut into pieces that are.

    The same for any order of ``durations``. Raises NothingToRunError if no file is selected.
    """
    files = _selected(suite, request)
    known, notes = mend(durations)
    work = Workload(estimate(files, known, is_collected=request.is_collected), request.keep)
    overhead = durations.overhead_seconds if request.overhead_seconds is None else request.overhead_seconds
    deal, told = _deal(work, request, overhead or 0.0)
    planned, cuts = write_down(deal, request.services)
    bound = work.bound(len(deal.loads))
    return Plan(
        commit=suite.commit,
        root=suite.root,
        arguments=suite.arguments,
        pytest_args=request.pytest_args,
        categories=request.categories,
        mode=request.mode,
        critical_files=tuple(file.path for file in files if file.may_hold((MISSION_CRITICAL,))),
        algorithm=request.algorithm,
        shards=planned,
        cuts=cuts,
        lower_bound_seconds=bound,
        makespan_seconds=deal.makespan,
        limited_by=work.longest_name if work.longest >= bound else "",
        notes=(*durations.notes, *notes, *told),
    ).sealed()


def _selected(suite: Suite, request: PlanRequest) -> list[SuiteFile]:
    files = [file for file in suite.files if not request.categories or file.may_hold(request.categories)]
    if not files:
        raise NothingToRunError("no test file is selected", advice="Check the paths and the categories.")
    return files


def _deal(work: Workload, request: PlanRequest, overhead: float) -> tuple[Deal, list[PlanNote]]:
    @cache
    def dealing(shards: int) -> Deal:
        if request.algorithm is Algorithm.FILES:
            return balance(work, shards)
        from ci_toolkit.plan.by_pytest_split import deal_by_pytest_split  # noqa: PLC0415 (an extra installs it)

        return deal_by_pytest_split(work, shards, request.algorithm)

    notes: list[PlanNote] = []
    shards = request.shards
    if shards is None:
        shards, told = count_shards(work, request, overhead, dealing)
        notes += told
    deal = dealing(shards)
    if request.previous is not None and request.algorithm is Algorithm.FILES:
        deal = stay_close(work, deal, request.previous)
    if request.price_per_minute > 0.0:
        notes.append(cost_note(work, deal, request, overhead, dealing))
    return deal, notes
