"""The gate on the lines that a change wrote. What nobody knows reaches no threshold."""

from collections.abc import Iterator

import msgspec

from ci_toolkit.model.merged import MergedRun
from ci_toolkit.model.verdict import Breach, ChangedCoverage, Gate
from ci_toolkit.verdict.percentages import reaches, shown

_NOT_MEASURED = ChangedCoverage(unknown="no coverage was measured")


def changed_lines_breaches(run: MergedRun, threshold: float | None) -> Iterator[Breach]:
    """Yield what keeps the changed lines from their ``threshold``; a change without statements needs to reach none."""
    changed = run.changed or _NOT_MEASURED
    if threshold is None:
        return
    if changed.unknown:
        message = f"coverage of changed lines is not known, and {threshold:g}% is asked for: {changed.unknown}"
        yield Breach(gate=Gate.CHANGED_LINES, message=message)
    elif not reaches(changed.covered, changed.statements, threshold):
        percent = shown(100 * changed.covered / changed.statements, threshold)
        of = f"{changed.covered} of {changed.statements} statements"
        message = f"coverage of changed lines is {percent}% ({of}), under {threshold:g}%"
        yield Breach(gate=Gate.CHANGED_LINES, message=message)


def coverage_of_changes(run: MergedRun, threshold: float | None) -> ChangedCoverage | None:
    """Return what the verdict says of the changed lines; None where nobody asks."""
    if threshold is None:
        return run.changed
    return msgspec.structs.replace(run.changed or _NOT_MEASURED, threshold=threshold)
