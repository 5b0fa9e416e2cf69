"""What a process writes into its journal as it ends by itself: about all of its tests together, and how it ended."""

from enum import StrEnum

from ci_toolkit.model.journal_line import Line
from ci_toolkit.model.warned import Warned, WarningsLimit


class Stop(StrEnum):
    """Who made pytest stop before its last test."""

    NOBODY = ""
    FAILURES = "failures"
    """``-x`` or ``--maxfail``."""
    PLUGIN = "plugin"
    """A plugin or a conftest asked the session to stop."""
    EXIT = "exit"
    """``pytest.exit``."""
    INTERRUPT = "interrupt"
    """Ctrl-C, or a test that raised KeyboardInterrupt."""


class Executed(Line, frozen=True, kw_only=True, tag="executed"):
    """The files of the project's own that the process executed."""

    files: tuple[tuple[str, str], ...]
    """(path below the root, SHA-256 of its content)."""


class Snapshots(Line, frozen=True, kw_only=True, tag="snapshots"):
    """What the tests of the process made of syrupy's snapshots: (file below the root, name) of each."""

    kept: tuple[tuple[str, str], ...]
    """Those that a test used, or whose test was skipped or not selected."""
    unused: tuple[tuple[str, str], ...]
    is_demanded: bool
    """Whether the suite fails where a snapshot is unused."""


class Summary(Line, frozen=True, kw_only=True, tag="summary"):
    """What pytest's own summary tells beside the outcomes of tests."""

    warnings: tuple[Warned, ...] = ()
    warnings_limit: WarningsLimit | None = None
    """None where the suite allows any number."""
    shows: str = "w"
    """What the suite wants listed, in the letters of pytest's ``-r``: ``w`` is warnings."""


class Closed(Line, frozen=True, kw_only=True, tag="closed"):
    """The process ended by itself."""

    at: float
    exit_status: int
    """pytest's."""
    reason: str = ""
    """Why it stopped before its last test (``-x``, Ctrl-C), or ``""``."""
    stop: Stop = Stop.NOBODY
