"""Reads the ports of a service: `8080:80`, `127.0.0.1:8080:80/tcp`, `3000-3001:3000-3001`, and the long form."""

import re
from collections.abc import Iterator
from typing import Final

from ci_toolkit.adoption.compose.service import Place, Port

_RANGE: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_HIGHEST: Final = 65535
_MOST: Final = 20
"""Ports of one range: a wider one is media of a telephone system, and no service of a test."""


def short_ports(text: str, place: Place) -> tuple[Port, ...]:
    """Return the ports that ``text`` names. Raises ValueError, which says what of it cannot be taken."""
    body, _, protocol = text.partition("/")
    rest, _, target = body.rpartition(":")
    return ports_between(rest.rpartition(":")[2] if rest else "", target, protocol, place)


def ports_between(published: str, target: str, protocol: str, place: Place) -> tuple[Port, ...]:
    """Return the ports of a row that publishes ``published`` for ``target``. Raises ValueError as `short_ports`."""
    if protocol not in {"", "tcp"}:
        raise ValueError("only TCP ports are served")
    inside = list(_numbers(target))
    outside = list(_numbers(published)) if published else []
    if outside and len(outside) != len(inside):
        if len(inside) > 1:
            raise ValueError("its two ranges have different lengths")
        outside = outside[:1]  # the first that is free, says compose
    return tuple(
        Port(published=outside[number] if outside else None, target=port, place=place)
        for number, port in enumerate(inside)
    )


def _numbers(text: str) -> Iterator[int]:
    match = _RANGE.fullmatch(text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 0 < first <= last <= _HIGHEST:
        raise ValueError("it is no port between 1 and 65535")
    if last - first >= _MOST:
        raise ValueError(f"it is a range of more than {_MOST} ports")
    yield from range(first, last + 1)
