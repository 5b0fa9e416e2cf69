"""The verdict as a comment of a pull request: short, and only where something is to be said."""

from ci_toolkit.model.verdict import Status, Verdict
from ci_toolkit.report.annotations import Root
from ci_toolkit.report.byte_limits import fitted
from ci_toolkit.report.check_run import summary_blocks

LONGEST_COMMENT = 8_000
"""Bytes. GitHub takes 65,536, and nobody reads them between two remarks of people."""


def is_worth_a_comment(verdict: Verdict) -> bool:
    """Return whether a reader of the pull request should hear of ``verdict``: not of what simply passed."""
    is_green = verdict.status is Status.PASSED and verdict.exit_code == 0
    return not is_green or bool(verdict.flaky or verdict.failures)


def render_comment(verdict: Verdict, root: Root, details_url: str) -> str:
    """Return the comment on ``verdict``, which is `publishable`; ``details_url`` leads to the run."""
    return f"{fitted(list(summary_blocks(verdict, root)), LONGEST_COMMENT, 'the check')}\n[The run]({details_url})\n"
