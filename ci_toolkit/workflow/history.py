"""What a plan asks of history, and what a merge records in it."""

import platform
import time
from collections.abc import Callable
from pathlib import Path

from ci_toolkit.errors import ToolkitError
from ci_toolkit.history.locations import add_run, open_history, shown
from ci_toolkit.history.lookup import NO_HISTORY, durations_of
from ci_toolkit.history.store import DamagedHistoryError, UnreachableHistoryError
from ci_toolkit.model.durations import Durations
from ci_toolkit.model.history import RunRecord, environment_name
from ci_toolkit.model.plan import PlanNote
from ci_toolkit.model.suite import Suite
from ci_toolkit.model.wording import number_of


def load_durations(history: str, suite: Suite, root: Path) -> Durations:
    """Return what ``history`` knows of ``suite``, whose paths start in ``root``; ``""`` knows nothing.

    A missing, damaged or unreachable history is no reason not to plan: it stands in the notes.
    """
    if not history:
        return Durations()
    try:
        store = open_history(history)
        if store is None:
            return Durations(notes=(NO_HISTORY,))
        with store:
            return durations_of(
                suite.files, store, this_environment(), now=time.time(), exists=lambda path: (root / path).exists()
            )
    except (DamagedHistoryError, UnreachableHistoryError) as error:
        message = f"{error.message}; every test counts the same in this plan"
        return Durations(notes=(PlanNote(kind=error.slug, message=message),))


def record_run(history: str, run: RunRecord, say: Callable[[str], None]) -> None:
    """Add ``run`` to ``history``. Whatever goes wrong is said, and changes nothing about the verdict."""
    if not history or not (run.files or run.outcomes or run.judged):
        return
    start = time.monotonic()
    try:
        new, note = add_run(history, run, now=time.time())
    except (ToolkitError, OSError) as error:
        say(f"this run was not recorded: {error}")
        return
    if note:
        say(note)
    seconds = time.monotonic() - start
    say(f"recorded the times of {number_of(new, 'file')} in {shown(history)} ({seconds:.1f} s)")


def this_environment() -> str:
    """Return the name of the environment that this process is in."""
    return environment_name(platform.python_implementation(), platform.python_version(), platform.platform())
