"""How an attempt ended, read from its journals, its exit status and its last words."""

import signal
from collections.abc import Callable
from enum import StrEnum

from ci_toolkit.model.bundle import OUTPUT_FOLDER
from ci_toolkit.model.journal import Environment
from ci_toolkit.model.record import Record
from ci_toolkit.suite.output import Output
from ci_toolkit.suite.progress import AttemptProgress, InFlight, TestKey
from ci_toolkit.suite.shard_plugin import JOURNAL_FAILED
from ci_toolkit.suite.time_limits import TimeLimits

_EXPLAINED_EXITS = (0, 5)
_TESTS_FAILED = 1
_USAGE_EXITS = (3, 4)


class How(StrEnum):
    """How an attempt ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    """On purpose: Ctrl-C, ``-x``, ``pytest.exit``."""
    DIED = "died"
    """In the middle; another process can go on."""
    BROKEN = "broken"
    """In a way that another process would not mend."""


class Crash(Record, frozen=True, kw_only=True):
    """A test or a file at whose work the process died or was ended."""

    node_id: str
    path: str
    key: TestKey | None
    """None for a file that was being imported."""
    reason: str
    detail: str


class AttemptEnd(Record, frozen=True, kw_only=True):
    """What came of an attempt."""

    how: How
    reason: str
    unexplained_exit: str
    environment: Environment | None
    selected: frozenset[TestKey]
    finished: frozenset[TestKey]
    failures: frozenset[str]
    """Node ids."""
    uncollectable: frozenset[str]
    """Paths of whole files."""
    crashes: tuple[Crash, ...]


class Inquest:
    """Finds how an attempt ended, and which tests its process died of."""

    def __init__(
        self, progress: AttemptProgress, output: Output, limits: TimeLimits, note: Callable[[Crash], None]
    ) -> None:
        """``note`` hears of each crash as it is found."""
        self.crashes: list[Crash] = []
        self._progress = progress
        self._output = output
        self._limits = limits
        self._note = note

    def judge(self, status: int, *, asked_to_stop: str | None, was_interrupted: bool) -> tuple[How, str, str]:
        """Return how it ended, the reason, and what of its exit status no test explains.

        ``asked_to_stop`` is why, and None where nobody asked; ``was_interrupted`` if that reached pytest.
        """
        main = self._progress.main
        last_words = main.closed.reason if main is not None and main.closed is not None else ""
        if status == JOURNAL_FAILED:
            return How.BROKEN, f"the journal could not be written: {self._output.last_line()}", ""
        self._note_workers_deaths()
        if self._progress.is_collected and not self._unfinished():
            return How.FINISHED, "", "" if was_interrupted else self._unexplained(status, last_words)
        if asked_to_stop is not None:
            return How.STOPPED, asked_to_stop, ""
        if last_words not in {"", "KeyboardInterrupt", "Interrupted"}:
            return How.STOPPED, last_words, ""
        reason = _death(status, last_words)
        self._note_deaths(reason)
        if not self.crashes and status in _USAGE_EXITS and not self._progress.finished:
            return How.BROKEN, f"pytest {reason}:\n{self._output.tail()}", ""
        return How.DIED, f"pytest was {reason}" if status < 0 else f"pytest {reason}", ""

    def _unfinished(self) -> set[TestKey]:
        crashed = {crash.key for crash in self.crashes}
        return set(self._progress.selected) - self._progress.finished - crashed

    def _note_workers_deaths(self) -> None:
        for test in self._progress.in_flight:
            crashed = self._progress.crashed.get(test.key.node_id)
            reason = self._limits.excess(test) or (crashed.reason if crashed is not None else "")
            if reason:
                self._note_test(test, reason)

    def _note_deaths(self, reason: str) -> None:
        noted = {crash.key for crash in self.crashes}
        for test in self._progress.in_flight:
            if test.key not in noted:
                self._note_test(test, reason)
        path = self._progress.importing
        if path and not self._progress.is_collected:
            detail = self._output.tail()
            self._add(Crash(node_id=path, path=path, key=None, reason=f"{reason} during import", detail=detail))

    def _note_test(self, test: InFlight, reason: str) -> None:
        key = test.key
        detail = self._limits.stacks(key) or self._output.tail()
        self._add(Crash(node_id=key.node_id, path=key.path, key=key, reason=reason, detail=detail))

    def _add(self, crash: Crash) -> None:
        self.crashes.append(crash)
        self._note(crash)

    def _unexplained(self, status: int, reason: str) -> str:
        failed = self._progress.failed or self._progress.uncollectable or self.crashes
        if status in _EXPLAINED_EXITS or (status == _TESTS_FAILED and failed):
            return ""
        told = f" ({reason})" if reason else ""
        return f"pytest {_death(status, '')} after its last test{told}; see {OUTPUT_FOLDER}/{self._output.path.name}"


def _death(status: int, reason: str) -> str:
    if reason == "KeyboardInterrupt":
        return "raised KeyboardInterrupt"
    if status < 0:
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"
    return f"ended with exit status {status}"
