"""Runs one trial: a pytest process of its own, recorded as a shard's are, that leaves nothing but its record."""

import os
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ci_toolkit.files import make_folder
from ci_toolkit.model.again import AgainRule
from ci_toolkit.model.bundle import (
    COVERAGE_FOLDER,
    JOURNAL_FOLDER,
    OUTPUT_FOLDER,
    PARTS_FOLDER,
    TRIALS_FOLDER,
    ShardCard,
    TrialRecord,
)
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import Record
from ci_toolkit.model.task import ShardTask
from ci_toolkit.model.trial import Trial, not_collected
from ci_toolkit.suite.attempt import Attempt
from ci_toolkit.suite.ending import How as Ended
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.suite.shard import hash_seed
from ci_toolkit.suite.task_variable import COVERAGE_FILE, HASH_SEED

_OF_THE_PROCESS_ALONE = (COVERAGE_FOLDER, PARTS_FOLDER, "task", "cache")


_RAISED = "E   "
"""How pytest begins a line of what was raised."""
_SEED = re.compile(r"--random(ly|-order)-seed=[A-Za-z0-9]+")


class TrialOrder(Record, frozen=True, kw_only=True):
    """What a trial is to run."""

    number: int
    trial: Trial
    shard: int
    """The one in which the test failed."""
    tests: tuple[str, ...]
    """Node ids in the order in which they run; the last is the test."""
    moved: tuple[str, str] | None = None
    """Of a trial in a work tree, (the checkout, that tree)."""
    pieces: Mapping[str, int]
    """Path to the piece of it that the shard has, of the files that hold these tests."""
    again: AgainRule | None = None
    """How the test is tried at once in the same process, if it fails; None is not at all."""


def for_trials(options: ShardOptions, card: ShardCard) -> ShardOptions:
    """Return ``options`` for one process that ends with the tests that are asked for, with the seeds of ``card``."""
    ran = card.environment
    has_xdist = ran is not None and any(name.startswith("pytest-xdist-") for name in ran.plugins)
    seeds = filter(_SEED.fullmatch, card.seeds)  # the card may be a stranger's
    extra = ("--maxfail=0", *(("-n0",) if has_xdist else ()), *seeds)
    return msgspec.structs.replace(options, pytest_args=(*options.pytest_args, *extra))


def run_trial(
    plan: Plan,
    order: TrialOrder,
    bundle: Path,
    options: ShardOptions,
    *,
    stop: StopRequest,
) -> TrialRecord:
    """Run the trial with the shard's ``options`` and leave its journals in the folder ``bundle/trials/NUMBER``.

    What it measures of coverage and writes of reports is thrown away: the shard's own stay as they are.
    """
    folder = bundle.resolve() / TRIALS_FOLDER / str(order.number)
    shutil.rmtree(folder, ignore_errors=True)
    for name in (JOURNAL_FOLDER, OUTPUT_FOLDER, *_OF_THE_PROCESS_ALONE):
        make_folder(folder / name)
    record = TrialRecord(number=order.number, trial=order.trial)
    options = msgspec.structs.replace(options, measures_coverage=False, coverage_by_category=False, keeps_output=False)
    task = _task(plan, order, record.attempt, folder, options)
    began = time.monotonic()
    try:
        attempt = Attempt(task, folder, options, lambda _: None, stop, JournalFold(order.shard))
        end = attempt.run()
    finally:
        for name in _OF_THE_PROCESS_ALONE:
            shutil.rmtree(folder / name, ignore_errors=True)
    why_not = "" if end.how is Ended.FINISHED or end.crashes else _in_short(end.reason)
    if why_not and order.moved is not None:
        why_not = not_collected(order.trial, why_not)
    if stop.is_asked:
        why_not = f"the trial was ended: {stop.reason}"
    seconds = round(time.monotonic() - began, 3)
    return msgspec.structs.replace(record, why_not=why_not, seconds=seconds, journals=tuple(attempt.seals()))


def _in_short(reason: str) -> str:
    """Return the first line of ``reason``, and what of pytest's output below it says what was raised."""
    first, *output = reason.splitlines()
    raised = next((line.removeprefix(_RAISED).strip() for line in reversed(output) if line.startswith(_RAISED)), "")
    return f"{first.removesuffix(':')}: {raised}" if raised else first.removesuffix(":")


def _task(plan: Plan, order: TrialOrder, attempt: int, folder: Path, options: ShardOptions) -> ShardTask:
    variables = {**os.environ, **dict(options.variables)}
    return ShardTask(
        plan_id=plan.plan_id,
        shard=order.shard,
        attempt=attempt,
        journal=str(folder / JOURNAL_FOLDER),
        marker=str(folder / "task" / f"{attempt}.recording"),
        parts=str(folder / PARTS_FOLDER / str(attempt)),
        wall_seconds=time.time(),
        clock_seconds=time.perf_counter(),
        hash_seed="" if HASH_SEED in variables else hash_seed(plan.run_id),
        coverage_file=variables.get(COVERAGE_FILE, ""),
        supervisor=os.getpid(),
        root=options.root,
        pieces=dict(order.pieces),
        planned=plan.files(),
        places=tuple((path, place) for path, place in plan.places if path in order.pieces),
        cuts=tuple(cut for cut in plan.cuts if order.pieces.get(cut.path)),
        categories=options.categories,
        selected=plan.categories,
        only=plan.only,
        order=order.tests,
        again=order.again,
        moved=order.moved,
    )
