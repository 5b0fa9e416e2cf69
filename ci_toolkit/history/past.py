"""The past of one test, for people: its last goes, and the ways in which it failed."""

import difflib
from collections.abc import Iterable, Sequence
from itertools import islice

from ci_toolkit.history.store import HistoryError, HistoryStore
from ci_toolkit.model.node_id import split_node_id
from ci_toolkit.model.outcomes import KnownGo
from ci_toolkit.model.record import Record

SHOWN_GOES = 200
_NEAR = 3
_LETTERS = "ABCDGHIJKLMNOPQSTUVWYZ"
"""Those that ``Ended`` has not taken."""
_OTHER_LETTER = "*"


class Way(Record, frozen=True, kw_only=True):
    """One way in which the test failed: all failures of one signature."""

    letter: str
    """Stands for it where goes are drawn."""
    signature: str
    text: str
    times: int
    first_at: float
    first_commit: str
    last_at: float
    last_commit: str


class TestPast(Record, frozen=True, kw_only=True):
    """The past of one test."""

    __test__ = False  # not for pytest, whatever the name

    origin: str
    node_id: str
    goes: tuple[KnownGo, ...]
    """The oldest first."""
    ways: tuple[Way, ...]
    """The most frequent first."""

    def drawn(self) -> str:
        """Return a letter for each go, the oldest first."""
        letters = {way.signature: way.letter for way in self.ways}
        return "".join(letters.get(known.go.signature) or str(known.go.ended) for known in self.goes)


def past_of(store: HistoryStore, node_id: str, environment: str = "") -> TestPast:
    """Return the last goes of a test in ``environment``, or in all. Raises HistoryError for one that is not known."""
    with store.outcomes() as outcomes:
        goes = tuple(reversed(outcomes.goes(node_id, environment, SHOWN_GOES)))
        if not goes:
            where = f" in {environment}" if environment else ""
            advice = _advice(node_id, list(outcomes.tests()), environment)
            raise HistoryError(f"{store.origin} has no outcome of '{node_id}'{where}", advice=advice)
    return TestPast(origin=store.origin, node_id=node_id, goes=goes, ways=_ways(goes))


def _ways(goes: Sequence[KnownGo]) -> tuple[Way, ...]:
    of_way: dict[str, list[KnownGo]] = {}
    for known in goes:
        if known.go.signature:
            of_way.setdefault(known.go.signature, []).append(known)
    ordered = sorted(of_way.items(), key=lambda way: -len(way[1]))
    return tuple(
        Way(
            letter=_LETTERS[place] if place < len(_LETTERS) else _OTHER_LETTER,
            signature=signature,
            text=failed[-1].go.text,
            times=len(failed),
            first_at=failed[0].at,
            first_commit=failed[0].commit,
            last_at=failed[-1].at,
            last_commit=failed[-1].commit,
        )
        for place, (signature, failed) in enumerate(ordered)
    )


def _advice(node_id: str, tests: Sequence[str], environment: str) -> str:
    if not tests:
        return "Outcomes are recorded by `ci-toolkit run` and `merge`; this history has none yet."
    if node_id in tests:
        return f"Leave out --environment {environment} to see its outcomes elsewhere."
    near = near_tests(node_id, tests)
    if not near:
        return "Give the node id as pytest prints it, such as tests/test_a.py::test_b[1]."
    quoted = [f"'{name}'" for name in near]
    return f"Did you mean {' or '.join(quoted)}?"


def near_tests(node_id: str, tests: Iterable[str]) -> Sequence[str]:
    """Return a few of ``tests`` that somebody who wrote ``node_id`` may mean."""
    tests = list(tests)
    below = sorted(test for test in tests if test.startswith((f"{node_id}[", f"{node_id}::")))
    if below:
        return below[:_NEAR]
    path, _ = split_node_id(node_id)
    paths = {split_node_id(test)[0] for test in tests}
    near = {path} & paths or set(difflib.get_close_matches(path, sorted(paths), n=_NEAR, cutoff=0.6))
    near |= {known for known in paths if known.endswith(f"/{path}")}
    of_paths = sorted(test for test in tests if split_node_id(test)[0] in near)
    return difflib.get_close_matches(node_id, of_paths, n=_NEAR, cutoff=0.5) or list(islice(of_paths, _NEAR))
