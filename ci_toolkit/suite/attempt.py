"""One pytest process of a shard, from start to end: watched, limited in time, and judged by how it ended."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from ci_toolkit.model.bundle import COVERAGE_FOLDER, JOURNAL_FOLDER, OUTPUT_FOLDER
from ci_toolkit.model.journal import (
    Crashed,
    Environment,
    JournalRecord,
    Phase,
    PhaseOutcome,
    Selected,
    Uncollectable,
    When,
)
from ci_toolkit.model.progress import ProblemFound, ShardEvent, TestEnded, TestsSelected
from ci_toolkit.model.record import Record, encode
from ci_toolkit.model.task import ShardTask
from ci_toolkit.suite.discover import pytest_command
from ci_toolkit.suite.journal import JournalWriter
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.suite.progress import AttemptProgress, InFlight, TestKey
from ci_toolkit.suite.shard_plugin import JOURNAL_FAILED
from ci_toolkit.suite.task_variable import VARIABLE

POLL_SECONDS = 0.05
DUMP_SECONDS = 2.0
"""What a test over its limit gets to dump its stack."""
TAIL_BYTES = 16_000
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


class Attempt:
    """Runs the task of one pytest process."""

    def __init__(
        self,
        task: ShardTask,
        folder: Path,
        options: ShardOptions,
        observe: Callable[[ShardEvent], None],
        stop: StopRequest,
    ) -> None:
        self.task = task
        self.folder = folder
        self.options = options
        self.observe = observe
        self.stop = stop
        self.output = folder / OUTPUT_FOLDER / f"{task.attempt}.log"
        before = {(test.path, test.suffix): test.times for test in task.finished}
        self.progress = AttemptProgress(folder / JOURNAL_FOLDER, task.attempt, before)
        self.crashes: list[Crash] = []
        self._limit_hits: dict[TestKey, float] = {}
        self._dumps_at: dict[TestKey, int] = {}
        """Where in the output the stacks of a test over its limit begin."""
        self._stop_sent = 0.0
        self._journal: JournalWriter | None = None

    def run(self) -> AttemptEnd:
        """Run pytest to its end, whatever that is."""
        process = self._start()
        try:
            self._watch(process)
        finally:
            _end_group(process)
        self._tell()
        how, reason, unexplained = self._judge(process.returncode)
        return AttemptEnd(
            how=how,
            reason=reason,
            unexplained_exit=unexplained,
            environment=self._environment(),
            selected=frozenset(self.progress.selected),
            finished=frozenset(self.progress.finished),
            failures=frozenset(key.node_id for key in self.progress.failed) | self.progress.uncollectable,
            uncollectable=frozenset(self.progress.uncollectable & self.task.pieces.keys()),
            crashes=tuple(self.crashes),
        )

    # --- the process ------------------------------------------------------------------------------

    def _start(self) -> subprocess.Popen[bytes]:
        task_file = self.folder / "task" / f"{self.task.attempt}.json"
        task_file.write_bytes(encode(self.task))
        coverage = self.folder / COVERAGE_FOLDER / str(self.task.attempt)
        coverage.mkdir()
        with self.output.open("wb") as output:
            return subprocess.Popen(
                self._command(),
                cwd=self.options.folder,
                env={
                    **os.environ,
                    **dict(self.options.variables),
                    VARIABLE: str(task_file),
                    "COVERAGE_FILE": str(coverage / ".coverage"),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches pytest through us alone, and once
            )

    def _command(self) -> list[str]:
        # Plain pytest stops at the first file that cannot be imported; here that is one error among results.
        command = [*pytest_command(), "--continue-on-collection-errors", "-o", f"cache_dir={self.folder}/cache"]
        if self.options.measures_coverage:
            command += ["--cov", "--cov-report="]
        return [*command, *self.options.pytest_args]

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            self._tell()
            self._enforce_limit()
            self._pass_stop_on(process)
            try:
                process.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue

    def _pass_stop_on(self, process: subprocess.Popen[bytes]) -> None:
        if not self.stop.is_asked:
            return
        if not self._stop_sent:
            self._stop_sent = time.monotonic()
            process.send_signal(signal.SIGINT)
        elif time.monotonic() - self._stop_sent > self.stop.grace_seconds:
            process.kill()

    def _enforce_limit(self) -> None:
        for test in self.progress.in_flight:
            limit = self.options.limit_of(test.category)
            if test.key in self._limit_hits:
                if time.monotonic() - self._limit_hits[test.key] > DUMP_SECONDS:
                    _kill(test.pid, signal.SIGKILL)
            elif limit and time.time() - test.since > limit:
                self._limit_hits[test.key] = time.monotonic()
                self._dumps_at[test.key] = self.output.stat().st_size
                _kill(test.pid, signal.SIGABRT)  # faulthandler, which pytest turns on, dumps every stack

    # --- what it tells ----------------------------------------------------------------------------

    def _tell(self) -> None:
        for record, key in self.progress.advance():
            event = self._event(record, key)
            if event is not None:
                self.observe(event)

    def _event(self, record: JournalRecord, key: TestKey | None) -> ShardEvent | None:
        shard = self.task.shard
        match record:
            case Selected():
                return TestsSelected(shard=shard, tests=record.tests)
            case Uncollectable() if record.outcome is PhaseOutcome.FAILED:
                return ProblemFound(
                    shard=shard,
                    node_id=record.node_id,
                    kind="ERROR",
                    message=record.failure.message,
                    is_critical=record.is_critical,
                )
            case Phase() if key is not None and record.o is PhaseOutcome.FAILED:
                kind = "FAILED" if record.w is When.CALL else "ERROR"
                message = record.failure.message if record.failure else ""
                is_critical = key in self.progress.critical
                return ProblemFound(
                    shard=shard, node_id=key.node_id, kind=kind, message=message, is_critical=is_critical
                )
            case Phase() if key is not None and key in self.progress.finished and record.w is When.TEARDOWN:
                return TestEnded(shard=shard, node_id=key.node_id, is_failure=key in self.progress.failed)
            case _:
                return None

    def _environment(self) -> Environment | None:
        main = self.progress.main
        return main.opened.environment if main is not None and main.opened is not None else None

    # --- how it ended -----------------------------------------------------------------------------

    def _judge(self, status: int) -> tuple[How, str, str]:
        main = self.progress.main
        closed = main.closed if main is not None else None
        if status == JOURNAL_FAILED:
            return How.BROKEN, f"the journal could not be written: {self._last_line()}", ""
        self._note_workers_deaths()
        unfinished = self._unfinished()
        if self.progress.is_collected and not unfinished:
            return How.FINISHED, "", self._unexplained(status)
        if self.stop.is_asked:
            return How.STOPPED, self.stop.reason, ""
        if closed is not None and closed.reason not in {"", "KeyboardInterrupt", "Interrupted"}:
            return How.STOPPED, closed.reason, ""
        reason = _death(status, closed.reason if closed is not None else "")
        self._note_deaths(reason)
        if not self.crashes and status in _USAGE_EXITS and not self.progress.finished:
            return How.BROKEN, f"pytest {reason}:\n{self._output_tail()}", ""
        return How.DIED, f"pytest was {reason}" if status < 0 else f"pytest {reason}", ""

    def _unfinished(self) -> set[TestKey]:
        crashed = {crash.key for crash in self.crashes}
        return set(self.progress.selected) - self.progress.finished - crashed

    def _note_workers_deaths(self) -> None:
        for test in self.progress.in_flight:
            limit_was_hit = test.key in self._limit_hits
            if limit_was_hit or test.key.node_id in self.progress.crashed:
                limit = self.options.limit_of(test.category)
                reason = f"ran over its time limit of {limit:g} s" if limit_was_hit else ""
                self._note(test, reason or self.progress.crashed[test.key.node_id].reason)

    def _note_deaths(self, reason: str) -> None:
        noted = {crash.key for crash in self.crashes}
        for test in self.progress.in_flight:
            if test.key not in noted:
                self._note(test, reason)
        if not self.progress.is_collected and self.progress.importing:
            path = self.progress.importing
            self._append(
                Crash(node_id=path, path=path, key=None, reason=f"{reason} during import", detail=self._output_tail())
            )

    def _note(self, test: InFlight, reason: str) -> None:
        path = test.key.path
        self._append(
            Crash(node_id=test.key.node_id, path=path, key=test.key, reason=reason, detail=self._detail(test.key))
        )

    def _append(self, crash: Crash) -> None:
        if self._journal is None:
            self._journal = JournalWriter(self.folder / JOURNAL_FOLDER / f"{self.task.attempt}-supervisor.jsonl")
        self._journal.write(Crashed(node_id=crash.node_id, path=crash.path, reason=crash.reason, detail=crash.detail))
        self.crashes.append(crash)
        self.observe(
            ProblemFound(
                shard=self.task.shard,
                node_id=crash.node_id,
                kind="ERROR",
                message=crash.reason,
                is_critical=crash.key in self.progress.critical,
            )
        )

    def _unexplained(self, status: int) -> str:
        failed = self.progress.failed or self.progress.uncollectable or self.crashes
        if status in _EXPLAINED_EXITS or (status == _TESTS_FAILED and failed) or self._stop_sent:
            return ""
        return f"pytest {_death(status, '')} after its last test; see {OUTPUT_FOLDER}/{self.output.name}"

    def _detail(self, key: TestKey) -> str:
        return self._output(self._dumps_at[key]) if key in self._dumps_at else self._output_tail()

    def _output_tail(self) -> str:
        return self._output(max(0, self.output.stat().st_size - TAIL_BYTES))

    def _output(self, start: int) -> str:
        with self.output.open("rb") as file:
            file.seek(start)
            return file.read(TAIL_BYTES).decode("utf-8", "replace")

    def _last_line(self) -> str:
        lines = self._output_tail().strip().splitlines()
        return lines[-1].strip("! ") if lines else "no output"


def _death(status: int, reason: str) -> str:
    if reason == "KeyboardInterrupt":
        return "raised KeyboardInterrupt"
    if status < 0:
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"
    return f"ended with exit status {status}"


def _kill(pid: int, signum: signal.Signals) -> None:
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return


def _end_group(process: subprocess.Popen[bytes]) -> None:
    # What pytest left running would outlive the shard: xdist workers of a dead one, servers that its fixtures
    # started, a child that a test forked and that goes on with the tests on its own.
    if process.poll() is None:
        process.kill()
        process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
