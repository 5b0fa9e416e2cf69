"""What history says of tests in quarantine, and of those that could be."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ci_toolkit.history.locations import open_history
from ci_toolkit.history.store import Outcomes
from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.quarantine import QuarantineEntry
from ci_toolkit.model.standing import Standing
from ci_toolkit.verdict.standing import standing_of, worst

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


def unsteady_tests(history: str) -> Mapping[str, Standing]:
    """Return each test that did not simply pass of late, and what ``history`` says of it. Raises HistoryError."""
    store = open_history(history) if history else None
    if store is None:
        return {}
    with store, store.outcomes() as outcomes:
        names = sorted({node_id_of(incident.path, incident.suffix) for incident in store.incidents()})
        return {name: _standing(outcomes, name) for name in names}


def _covered(outcomes: Outcomes, entries: Sequence[QuarantineEntry]) -> Mapping[str, list[str]]:
    covered: dict[str, list[str]] = defaultdict(list)
    starts = tuple(entry.test for entry in entries)
    for name in outcomes.tests():
        if name.startswith(starts):
            for entry in entries:
                if entry.covers(name):
                    covered[entry.test].append(name)
    return covered


def _standing(outcomes: Outcomes, test: str) -> Standing:
    return standing_of(outcomes.goes(test, most=MOST_GOES))
