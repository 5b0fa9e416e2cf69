"""The one grammar of times, for every option and every setting: ``90``, ``90s``, ``2m``, ``1h30m``, ``500ms``."""

import math
import re

_UNITS = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
"""Seconds of each unit, the largest first, which is the order in which they are written."""
_SPAN = re.compile(r"\s*".join(rf"(?:(\d+(?:\.\d+)?)\s*{unit})?" for unit in _UNITS), re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
HOW_TO_WRITE = "Write 90, 90s, 2m, 1m30s or 1h30m."


def read_seconds(value: object, *, unit: str = "s") -> float:
    """Return the seconds that ``value`` says; a number without a unit counts in ``unit``. Raises ValueError."""
    text = str(value).strip()
    match = _SPAN.fullmatch(f"{text}{unit}" if _NUMBER.fullmatch(text) else text)
    if isinstance(value, bool) or match is None or not any(match.groups()):
        raise ValueError(f"'{text}' is not a time. {HOW_TO_WRITE}")
    seconds = sum(float(part) * size for part, size in zip(match.groups(), _UNITS.values(), strict=True) if part)
    if not math.isfinite(seconds):
        raise ValueError(f"'{text}' is longer than any time. {HOW_TO_WRITE}")
    return seconds
