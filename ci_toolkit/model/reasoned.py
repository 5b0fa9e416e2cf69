"""Tests that did not simply pass or fail, by the reasons that they give."""

from ci_toolkit.model.record import Record


class ReasonedTests(Record, frozen=True, kw_only=True):
    """Tests and subtests that ended in one way (skipped, xfailed, xpassed) for one reason."""

    reason: str
    count: int
    node_ids: tuple[str, ...]
    """The first hundred of them, sorted."""
