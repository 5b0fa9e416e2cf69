"""What the user asks of a plan."""

from enum import StrEnum

from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import Record

MATRIX_LIMIT = 256
"""The most jobs that GitHub starts from one matrix."""

DEFAULT_TARGET_SECONDS = 300.0
"""What ``--shards auto`` aims at by default: a wait that people still sit through."""


class Algorithm(StrEnum):
    """How tests are assigned to shards."""

    FILES = "files"
    """Whole files, cutting only those that are too large for a shard."""
    DURATION_BASED_CHUNKS = "duration_based_chunks"
    """pytest-split's: consecutive tests until the share is full."""
    LEAST_DURATION = "least_duration"
    """pytest-split's: each test, longest first, to the shard with the least so far."""


class Keep(StrEnum):
    """What a cut must never separate."""

    NOTHING = "nothing"
    CLASS = "class"
    """The tests of one class."""
    MODULE = "module"
    """The tests of one file: no file is cut."""
    XDIST_GROUP = "xdist_group"
    """The tests of one ``xdist_group``, even over several files."""


class PlanRequest(Record, frozen=True, kw_only=True):
    """What the user asks of a plan."""

    shards: int | None = None
    """How many shards; None finds the smallest count that meets the target."""
    target_seconds: float = DEFAULT_TARGET_SECONDS
    """The wall time that an automatic count aims at, overhead included."""
    max_shards: int = MATRIX_LIMIT
    overhead_seconds: float | None = None
    """What a job takes besides its tests; None takes what history knows."""
    price_per_minute: float = 0.0
    algorithm: Algorithm = Algorithm.FILES
    keep: Keep = Keep.NOTHING
    previous: Plan | None = None
    """The plan to stay close to."""
    categories: tuple[str, ...] = ()
    """The categories to run; empty for all."""
    services: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The services that each category needs."""
    pytest_args: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """Node ids of what runs; empty is everything."""
    first: tuple[str, ...] = ()
    """Node ids of what each shard runs first."""
    mode: str = ""
    is_collected: bool = False
    """Whether the suite's anchors are the complete list of its tests, from a full collection."""
