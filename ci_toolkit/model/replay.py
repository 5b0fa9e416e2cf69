"""Replays of a test after others, and what they tell of its dependence on them."""

from collections.abc import Mapping
from enum import StrEnum

from ci_toolkit.model.record import Record

REPLAYS_SCHEMA = 2


class Replayed(Record, frozen=True, kw_only=True):
    """How a test ended in a replay."""

    failed: bool | None
    """None where nobody knows: another test killed the process, or it was skipped."""
    signature: str = ""
    """``Signature.digest`` of the failure."""
    likeness: str = ""
    """The same without the message: what others left behind can stand in it, and it is the same failure."""
    why: str = ""
    """What was raised, or why nobody knows."""
    seconds: float = 0.0


class Replays(Record, frozen=True, kw_only=True):
    """The replays of one test so far, so that a bisection goes on where it was interrupted."""

    schema: int = REPLAYS_SCHEMA
    test: str
    of: str
    """Names the order and the sources that were replayed: what is of others tells nothing of these."""
    answers: Mapping[str, Replayed] = {}
    """Digest of what was replayed to how it ended."""
    order: tuple[str, ...] = ()
    """The shortest order that was found to show the failure, the test last; empty while none is."""


class Dependence(StrEnum):
    """How a test depends on those that ran before it."""

    POLLUTED = "polluted"
    """It passes alone, and fails after others."""
    BRITTLE = "brittle"
    """It fails alone, and passes after others, which set up what it needs."""
    ALWAYS = "always"
    """It fails alone as well as after others."""
    UNSTEADY = "unsteady"
    """It fails and passes in one and the same order."""
    NOT_SEEN = "not seen"
    """It passed in each replay."""
    UNKNOWN = "unknown"
    """Replays do not come to it."""


class Cause(Record, frozen=True, kw_only=True):
    """Tests that together make the difference."""

    tests: tuple[str, ...]
    by_import: bool = False
    """Whether the import of their files is enough, without any of them."""


class Dependency(Record, frozen=True, kw_only=True):
    """What bisecting the order of a test told."""

    test: str
    kind: Dependence
    causes: tuple[Cause, ...] = ()
    """Each of them makes the difference by itself: the polluter, or what sets up."""
    has_more: bool = False
    """Whether there are causes beside these, which were not looked for."""
    before: int = 0
    """How many tests ran before it."""
    failed: int = 0
    """Of ``tries`` replays of the whole order."""
    tries: int = 0
    runs: int = 0
    """pytest processes that it took, those of an interrupted bisection included."""
    seconds: float = 0.0
    why: str = ""
    """What was raised, or why nobody knows."""
