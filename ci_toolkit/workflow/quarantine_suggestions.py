"""``ci-toolkit quarantine suggest``: which tests the history shows to be flaky, and why another one is none of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ci_toolkit.config.quarantine import load_quarantine
from ci_toolkit.model.outcomes import KnownRuling
from ci_toolkit.model.quarantine import QUARANTINE_FILE, QuarantineEntry, is_about
from ci_toolkit.model.record import Record
from ci_toolkit.model.standing import Standing
from ci_toolkit.workflow.quarantine_upkeep import TestsThere, tests_there
from ci_toolkit.workflow.standings import UnsteadyTest, unsteady_tests

_COMMIT_DIGITS = 12


class Suggestions(Record, frozen=True, kw_only=True):
    """What could go into the quarantine."""

    tests: Mapping[str, Standing]
    """Flaky tests that are not in it, with what the history says of each."""
    left_out: Mapping[str, str]
    """Tests that are not among these, with why: each that was asked for, and else those that a change broke."""


def suggestions(root: Path, history: str, asked: Sequence[str] = ()) -> Suggestions:
    """Return the tests that ``history`` shows to be flaky and that are not in quarantine; only those ``asked``, if any.

    Such a test failed, and passed on the same sources. One that a change broke is no flaky test, however it ends now
    and then: its newest failure was ruled a regression, and nothing since shows it flaky. Failures that were ruled so
    are not among the signatures. A mission-critical test is never in quarantine. Raises HistoryError, QuarantineError,
    DiscoveryError.
    """
    unsteady = unsteady_tests(history)
    if asked:
        unsteady = {name: test for name, test in unsteady.items() if any(is_about(each, name) for each in asked)}
    left_out = {each: "no failure of it is recorded" for each in asked if not any(is_about(each, n) for n in unsteady)}
    entries = load_quarantine(root).entries
    why_not = {name: _why_not(name, test, entries) for name, test in unsteady.items()}
    there = tests_there(root, [name for name, why in why_not.items() if not why])
    found: dict[str, Standing] = {}
    for name, test in unsteady.items():
        why = why_not[name] or _why_not_there(name, there)
        if not why:
            found[name] = _excusable(test)
        elif asked or (test.broken_by is not None and test.standing.flips):
            left_out[name] = why
    return Suggestions(tests=found, left_out=left_out)


def _why_not(name: str, test: UnsteadyTest, entries: Sequence[QuarantineEntry]) -> str:
    """Return why the history has no entry to suggest of a test, or ``""``."""
    if any(entry.covers(name) for entry in entries):
        return f"it is in {QUARANTINE_FILE}"
    if test.broken_by is not None:
        return _ruled(test.broken_by)
    if not test.standing.flips:
        return "it did not fail and pass on the same sources"
    return "" if _excusable(test).signatures else "each failure that is known of it was ruled a regression"


def _why_not_there(name: str, there: TestsThere) -> str:
    if name in there.critical:
        return "a mission-critical test is never in quarantine"
    return "" if name in there.there else "no such test is there any more"


def _ruled(ruling: KnownRuling) -> str:
    day = datetime.fromtimestamp(ruling.at, tz=UTC).date()
    commit = f" at commit {ruling.commit[:_COMMIT_DIGITS]}" if ruling.commit else ""
    return (
        f"its newest failure was ruled a {ruling.judged.kind} on {day}{commit}, and nothing since shows it flaky; mend "
        "what the change broke"
    )


def _excusable(test: UnsteadyTest) -> Standing:
    """Return its standing without the failures that a change caused."""
    kept = tuple(seen for seen in test.standing.signatures if seen.signature not in test.broken_ways)
    return msgspec.structs.replace(test.standing, signatures=kept)
