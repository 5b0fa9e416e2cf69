"""Finds the bundles in a folder of downloaded artifacts; everything in it is a stranger's until it is checked."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ci_toolkit.errors import FormatError
from ci_toolkit.model.bundle import BUNDLE_SCHEMA, CARD_NAME, SERVICES_FOLDER, ShardCard
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
    problems: tuple[Problem, ...]


def open_delivery(results: Path, plan: Plan) -> Delivery:
    """Find the bundle of each shard of ``plan`` below ``results``.

    A card that cannot be read, a bundle of another plan and a shard that is there twice are problems, and
    none of these bundles counts. Missing shards are for the caller to see. Raises FormatError if there is no
    such folder.
    """
    if not results.is_dir():
        raise FormatError(
            f"there is no folder {results}", advice="Give the folder that holds the shards' bundles with --results."
        )
    found: dict[int, list[Bundle]] = {}
    problems: list[Problem] = []
    for card_path in _cards(results):
        try:
            card = from_json(_read_small(card_path), ShardCard, schema=BUNDLE_SCHEMA, origin=str(card_path))
        except (FormatError, OSError) as error:
            problems.append(Problem(kind=ProblemKind.BUNDLE_UNREADABLE, message=str(error).partition("\n")[0]))
            continue
        stranger = _stranger(card, plan, card_path.parent)
        if stranger is not None:
            problems.append(stranger)
        else:
            found.setdefault(card.index, []).append(Bundle(folder=str(card_path.parent), card=card))
    for index, bundles in sorted(found.items()):
        if len(bundles) > 1:
            folders = ", ".join(sorted(bundle.folder for bundle in bundles))
            message = f"shard {index} is there {len(bundles)} times, and which one counts is unknown: {folders}"
            problems.append(Problem(kind=ProblemKind.BUNDLE_TWICE, message=message, shard=index))
    single = {index: bundles[0] for index, bundles in sorted(found.items()) if len(bundles) == 1}
    return Delivery(bundles=single, problems=tuple(problems))


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


def _cards(results: Path) -> Iterator[Path]:
    base = len(results.parts)
    for folder, folders, files in os.walk(results, followlinks=False):
        here = Path(folder)
        if CARD_NAME in files:
            folders.clear()
            yield here / CARD_NAME
        elif len(here.parts) - base >= DEEPEST:
            folders.clear()
        folders.sort()


def _read_small(path: Path) -> bytes:
    with open_regular(path) as file:
        data = file.read(LARGEST_CARD + 1)
    if len(data) > LARGEST_CARD:
        raise FormatError(f"{path} is larger than {LARGEST_CARD} bytes, which no card is")
    return data


def open_regular(path: Path) -> BinaryIO:
    """Open a plain file to read. Raises FormatError for a link, a pipe, a device; OSError where it cannot be read."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise FormatError(f"{path} is not a plain file")
    return file
