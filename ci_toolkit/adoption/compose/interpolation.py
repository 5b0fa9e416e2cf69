"""Puts values in the place of compose's variables, as `.env` and the text's own defaults say; never the shell's.

Source: the compose specification, "Interpolation", and docker compose's syntax of `.env` files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_DEEPEST: Final = 10
"""A default may hold another variable, and that one a default."""
_LONGEST: Final = 1 << 16
"""Characters that variables may bring into one text: each may hold another one many times."""
_INNERMOST: Final = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?[-?+])([^{}$]*))?\})")
_DOLLAR: Final = "\0"
"""Stands for a dollar that is only text."""
_UNSET: Final = re.compile("\1(\\w+)\1")
"""Stands for a variable without a value; the default that it is in may not be asked for."""
_LINE: Final = re.compile(r"\s*(?:export\s+)?([\w.-]+)\s*[=:]\s*(.*)")
_QUOTED: Final = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)\"""")
_COMMENT: Final = re.compile(r"(?:^|\s)#")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A text with its variables' values."""

    text: str | None
    """None where a variable without value and default decides, or the text cannot be read."""
    unset: tuple[str, ...] = ()
    """The variables that decide."""
    is_private: bool = False
    """Whether a value of a file of variables is in it."""

    def __repr__(self) -> str:
        return f"Resolved(unset={self.unset!r})"


def resolved(text: str, values: Mapping[str, str]) -> Resolved:
    """Return ``text`` with ``values`` in the place of its variables."""
    used: list[str] = []
    room = [_LONGEST]

    def value_of(found: re.Match[str]) -> str:
        name, sign, word = found[1] or found[2], found[3] or "", found[4] or ""
        value = values.get(name)
        is_there = value is not None and (value != "" or not sign.startswith(":"))
        if sign.endswith("+"):
            return word if is_there else ""
        if value is not None and is_there:
            used.append(name)
            room[0] -= len(value)
            return value.replace("$", _DOLLAR) if room[0] >= 0 else ""
        if sign.endswith("-"):
            return word
        return f"\1{name}\1"

    text = text.replace("$$", _DOLLAR)
    for _ in range(_DEEPEST):
        text, count = _INNERMOST.subn(value_of, text)
        if not count:
            break
    unset = _UNSET.findall(text)
    if unset or "$" in text or room[0] < 0:
        return Resolved(None, tuple(dict.fromkeys(unset)))
    return Resolved(text.replace(_DOLLAR, "$"), is_private=bool(used))


def variables_in(text: str, known: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a `.env` file; a line that cannot be read counts for nothing."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match:
            quoted = _QUOTED.match(match[2])
            if quoted and quoted[1] is not None:
                found[match[1]] = quoted[1]
                continue
            written = quoted[2] if quoted else _COMMENT.split(match[2])[0].rstrip()
            value = resolved(written, {**known, **found}).text
            if value is not None:
                found[match[1]] = value
    return found
