"""What history says of tests in quarantine, and of those that could be."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ci_toolkit.history.locations import open_history
from ci_toolkit.history.store import Outcomes
from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.outcomes import KnownGo, KnownRuling
from ci_toolkit.model.quarantine import QuarantineEntry
from ci_toolkit.model.record import Record
from ci_toolkit.model.standing import Standing
from ci_toolkit.verdict.standing import breaking_ruling, broken_ways, standing_of, worst

MOST_GOES = 1_000
"""Of each test that are looked at, the latest."""


def standings_of(history: str, entries: Sequence[QuarantineEntry]) -> Mapping[str, Standing]:
    """Return the test of each of ``entries`` to what ``history`` says of it; of one that it does not know, nothing.

    Raises HistoryError.
    """
    store = open_history(history) if history and entries else None
    if store is None:
        return {}
    with store, store.outcomes() as outcomes:
        tests = _covered(outcomes, entries)
        return {test: worst([_standing(outcomes, name) for name in names]) for test, names in tests.items()}


class UnsteadyTest(Record, frozen=True, kw_only=True):
    """A test that did not simply pass of late."""

    standing: Standing
    broken_by: KnownRuling | None = None
    """The newest ruling on it, where that says that a change broke it and nothing since shows it flaky."""
    broken_ways: frozenset[str] = frozenset()
    """Signatures of failures that a change caused, as they were ruled last."""


def unsteady_tests(history: str) -> Mapping[str, UnsteadyTest]:
    """Return each test that did not simply pass of late, and what ``history`` says of it. Raises HistoryError."""
    store = open_history(history) if history else None
    if store is None:
        return {}
    with store, store.outcomes() as outcomes:
        names = sorted({node_id_of(incident.path, incident.suffix) for incident in store.incidents()})
        rulings = outcomes.rulings(names)
        return {name: _unsteady(outcomes.goes(name, most=MOST_GOES), rulings[name]) for name in names}


def _covered(outcomes: Outcomes, entries: Sequence[QuarantineEntry]) -> Mapping[str, list[str]]:
    covered: dict[str, list[str]] = defaultdict(list)
    starts = tuple(entry.test for entry in entries)
    for name in outcomes.tests():
        if name.startswith(starts):
            for entry in entries:
                if entry.covers(name):
                    covered[entry.test].append(name)
    return covered


def _unsteady(goes: Sequence[KnownGo], rulings: Sequence[KnownRuling]) -> UnsteadyTest:
    return UnsteadyTest(
        standing=standing_of(goes),
        broken_by=breaking_ruling(goes, rulings),
        broken_ways=broken_ways(rulings),
    )


def _standing(outcomes: Outcomes, test: str) -> Standing:
    return standing_of(outcomes.goes(test, most=MOST_GOES))
