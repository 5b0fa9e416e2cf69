"""``ci-toolkit plan``, and the planning of a local run: the suite as it is, or its categories stage by stage."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ci_toolkit.config.layout_advice import layout_advice
from ci_toolkit.config.project import project_root
from ci_toolkit.config.quarantine import load_quarantine
from ci_toolkit.errors import FormatError, NothingToRunError
from ci_toolkit.files import make_folder, replace_file
from ci_toolkit.model.durations import Durations
from ci_toolkit.model.last_run import OfLastRun
from ci_toolkit.model.plan import Plan, PlanNote, plan_to_json
from ci_toolkit.model.record import Record
from ci_toolkit.model.suite import Suite
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import PlanRequest
from ci_toolkit.plan.separated import notes_on_separated
from ci_toolkit.plan.stages import StagedPlan, join, stages_of
from ci_toolkit.report.text import one_line
from ci_toolkit.suite.discover import collect_suite, find_suite
from ci_toolkit.workflow.category_selection import CategorySelection, select_categories
from ci_toolkit.workflow.history import load_durations
from ci_toolkit.workflow.last_run import choose_tests
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.plan_file import read_plan
from ci_toolkit.workflow.run_identity import named


class PlanningRequest(Record, frozen=True, kw_only=True):
    """The options of ``ci-toolkit plan``, one field each."""

    paths: tuple[str, ...] = ()
    shape: PlanRequest
    """How many shards, by which rule; what is selected is added to it."""
    previous: Path | None = None
    """An earlier ``plan.json`` to stay close to."""
    categories: tuple[str, ...] = ()
    mode: str = ""
    of_last_run: OfLastRun = OfLastRun.NOTHING
    """Which tests of the last run are asked for."""
    last_run: Path = Path()
    """The folder with the reports of that run."""
    history: str = ""
    """Where past runs are recorded; ``""`` is nowhere."""
    out: Path


def write_plan(request: PlanningRequest, folder: Path, observer: Observer) -> Plan:
    """Find the suite of ``folder``, plan it, write ``plan.json``, and return the plan.

    An earlier ``plan.json`` is removed first: it must not stand for a plan that could not be made.
    """
    previous = _previous_plan(request.previous, observer)  # it can be the very file that goes
    request.out.unlink(missing_ok=True)
    root = project_root(folder)
    selection = select_categories(root, mode=request.mode, categories=request.categories)
    load_quarantine(root)  # what is wrong in it is known before the tests have run, and not at the merge
    shape = msgspec.structs.replace(with_selection(request.shape, selection), previous=previous)
    suite = find_suite_of(folder, request.paths, shape.pytest_args, selection, is_collected=shape.is_collected)
    refuse_empty(suite, selection)
    choice = choose_tests(suite, request.last_run, request.of_last_run, observer)
    suite, shape = choice.suite, msgspec.structs.replace(shape, only=choice.only, first=choice.first)
    durations = load_durations(request.history, suite, folder / suite.root)
    notes = (*durations.notes, *notes_on(suite, selection))
    plan = named(build_plan(suite, msgspec.structs.replace(durations, notes=notes), shape), os.environ)
    save_plan(plan, request.out)
    return plan


def _previous_plan(path: Path | None, observer: Observer) -> Plan | None:
    # It only spares moves: a lost or old one is no reason not to plan, and the first run has none.
    if path is None:
        return None
    try:
        return read_plan(path)
    except FormatError as error:
        observer.say(f"there is no earlier plan to stay close to: {one_line(error.message, 300)}")
        return None


def save_plan(plan: Plan, path: Path) -> None:
    """Write ``plan`` to ``path``, and make the folder for it."""
    make_folder(path.parent)
    replace_file(path, plan_to_json(plan))


def find_suite_of(
    folder: Path,
    paths: Sequence[str],
    arguments: Sequence[str],
    selection: CategorySelection,
    *,
    is_collected: bool = False,
    seconds: float | None = None,
) -> Suite:
    """Return the suite that ``pytest ARGUMENTS PATHS`` collects in ``folder``; ``is_collected`` imports all of it.

    Raises DiscoveryError if that takes more than ``seconds``.
    """
    find = collect_suite if is_collected else find_suite
    return find(
        folder,
        paths,
        arguments,
        categories=selection.categories,
        read_mentions=selection.is_narrowed,
        seconds=seconds,
    )


def with_selection(request: PlanRequest, selection: CategorySelection) -> PlanRequest:
    """Return ``request`` for the selected categories, with the services that each needs."""
    services = tuple((category.name, category.services) for category in selection.categories.every)
    return msgspec.structs.replace(request, categories=selection.names, mode=selection.mode.name, services=services)


def plan_stages(
    suite: Suite, durations: Durations, request: PlanRequest, selection: CategorySelection, *, critical_first: bool
) -> StagedPlan:
    """Return the plan of the selected tests of ``suite``, each stage with ``request.shards`` shards.

    Where nothing was selected, the whole suite is one stage. Raises NothingToRunError if no file is selected.
    """
    request = with_selection(request, selection)
    refuse_empty(suite, selection)
    files = selection.files_of(suite)
    if not selection.is_narrowed or not files:
        return join([build_plan(suite, durations, request)])
    plans = [
        build_plan(msgspec.structs.replace(suite, files=stage), durations, request)
        for stage in stages_of(files, selection.categories, selection.names, critical_first=critical_first)
    ]
    separated = notes_on_separated(files, join(plans).plan, request.keep)
    return join(plans, notes=(*notes_on(suite, selection), *separated))


def refuse_empty(suite: Suite, selection: CategorySelection) -> None:
    """Raise NothingToRunError, with the settings that would help, if no file can hold a selected test."""
    if not selection.names or selection.files_of(suite):
        return
    advice = [note.message for note in notes_on(suite, selection)]
    lines = layout_advice(_without_category(suite), selection.categories, selection.names)
    if lines:
        advice += ["Say in pyproject.toml which category the tests of a folder have, such as:", *lines]
    raise NothingToRunError(
        f"no test file can contain a test of the categories {', '.join(selection.names)}",
        advice="\n  ".join(advice) or "Check the paths and the categories.",
    )


def notes_on(suite: Suite, selection: CategorySelection) -> Sequence[PlanNote]:
    """Return what a reader should hear about files that no choice of categories can reach."""
    without = _without_category(suite)
    if not selection.names or not without:
        return ()
    message = (
        f"{len(without)} test file{'s have' if len(without) != 1 else ' has'} no category, neither by directory nor by "
        "marker, so a selection of categories never runs them"
    )
    lines = layout_advice(without, selection.categories, selection.names)
    if selection.files_of(suite):
        message += f"; in pyproject.toml you could say: {' '.join(lines)}"
    return (PlanNote(kind="no-category", message=message),)


def _without_category(suite: Suite) -> list[str]:
    return [file.path for file in suite.files if not file.category and not file.mentions]
