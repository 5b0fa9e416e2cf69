"""A file that a test handed over, such as the picture of a page at a failure."""

from typing import Final

from ci_toolkit.model.record import Record

LARGEST_ATTACHMENT: Final = 10 * 1024 * 1024
"""Bytes."""
MOST_OF_A_TEST: Final = 20
LONGEST_NAME: Final = 200
"""Characters."""
_SIGNS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
)
_ENDINGS: Final = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/zip": "zip",
    "text/plain": "txt",
}


class Attachment(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of it."""

    name: str
    """As the test calls it: data, never a path."""
    path: str = ""
    """Where it is: in a journal, its name in the bundle's folder; in a verdict, seen from the folder of the reports.
    Empty where it was not kept."""
    media_type: str = ""
    """By its content, whatever its name says."""
    size: int = 0
    """Bytes."""
    sha256: str = ""
    why_not: str = ""
    """Why it was not kept."""

    @property
    def is_picture(self) -> bool:
        """Whether a page may show it: of pixels alone, so that nothing in it is ever executed."""
        return self.media_type.startswith("image/")


def media_type_of(data: bytes) -> str:
    """Return what ``data`` is. Markup counts as text: HTML or SVG of strangers, shown as such, could run scripts."""
    for sign, media_type in _SIGNS:
        if data.startswith(sign):
            return media_type
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if b"\0" in data:
        return "application/octet-stream"
    try:
        data.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "text/plain"


def ending_of(media_type: str) -> str:
    """Return the ending of a file's name by which no program takes it for more than it is."""
    return _ENDINGS.get(media_type, "bin")
