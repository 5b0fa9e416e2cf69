"""The rules of the quarantine itself: each entry ends, there are not many, and none is of a mission-critical test."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from ci_toolkit.model.quarantine import Quarantine, QuarantineEntry, QuarantineLimits
from ci_toolkit.model.record import Record


class BrokenRule(Record, frozen=True, kw_only=True):
    """A rule that an entry breaks."""

    line: int
    """Where the entry begins."""
    what: str
    """What is wrong, and what to do."""


def broken_rules(
    quarantine: Quarantine,
    limits: QuarantineLimits,
    today: date,
    *,
    critical: Collection[str] = (),
    gone: Collection[str] = (),
) -> Iterator[BrokenRule]:
    """Yield what breaks a rule, by entry.

    ``critical`` are node ids of mission-critical tests, as far as they are known; ``gone`` are tests of entries that
    no longer exist.
    """
    for entry in quarantine.entries:
        for what in _wrong(entry, limits, today):
            yield BrokenRule(line=entry.line, what=what)
        if any(entry.covers(node_id) for node_id in critical):
            what = f"{entry.test} is mission-critical: such a test is never in quarantine"
            yield BrokenRule(line=entry.line, what=what)
        if entry.test in gone:
            what = f"{entry.test} does not exist (any more): correct its name, or remove its entry"
            yield BrokenRule(line=entry.line, what=what)
    for entry in quarantine.entries[limits.most_entries : limits.most_entries + 1]:
        what = (
            f"there are {len(quarantine.entries)} entries, and the most is {limits.most_entries}: mend some tests, or "
            "set [tool.ci-toolkit.quarantine] most-entries"
        )
        yield BrokenRule(line=entry.line, what=what)


def _wrong(entry: QuarantineEntry, limits: QuarantineLimits, today: date) -> Iterator[str]:
    if entry.has_expired(today):
        yield (
            f"the quarantine of {entry.test} ended on {entry.expires}: mend the test and remove its entry, or agree on "
            f"a later end ({entry.owner}, {entry.issue})"
        )
    days = (entry.expires - entry.since).days
    if days > limits.most_days:
        yield (
            f"{entry.test} would be in quarantine for {days} days, and the most is {limits.most_days}: let it expire "
            "earlier, or set [tool.ci-toolkit.quarantine] most-days"
        )
    if entry.since > today + timedelta(days=1):  # it may be tomorrow already where somebody wrote it
        yield f"the quarantine of {entry.test} begins on {entry.since}, which is to come"
