"""Writes keys and values of TOML so that they stay data."""

import re
from typing import Final

from ci_toolkit.adoption.templating import quoted

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def toml_key(name: str) -> str:
    """Return ``name`` as a key. Raises AdoptionError for what would not stay one."""
    return name if _BARE.fullmatch(name) else quoted(name)


def toml_value(value: object) -> str:
    """Return a string, a number, a truth or a list of these. Raises AdoptionError for what would not stay one."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    return quoted(value) if isinstance(value, str) else str(value).lower()
