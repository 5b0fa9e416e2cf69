"""Finds the bundles in a folder of downloaded artifacts; everything in it is a stranger's until it is checked."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ci_toolkit.errors import FormatError
from ci_toolkit.files import open_regular
from ci_toolkit.model.bundle import BUNDLE_SCHEMA, CARD_NAME, SERVICES_FOLDER, ShardCard, ShardState
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.record import Record, from_json

DEEPEST = 4
"""Folders below the results folder: an artifact download may put each bundle in a folder or two of its own."""
LARGEST_CARD = 16 * 1024 * 1024


class Bundle(Record, frozen=True, kw_only=True):
    """A bundle that belongs to the plan."""

    folder: str
    card: ShardCard


class Delivery(Record, frozen=True, kw_only=True):
    """The bundles of a run by shard, and what is wrong with the rest."""

    bundles: dict[int, Bundle]
    """The one that counts."""
    superseded: tuple[Bundle, ...] = ()
    """Earlier tries of shards that were run again, oldest first."""
    left_out: tuple[str, ...] = ()
    """Folders with bundles that followed the plan of an earlier attempt of the CI run."""
    problems: tuple[Problem, ...]


def open_delivery(results: Path, plan: Plan) -> Delivery:
    """Find the bundle of each shard of ``plan`` below ``results``.

    Of a shard that was run again, the newest try that came to its end counts. A card that cannot be read, a bundle
    of another plan or run, and a shard that is there twice without a newest try are problems, and none of these
    bundles counts. One of an earlier attempt of the CI run, which had a plan of its own, is left out. Missing shards
    are for the caller to see. Raises FormatError if there is no such folder.
    """
    if not results.is_dir():
        raise FormatError(
            f"there is no folder {results}", advice="Give the folder that holds the shards' bundles with --results."
        )
    found: dict[int, list[Bundle]] = {}
    problems: list[Problem] = []
    left_out: list[str] = []
    for card_path in cards_below(results, CARD_NAME):
        try:
            card = from_json(read_small(card_path), ShardCard, schema=BUNDLE_SCHEMA, origin=str(card_path))
        except (FormatError, OSError) as error:
            message = str(error).partition("\n")[0]
            problems.append(Problem(kind=ProblemKind.BUNDLE_UNREADABLE, message=message))
            continue
        if _followed_an_earlier_plan(card, plan):
            left_out.append(str(card_path.parent))
            continue
        stranger = _stranger(card, plan, card_path.parent)
        if stranger is not None:
            problems.append(stranger)
        else:
            found.setdefault(card.index, []).append(Bundle(folder=str(card_path.parent), card=card))
    counting: dict[int, Bundle] = {}
    superseded: list[Bundle] = []
    for index, bundles in sorted(found.items()):
        bundles.sort(key=_newest_last)
        if len(bundles) > 1 and _newest_last(bundles[-1]) == _newest_last(bundles[-2]):
            folders = ", ".join(sorted(bundle.folder for bundle in bundles))
            message = f"shard {index} is there {len(bundles)} times, and none of them is the newest: {folders}"
            problems.append(Problem(kind=ProblemKind.BUNDLE_TWICE, message=message, shard=index))
        else:
            *earlier, counting[index] = bundles
            superseded += earlier
    return Delivery(bundles=counting, superseded=tuple(superseded), left_out=tuple(left_out), problems=tuple(problems))


def _followed_an_earlier_plan(card: ShardCard, plan: Plan) -> bool:
    # "Re-run all jobs" plans anew, and the artifacts of the attempt before are still there. To leave them out cannot
    # hide anything: the tests of this plan need bundles of this plan all the same.
    return card.run_id != plan.run_id and card.run_attempt < plan.run_attempt


def _newest_last(bundle: Bundle) -> tuple[bool, int, float]:
    card = bundle.card
    return (_came_to_its_end(card), card.run_attempt, card.began_at)


def _came_to_its_end(card: ShardCard) -> bool:
    return card.state is ShardState.FINISHED or (card.state is ShardState.STOPPED and card.stopped_by.is_by_rule)


def service_logs(bundle: Bundle) -> tuple[str, ...]:
    """Return the paths of the services' logs that the bundle says it holds; nobody opens them here."""
    paths = [Path(bundle.folder) / listed for listed in bundle.card.service_logs if _is_service_log(listed)]
    return tuple(str(path) for path in paths if path.is_file() and not path.is_symlink())


def _is_service_log(listed: str) -> bool:
    parts = PurePosixPath(listed).parts
    return len(parts) == len((SERVICES_FOLDER, "NAME.log")) and parts[0] == SERVICES_FOLDER and parts[1] != ".."


def _stranger(card: ShardCard, plan: Plan, folder: Path) -> Problem | None:
    if card.plan_id != plan.plan_id:
        message = f"{folder} followed another plan ({card.plan_id[:12]}, not {plan.plan_id[:12]})"
        return Problem(kind=ProblemKind.BUNDLE_OF_ANOTHER_PLAN, message=message, shard=card.index)
    if card.run_id != plan.run_id:
        message = f"{folder} is of another run of the same plan, so it says nothing about this one"
        return Problem(kind=ProblemKind.BUNDLE_OF_ANOTHER_RUN, message=message, shard=card.index)
    if not 1 <= card.index <= len(plan.shards):
        message = f"{folder} says that it is shard {card.index} of {len(plan.shards)}"
        return Problem(kind=ProblemKind.BUNDLE_UNREADABLE, message=message)
    return None


def cards_below(results: Path, name: str) -> Iterator[Path]:
    """Yield the files of that name below ``results``, one a folder, not too deep and through no link."""
    base = len(results.parts)
    for folder, folders, files in os.walk(results, followlinks=False):
        here = Path(folder)
        if name in files:
            folders.clear()
            yield here / name
        elif len(here.parts) - base >= DEEPEST:
            folders.clear()
        folders.sort()


def read_small(path: Path) -> bytes:
    """Return what a card holds. Raises FormatError where it is larger than any card, OSError."""
    with open_regular(path) as file:
        data = file.read(LARGEST_CARD + 1)
    if len(data) > LARGEST_CARD:
        raise FormatError(f"{path} is larger than {LARGEST_CARD} bytes, which no card is")
    return data
