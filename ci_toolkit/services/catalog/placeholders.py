"""Fills in where other services answer: ``{auth_url}`` in a row of the table is the variable ``AUTH_URL``.

A placeholder is the name of a variable in small letters: ``{port}``, or ``{NAME_url}``, ``{NAME_host}`` and
``{NAME_port}`` of a service that the row depends on, ``{database_url}`` too. ``{public_auth_url}`` is its address for
who is not in a container, such as the user's browser. ``{{auth_url}}`` keeps its braces, and so does everything else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

_PUBLIC: Final = "PUBLIC_"
_PLACEHOLDER: Final = re.compile(r"\{\{[a-z][a-z0-9_]*\}\}|\{(port|[a-z][a-z0-9_]*_(?:url|host|port))\}")


_NAME: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def literal(text: str) -> str:
    """Return what `filled` makes ``text`` of again, whatever it holds."""
    return _NAME.sub(r"{{\1}}", text)


def filled(text: str, known: Mapping[str, str]) -> str:
    """Return ``text`` with the variables ``known`` in their places; what is not known stays as it stands."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return match[0][1:-1] if name is None else known.get(name.upper(), match[0])

    return _PLACEHOLDER.sub(value, text)


def with_public(known: Mapping[str, str], outside: Mapping[str, str]) -> dict[str, str]:
    """Return what ``known`` says, and how this machine reaches the same services: ``PUBLIC_AUTH_URL``.

    ``outside`` are the variables of these services as programs of this machine have them.
    """
    return {**known, **{f"{_PUBLIC}{name}": value for name, value in outside.items()}}


def filled_all(variables: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Return ``variables`` with their values filled in."""
    return {name: filled(value, known) for name, value in variables.items()}


def placeholders(texts: Iterable[str]) -> Iterator[str]:
    """Yield each placeholder, as a variable's name in small letters."""
    for text in texts:
        yield from (match[1] for match in _PLACEHOLDER.finditer(text) if match[1])
