"""Writes the bundle of a shard: its folders, its card, the digests of its coverage data."""

import hashlib
import shutil
from pathlib import Path

from ci_toolkit.errors import ToolkitError
from ci_toolkit.files import make_folder, replace_file
from ci_toolkit.model.bundle import (
    ATTACHMENTS_FOLDER,
    CARD_NAME,
    COVERAGE_FOLDER,
    JOURNAL_FOLDER,
    OUTPUT_FOLDER,
    PARTS_FOLDER,
    SERVICES_FOLDER,
    SOURCES_FOLDER,
    TRIALS_FOLDER,
    BundleFile,
    ShardCard,
)
from ci_toolkit.model.record import to_json

_FOLDERS = (
    JOURNAL_FOLDER,
    COVERAGE_FOLDER,
    OUTPUT_FOLDER,
    SERVICES_FOLDER,
    ATTACHMENTS_FOLDER,
    PARTS_FOLDER,
    SOURCES_FOLDER,
    "task",
    "cache",
)


class BundleError(ToolkitError):
    """The folder for the bundle cannot be used."""

    slug = "bundle"


def open_bundle(results: Path, index: int) -> Path:
    """Make the empty folder ``results/shard-INDEX``; an earlier bundle of the same shard is removed.

    So is what a shard left that was killed before it had a card. Raises BundleError if the folder holds anything
    that is not of a bundle: nothing of the user's is deleted.
    """
    folder = (results / f"shard-{index}").resolve()
    if folder.exists():
        if not folder.is_dir() or not all(_is_ours(entry.name) for entry in folder.iterdir()):
            raise BundleError(
                f"{folder} is in the way: it is no bundle of an earlier run",
                advice="Give another folder with --results, or remove it yourself.",
            )
        shutil.rmtree(folder)
    for name in _FOLDERS:
        make_folder(folder / name)
    return folder


def _is_ours(name: str) -> bool:
    # The card is written under a temporary name first; SIGKILL can leave that.
    return name in {CARD_NAME, TRIALS_FOLDER, *_FOLDERS} or name.startswith(f".{CARD_NAME}.")


def write_card(folder: Path, card: ShardCard) -> None:
    """Write ``shard.json`` under a temporary name and put it in place."""
    replace_file(folder / CARD_NAME, to_json(card))


def close_bundle(folder: Path) -> tuple[BundleFile, ...]:
    """Remove what only the run itself needed, and return the coverage data files with their digests."""
    shutil.rmtree(folder / "task", ignore_errors=True)
    shutil.rmtree(folder / "cache", ignore_errors=True)
    found = sorted((folder / COVERAGE_FOLDER).rglob(".coverage*"))
    return tuple(listed(path, folder) for path in found if path.is_file() and not path.name.endswith("-journal"))


def listed(path: Path, folder: Path) -> BundleFile:
    """Return what the card of the bundle ``folder`` says of its file ``path``."""
    with path.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    return BundleFile(path=path.relative_to(folder).as_posix(), size=path.stat().st_size, sha256=digest)


def service_logs(folder: Path) -> tuple[str, ...]:
    """Return the paths, in the bundle, of the services' logs that it holds."""
    return tuple(path.relative_to(folder).as_posix() for path in sorted((folder / SERVICES_FOLDER).glob("*.log")))
