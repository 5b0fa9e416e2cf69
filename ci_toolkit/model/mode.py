"""Execution modes: a named choice of categories, budget, fail-fast rule and strictness."""

from enum import StrEnum

from ci_toolkit.model.record import Record


class Strictness(StrEnum):
    """What becomes of a run whose budget ended before its last test."""

    STRICT = "strict"
    """It fails."""
    LENIENT = "lenient"
    """It passes on what ran, and names what was left out. Mission-critical tests fail it even so."""


class FailFastRule(StrEnum):
    """When a failure ends the run early."""

    NEVER = "never"
    FIRST = "first"
    """At the first failure."""
    CATEGORY = "category"
    """A stage of categories runs to its end; when it failed, the next stages do not start."""
    CRITICAL = "critical"
    """At the first failure of a mission-critical test."""
    THRESHOLD = "threshold"
    """When so many tests, or such a share of them, have failed."""


class FailFast(Record, frozen=True, kw_only=True):
    """A fail-fast rule."""

    rule: FailFastRule = FailFastRule.NEVER
    count: int = 0
    """Failures that end the run, under THRESHOLD."""
    percent: float = 0.0
    """The share of the selected tests that ends the run, under THRESHOLD."""

    def __str__(self) -> str:
        if self.rule is FailFastRule.THRESHOLD:
            return f"{self.percent:g}%" if self.percent else str(self.count)
        return str(self.rule)


def read_fail_fast(text: str) -> FailFast:
    """Read ``never``, ``first``, ``category``, ``critical``, ``5`` or ``10%``. Raises ValueError."""
    words = [rule for rule in FailFastRule if rule is not FailFastRule.THRESHOLD]
    if text in words:
        return FailFast(rule=FailFastRule(text))
    number = text.removesuffix("%")
    try:
        if text != number and 0 < float(number) <= 100:  # noqa: PLR2004 (a percentage)
            return FailFast(rule=FailFastRule.THRESHOLD, percent=float(number))
        if text == number and int(number) > 0:
            return FailFast(rule=FailFastRule.THRESHOLD, count=int(number))
    except ValueError:
        pass
    raise ValueError(
        f"'{text}' is not a fail-fast rule. Write {', '.join(words)}, a number such as 5, or a share such as 10%"
    )


class Mode(Record, frozen=True, kw_only=True):
    """A named way of running the suite."""

    name: str
    categories: tuple[str, ...] = ()
    """What it runs, beside the mission-critical tests, which every mode runs; empty is the whole suite."""
    budget_seconds: float = 0.0
    """The wall time that the run keeps, whatever the tests do; 0 is none."""
    fail_fast: FailFast = FailFast()
    strictness: Strictness = Strictness.STRICT


BUILT_IN_MODES = (
    Mode(
        name="fast_feedback",
        categories=("unit",),
        budget_seconds=120.0,
        fail_fast=FailFast(rule=FailFastRule.FIRST),
        strictness=Strictness.LENIENT,
    ),
    Mode(name="commit", categories=("unit", "integration"), fail_fast=FailFast(rule=FailFastRule.CRITICAL)),
    Mode(name="ci", fail_fast=FailFast(rule=FailFastRule.CATEGORY)),
    Mode(name="nightly", fail_fast=FailFast(rule=FailFastRule.THRESHOLD, percent=50.0)),
    Mode(name="full"),
)
"""The guide's modes, quickest first."""
