"""What past runs took: the value that history gives to planning."""

from ci_toolkit.model.plan import PlanNote
from ci_toolkit.model.record import Record

DEFAULT_SPREAD = 0.25
"""How far the times of a file's runs lie apart where nothing better is known, as a share of what it takes."""


class FileDurations(Record, frozen=True, kw_only=True):
    """One file's tests as parallel tuples, which keeps a million tests in little memory."""

    path: str
    suffixes: tuple[str, ...] = ()
    """What follows ``path::`` in each node id; the whole node id where that does not begin with the path."""
    seconds: tuple[float, ...] = ()
    """What each test is expected to take, setup and teardown included, less ``fixture_seconds``."""
    spreads: tuple[float, ...] = ()
    """How far each test's runs lie from ``seconds``; empty where only one run is known."""
    spread: float | None = None
    """How far the runs of the whole file lie from their sum, or None where only one run is known. Less than ``spreads``
    say where one test pays what another paid before, more where the whole file is slow at times."""
    import_seconds: float | None = None
    """What importing the file and collecting its tests takes, or None where it was never measured."""
    unsettled: tuple[str, ...] = ()
    """Functions whose parametrized ids are not known to be the same in each run: no plan divides their tests."""
    fixture_seconds: float = 0.0
    """Fixtures that the file's tests share: paid once by every shard that runs any of them."""


class Durations(Record, frozen=True, kw_only=True):
    """What history knows. The order of files and of tests in them says nothing."""

    files: tuple[FileDurations, ...] = ()
    environment: str = ""
    """Where the times were taken, such as ``cpython-3.12-linux``; ``""`` is unknown."""
    overhead_seconds: float | None = None
    """What a job takes besides its tests (checkout, installation, services), or None where unknown."""
    notes: tuple[PlanNote, ...] = ()
    """What a reader of the plan should hear about the history, such as that it is stale."""
