"""Plans a run on one machine: the suite as it is, or its chosen categories stage by stage."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ci_toolkit.cli.choice import Choice
from ci_toolkit.errors import NothingToRunError
from ci_toolkit.model.durations import Durations
from ci_toolkit.model.plan import PlanNote
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import PlanRequest
from ci_toolkit.plan.stages import StagedPlan, join, stages_of
from ci_toolkit.suite.discover import collect_suite, find_suite


def find_chosen(
    folder: Path,
    paths: Sequence[str],
    arguments: Sequence[str],
    choice: Choice,
    *,
    is_collected: bool = False,
    seconds: float | None = None,
) -> Suite:
    """Return the suite that ``pytest ARGUMENTS PATHS`` collects in ``folder``; ``is_collected`` imports all of it.

    Raises DiscoveryError if that takes more than ``seconds``.
    """
    find = collect_suite if is_collected else find_suite
    return find(folder, paths, arguments, categories=choice.categories, read_mentions=choice.is_made, seconds=seconds)


def request_for(choice: Choice, request: PlanRequest) -> PlanRequest:
    """Return ``request`` for what was chosen."""
    services = tuple((category.name, category.services) for category in choice.categories.every)
    return msgspec.structs.replace(request, categories=choice.selected, mode=choice.mode.name, services=services)


def plan_in_stages(
    suite: Suite, durations: Durations, request: PlanRequest, choice: Choice, *, critical_first: bool
) -> StagedPlan:
    """Return the plan of the chosen tests of ``suite``, each stage with ``request.shards`` shards.

    Where nobody chose, the whole suite is one stage. Raises NothingToRunError if no file is selected.
    """
    files = chosen_files(suite, choice)
    if choice.selected and not files:
        told = "; ".join(note.message for note in notes_on(suite, choice))
        raise NothingToRunError(
            f"no test file can hold a test of the categories {', '.join(choice.selected)}",
            advice=told or "Check the paths and the categories.",
        )
    if not choice.is_made or not files:
        return join([build_plan(suite, durations, request)])
    plans = [
        build_plan(msgspec.structs.replace(suite, files=stage), durations, request)
        for stage in stages_of(files, choice.categories, choice.selected, critical_first=critical_first)
    ]
    return join(plans, notes=notes_on(suite, choice))


def chosen_files(suite: Suite, choice: Choice) -> tuple[SuiteFile, ...]:
    """Return the files of ``suite`` that can hold a chosen test."""
    return tuple(file for file in suite.files if not choice.selected or file.may_hold(choice.selected))


def notes_on(suite: Suite, choice: Choice) -> Sequence[PlanNote]:
    """Return what a reader should hear about files that no choice of categories can reach."""
    without = sum(1 for file in suite.files if not file.category and not file.mentions)
    if not choice.selected or not without:
        return ()
    message = (
        f"{without} test files have no category, by directory or marker, so a choice of categories leaves them out"
    )
    return (PlanNote(kind="no-category", message=message),)
