"""Reads a healthcheck: in its forms CMD, CMD-SHELL, NONE and as one line, and the URL that it asks."""

import re
import shlex
from dataclasses import dataclass
from typing import Final

from ci_toolkit.adoption.compose.service import Health
from ci_toolkit.adoption.templating import stays_data
from ci_toolkit.services.catalog.placeholders import literal

_URL: Final = re.compile(
    r"\bhttps?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|\$\{?HOSTNAME\}?)(?::(\d{1,5}))?(/[^\s\"'`|;&)<>]*)?"
)
_SPAN: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:\d+ms)?(?:\d+us)?")
_HTTP_PORT: Final = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """What a healthcheck asks over HTTP."""

    port: int
    path: str


def asked_url(health: Health | None) -> Asked | None:
    """Return what the check asks of its own container over HTTP; None where it does something else."""
    match = _URL.search(" ".join(health.test[1:])) if health else None
    return Asked(int(match[1] or _HTTP_PORT), match[2] or "/") if match else None


def ready_command(health: Health | None) -> tuple[str, ...]:
    """Return the command that the check runs, empty for none, and for a script of several lines."""
    if health is None or health.test[0] == "NONE" or not all(map(stays_data, health.test)):
        return ()
    words = tuple(map(literal, health.test[1:]))
    return words if health.test[0] == "CMD" else ("sh", "-c", *words)


def test_words(test: object) -> tuple[str, ...]:
    """Return a check's test as a list; empty where it is none."""
    if isinstance(test, str):
        return ("CMD-SHELL", test) if test.strip() else ()
    words = tuple(word for word in test if isinstance(word, str)) if isinstance(test, list) else ()
    return words if words and words[0] in {"CMD", "CMD-SHELL", "NONE"} else ()


def seconds_of(text: str) -> float:
    """Return a span such as ``1m30s`` in seconds; 0 for none."""
    match = _SPAN.fullmatch(text)
    if not match:
        return 0
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def split_words(text: str) -> tuple[str, ...]:
    """Return the words of a command in one line, as compose divides them. Raises ValueError for an open quote."""
    return tuple(shlex.split(text))
