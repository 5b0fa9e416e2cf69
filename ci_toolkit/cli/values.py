"""The values that options take: counts, times, percentages."""

import math
from typing import Any

import click

from ci_toolkit.config.time_spans import read_seconds

AUTO = "auto"
MOST_SHARDS = 10_000
PERCENT = click.FloatRange(0, 100)


class ShardCount(click.ParamType[int | str]):
    """A whole number from 1, or ``auto``."""

    name = "N|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Return the number, or ``auto``."""
        text = str(value)
        if text == AUTO:
            return AUTO
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_SHARDS):
            self.fail(f"'{text}' is neither a whole number from 1 to {MOST_SHARDS} nor '{AUTO}'.", param, ctx)
        return int(text)


class TimeSpan(click.ParamType[float]):
    """Seconds, given as ``90``, ``90s``, ``2m``, ``1m30s`` or ``1h30m``."""

    name = "TIME"

    def __init__(self, unit: str = "s") -> None:
        """Take a number without a unit in ``unit``."""
        self._unit = unit

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds; a float has been read before."""
        if isinstance(value, float) and 0 <= value < math.inf:
            return value
        try:
            return read_seconds(value, unit=self._unit)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class CategoryThreshold(click.ParamType[tuple[str, float]]):
    """A category and a percentage, such as ``unit=80``."""

    name = "NAME=P"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        """Return the name and the percentage."""
        if isinstance(value, tuple):
            return value
        name, separator, percent = str(value).partition("=")
        if not (name and separator):
            self.fail(f"'{value}' is not a category and a percentage. Write such as unit=80.", param, ctx)
        return name, PERCENT(percent, param, ctx)
