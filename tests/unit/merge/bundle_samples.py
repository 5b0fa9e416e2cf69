"""Small plans, and bundles as shards leave them. What a card or a seal holds stands here alone."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from journal_samples import PYTHON, Attempt, opened

from ci_toolkit.merge.bundles import Bundle, open_delivery
from ci_toolkit.merge.merge import merge_run
from ci_toolkit.model.bundle import CARD_NAME, JOURNAL_FOLDER, JournalSeal, ShardCard, ShardState
from ci_toolkit.model.merged import MergedRun
from ci_toolkit.model.plan import Cut, Plan, PlannedShard, Unit
from ci_toolkit.model.problem import Problem
from ci_toolkit.model.record import encode, to_json


def piece(path: str, number: int, pieces: int = 2) -> Unit:
    return Unit(path=path, estimated_seconds=1.0, piece=number, pieces=pieces)


def plan_of(*shards: Sequence[str | Unit], cuts: Sequence[Cut] = (), run_id: str = "run-1", **also: Any) -> Plan:
    """A plan of whole files (by path) and pieces, of a run."""
    planned = tuple(
        PlannedShard(
            index=index,
            estimated_seconds=1.0,
            units=tuple(Unit(path=unit, estimated_seconds=1.0) if isinstance(unit, str) else unit for unit in units),
        )
        for index, units in enumerate(shards, start=1)
    )
    plan = Plan(shards=planned, cuts=tuple(cuts), lower_bound_seconds=1.0, makespan_seconds=1.0, **also)
    return plan.sealed().of_run(run_id)


def halves(path: str, first: Sequence[str], second: Sequence[str]) -> Cut:
    return Cut(path=path, pieces=(tuple(first), tuple(second)))


def leave_bundle(results: Path, plan: Plan, index: int, *attempts: Attempt, **card: Any) -> Path:
    """Write the bundle of a shard, sealed. ``card`` says what of its card is other than of a shard that finished."""
    folder = results / f"shard-{index}"
    journals = folder / JOURNAL_FOLDER
    journals.mkdir(parents=True)
    for number, attempt in enumerate(attempts, start=1):
        for worker, records in attempt.items():
            lines = [*records]
            if worker != "supervisor":
                lines.insert(0, opened(shard=index, attempt=number, worker=worker, plan_id=plan.plan_id))
            (journals / f"{number}-{worker}.jsonl").write_bytes(b"".join(encode(line) + b"\n" for line in lines))
    write_card(folder, plan, index, **{"attempts": len(attempts), **card})
    return folder


def write_card(folder: Path, plan: Plan, index: int, **card: Any) -> None:
    """Write a card that seals the journals that are there."""
    fields = {
        "plan_id": plan.plan_id,
        "run_id": plan.run_id,
        "index": index,
        "state": ShardState.FINISHED,
        "attempts": 1,
        "actual_seconds": 9.0,
        "environment": PYTHON,
        "journals": seals_of(folder),
        **card,
    }
    (folder / CARD_NAME).write_bytes(to_json(ShardCard(**fields)))


def seals_of(folder: Path) -> tuple[JournalSeal, ...]:
    """The seals of the journals as they are now."""
    seals = []
    for path in sorted((folder / JOURNAL_FOLDER).iterdir()):
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        seals.append(JournalSeal(name=path.name, size=len(data), records=data.count(b"\n"), sha256=digest))
    return tuple(seals)


def journal_of(folder: Path, name: str = "1-main.jsonl") -> Path:
    return folder / JOURNAL_FOLDER / name


def bundle_of(results: Path, plan: Plan, index: int = 1) -> Bundle:
    """The bundle of shard ``index``, as the merge finds it."""
    return open_delivery(results, plan).bundles[index]


def merged(results: Path, plan: Plan) -> MergedRun:
    return merge_run(plan, results, results / ".." / "out", tell=lambda _: None)


def told(problems: Sequence[Problem]) -> list[tuple[str, str]]:
    """Kind and message of each problem."""
    return [(str(problem.kind), problem.message) for problem in problems]
