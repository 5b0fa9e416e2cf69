"""Brings what failed tests handed over from the bundles to the reports, within limits; a bundle is a stranger's."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from ci_toolkit.errors import FormatError
from ci_toolkit.files import make_folder, open_regular, replace_file
from ci_toolkit.masking import without_secrets
from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.model.attachment import (
    LARGEST_ATTACHMENT,
    LONGEST_NAME,
    MOST_OF_A_TEST,
    Attachment,
    ending_of,
    media_type_of,
)
from ci_toolkit.model.bundle import ATTACHMENTS_FOLDER
from ci_toolkit.model.verdict import TestFailure

MOST_BROUGHT: Final = 300
MOST_BYTES: Final = 24 * 1024 * 1024
"""All together: with the pictures in the page, the artifact of a run stays smaller than `github publish` reads one."""
_PLAIN_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,99}")
_OURS: Final = re.compile(r"\d+-\d+\.[a-z]+")


def located(attachments: Mapping[str, Sequence[Attachment]], bundle: Bundle) -> dict[str, list[Attachment]]:
    """Return ``attachments`` with the path of each file in ``bundle``, which nobody has opened yet.

    A test may say of as many more than it may keep that they were not kept; what a journal says beyond that is dropped.
    """
    folder = Path(bundle.folder) / ATTACHMENTS_FOLDER
    return {
        test: [_located(attachment, folder) for attachment in found[: 2 * MOST_OF_A_TEST]]
        for test, found in attachments.items()
    }


def _located(attachment: Attachment, folder: Path) -> Attachment:
    attachment = msgspec.structs.replace(
        attachment, name=attachment.name[:LONGEST_NAME], why_not=attachment.why_not[:LONGEST_NAME]
    )
    if not attachment.path:
        return attachment
    if not _PLAIN_NAME.fullmatch(attachment.path):
        return _without(attachment, "its journal does not name a file of the bundle")
    return msgspec.structs.replace(attachment, path=str(folder / attachment.path))


def remove_attachments(out: Path) -> None:
    """Remove what an earlier merge brought into ``out``, and nothing else."""
    folder = out / ATTACHMENTS_FOLDER
    if folder.is_dir() and not folder.is_symlink():
        for path in folder.iterdir():
            if _OURS.fullmatch(path.name):
                path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()


class BroughtAttachments:
    """The files beside the reports in ``out``, under names of our own."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._files = 0
        self._bytes = 0
        remove_attachments(out)

    def bring(self, failures: Iterable[TestFailure]) -> tuple[TestFailure, ...]:
        """Copy the files of ``failures``; return these with the path of each below ``out``, or why it is not there."""
        return tuple(
            msgspec.structs.replace(failure, attachments=tuple(self._brought(a, failure) for a in failure.attachments))
            if failure.attachments
            else failure
            for failure in failures
        )

    def _brought(self, attachment: Attachment, failure: TestFailure) -> Attachment:
        if not attachment.path:
            return attachment
        if self._files >= MOST_BROUGHT or self._bytes + attachment.size > MOST_BYTES:
            return _without(attachment, f"{self._files} files of {self._bytes} bytes were brought from bundles already")
        data = _read(Path(attachment.path), attachment)
        if data is None:
            return _without(attachment, "the bundle does not hold it as its journal says")
        media_type = media_type_of(data)
        if media_type == "text/plain":
            data = "\n".join(map(without_secrets, data.decode().split("\n"))).encode()
        self._files += 1
        self._bytes += len(data)
        folder = make_folder(self._out / ATTACHMENTS_FOLDER)
        path = folder / f"{failure.shard}-{self._files}.{ending_of(media_type)}"
        replace_file(path, data)
        return Attachment(
            name=attachment.name,
            path=path.relative_to(self._out).as_posix(),
            media_type=media_type,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )


def _without(attachment: Attachment, why_not: str) -> Attachment:
    return Attachment(name=attachment.name, why_not=why_not)


def _read(path: Path, attachment: Attachment) -> bytes | None:
    """Return what ``path`` holds, if that is what the journal says of it, and no link leads there."""
    try:
        if path.parent.is_symlink():
            return None
        with open_regular(path) as file:
            data = file.read(LARGEST_ATTACHMENT + 1)
    except (OSError, FormatError):
        return None
    is_it = len(data) == attachment.size <= LARGEST_ATTACHMENT
    return data if is_it and hashlib.sha256(data).hexdigest() == attachment.sha256 else None
