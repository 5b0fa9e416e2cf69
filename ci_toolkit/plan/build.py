"""Makes a plan: from the suite, what history knows of it and what the user asks."""

from ci_toolkit.errors import NothingToRunError
from ci_toolkit.model.durations import Durations
from ci_toolkit.model.plan import Cut, Plan, PlannedShard, Unit
from ci_toolkit.model.suite import Suite
from ci_toolkit.plan.balance import balance
from ci_toolkit.plan.cuts import cut_of
from ci_toolkit.plan.deal import Deal
from ci_toolkit.plan.estimates import FileEstimate, estimate
from ci_toolkit.plan.request import PlanRequest
from ci_toolkit.plan.sound import mend
from ci_toolkit.plan.sticky import stay_close
from ci_toolkit.plan.workload import Workload


def build_plan(suite: Suite, durations: Durations, request: PlanRequest) -> Plan:
    """Return the sealed plan: every file in exactly one shard, or cut into pieces that are.

    The same for any order of ``durations``. Raises NothingToRunError if no file is selected.
    """
    files = [file for file in suite.files if not request.categories or file.category in request.categories]
    if not files:
        raise NothingToRunError("no test file is selected", advice="Check the paths and the categories.")
    known, notes = mend(durations)
    estimates = estimate(files, known, is_collected=request.is_collected)
    work = Workload(estimates, request.keep)
    shards = request.shards or 4
    deal = balance(work, shards)
    if request.previous is not None:
        deal = stay_close(work, deal, request.previous)
    planned, cuts = write_down(deal, estimates)
    bound = work.bound(shards)
    return Plan(
        commit=suite.commit,
        root=suite.root,
        arguments=suite.arguments,
        pytest_args=request.pytest_args,
        categories=request.categories,
        mode=request.mode,
        algorithm=request.algorithm,
        shards=planned,
        cuts=cuts,
        lower_bound_seconds=bound,
        makespan_seconds=deal.makespan,
        limited_by=work.longest_name if work.longest >= bound else "",
        notes=(*durations.notes, *notes),
    ).sealed()


def write_down(deal: Deal, estimates: list[FileEstimate]) -> tuple[tuple[PlannedShard, ...], tuple[Cut, ...]]:
    """Return the shards and cuts of ``deal``, in the order of the suite."""
    units: list[list[Unit]] = [[] for _ in deal.loads]
    cuts = []
    homes = {file: shard for shard, parts in enumerate(deal.parts) for file in parts}
    for number, file in enumerate(estimates):
        owners = deal.owners.get(number)
        if owners is None:
            home = homes[number]
            units[home].append(Unit(path=file.path, estimated_seconds=file.weight))
            continue
        shards = list(dict.fromkeys(owners))
        every = deal.work.atoms(number)
        pieces = [
            [suffix for atom, owner in zip(every, owners, strict=True) if owner == shard for suffix in atom.suffixes]
            for shard in shards
        ]
        cuts.append(cut_of(file.path, pieces))
        for piece, shard in enumerate(shards, start=1):
            took = file.landing_seconds + deal.parts[shard][number]
            units[shard].append(Unit(path=file.path, estimated_seconds=took, piece=piece, pieces=len(shards)))
    planned = tuple(
        PlannedShard(index=index, estimated_seconds=load, units=tuple(own), category="")
        for index, (load, own) in enumerate(zip(deal.loads, units, strict=True), start=1)
    )
    return planned, tuple(cuts)
