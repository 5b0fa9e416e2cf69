"""What the reports say of the coverage of changed lines."""

from ci_toolkit.model.verdict import ChangedCoverage
from ci_toolkit.model.wording import number_of, some_of


def changed_line(changed: ChangedCoverage) -> str:
    """Return such as ``coverage of changed lines: 83.33% of 12 statements since 1234567 (asked: 90%)``."""
    asked = f" (asked: {changed.threshold:g}%)" if changed.threshold is not None else ""
    return f"coverage of changed lines: {_answer(changed)}{asked}"


def _answer(changed: ChangedCoverage) -> str:
    if changed.unknown:
        return f"not known: {changed.unknown}"
    since = f" since {changed.base[:12]}"
    if changed.percent is None:
        return f"no statement that is measured has changed{since}"
    return f"{changed.percent:.2f}% of {number_of(changed.statements, 'statement')}{since}"


def unmeasured_line(changed: ChangedCoverage) -> str:
    """Return which changed files coverage does not measure, or ``""``."""
    if not changed.unmeasured:
        return ""
    return f"changed, and not measured: {some_of(changed.unmeasured)}"
