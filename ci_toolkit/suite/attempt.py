"""One pytest process of a shard, from start to end: started, watched, stopped."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from ci_toolkit.model.bundle import COVERAGE_FOLDER, JOURNAL_FOLDER, OUTPUT_FOLDER, JournalSeal
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.folded_test import FoldedTest
from ci_toolkit.model.journal import (
    Crashed,
    JournalRecord,
    Opened,
    Phase,
    PhaseOutcome,
    Selected,
    Uncollectable,
    When,
)
from ci_toolkit.model.progress import ProblemFound, ShardEvent, TestEnded, TestsSelected
from ci_toolkit.model.record import encode
from ci_toolkit.model.signature import signature_of
from ci_toolkit.model.task import ShardTask
from ci_toolkit.suite.discover import pytest_command
from ci_toolkit.suite.ending import AttemptEnd, EndOfAttempt
from ci_toolkit.suite.journal import JournalWriter
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.suite.output import Output
from ci_toolkit.suite.progress import AttemptProgress, JournalTail
from ci_toolkit.suite.recording_marker import RecordingMarker
from ci_toolkit.suite.task_variable import COVERAGE_FILE, COVERAGE_OPTION, HASH_SEED, VARIABLE
from ci_toolkit.suite.time_limits import TimeLimits

POLL_SECONDS = 0.05


class Attempt:
    """Runs the task of one pytest process."""

    def __init__(
        self,
        task: ShardTask,
        folder: Path,
        options: ShardOptions,
        observe: Callable[[ShardEvent], None],
        stop: StopRequest,
        fold: JournalFold,
    ) -> None:
        """``fold`` is the shard's, which this attempt goes on with."""
        self.task = task
        self.folder = folder
        self.options = options
        self.observe = observe
        self.stop = stop
        self.output = Output(folder / OUTPUT_FOLDER / f"{task.attempt}.log")
        self.marker = RecordingMarker(Path(task.marker))
        self.progress = AttemptProgress(folder / JOURNAL_FOLDER, task.attempt, fold)
        self._limits = TimeLimits(options.limit_of, self.output)
        self._stop_sent = 0.0
        self._journal: JournalWriter | None = None
        self._own: JournalTail | None = None

    def run(self) -> AttemptEnd:
        """Run pytest to its end, whatever that is."""
        process = self._start()
        try:
            self._watch(process)
        finally:
            _end_group(process)
        self._tell()  # to the end of each journal, of which nobody writes any more
        end = EndOfAttempt(self.progress, self.output, self._limits, self._note)
        failure = self.marker.failure()
        return end.judge(process.returncode, self.stop, failure, was_interrupted=bool(self._stop_sent))

    # --- the process ------------------------------------------------------------------------------

    def _start(self) -> subprocess.Popen[bytes]:
        task_file = self.folder / "task" / f"{self.task.attempt}.json"
        task_file.write_bytes(encode(self.task))
        self.marker.place()
        coverage = self.folder / COVERAGE_FOLDER / str(self.task.attempt)
        coverage.mkdir()
        with self.output.path.open("wb") as output:
            return subprocess.Popen(
                self._command(),
                cwd=self.options.folder,
                env={
                    **os.environ,
                    **dict(self.options.variables),
                    VARIABLE: str(task_file),
                    COVERAGE_FILE: str(coverage / ".coverage"),
                    **({HASH_SEED: self.task.hash_seed} if self.task.hash_seed else {}),
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
            command += [COVERAGE_OPTION, "--cov-report="]
        return [*command, *self.options.pytest_args]

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            self._tell()
            self._limits.enforce(self.progress.in_flight)
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
            return
        waited = time.monotonic() - self._stop_sent
        if waited > self.stop.grace_seconds:
            process.kill()
        elif waited > self.stop.grace_seconds / 2:  # it does not hear Ctrl-C: let it show where it hangs
            self._limits.dump(self.progress.in_flight)

    # --- what it tells ----------------------------------------------------------------------------

    def _tell(self) -> None:
        for record, test in self.progress.advance():
            event = self._event(record, test)
            if event is not None:
                self.observe(event)

    def _event(self, record: JournalRecord, test: FoldedTest | None) -> ShardEvent | None:
        shard = self.task.shard
        match record:
            case Selected():
                return TestsSelected(shard=shard, tests=record.tests)
            case Uncollectable() if record.outcome is PhaseOutcome.FAILED:
                return self._problem(record.node_id, record.failure.message, is_critical=record.is_critical)
            case Phase() if test is not None and record.o is PhaseOutcome.FAILED:
                message = record.failure.message if record.failure else ""
                kind = "FAILED" if record.w is When.CALL else "ERROR"
                signature = signature_of(record.failure, test.node_id).digest if record.failure else ""
                problem = self._problem(test.node_id, message, kind=kind, is_critical=test.is_critical)
                return msgspec.structs.replace(problem, signature=signature)
            case Phase() if test is not None and test.is_over and record.w is When.TEARDOWN:
                return TestEnded(
                    shard=shard,
                    node_id=test.node_id,
                    is_failure=test.has_failed,
                    outcome=_outcome(test),
                    output=record.sections,
                )
            case _:
                return None

    def _problem(self, node_id: str, message: str, *, kind: str = "ERROR", is_critical: bool) -> ProblemFound:
        return ProblemFound(shard=self.task.shard, node_id=node_id, kind=kind, message=message, is_critical=is_critical)

    @property
    def opened(self) -> Opened | None:
        """What pytest said when it began, if it came that far."""
        main = self.progress.main
        return main.opened if main is not None else None

    def seals(self) -> list[JournalSeal]:
        """Return the seals of the attempt's journals, once it has ended."""
        seals = self.progress.seals()
        if self._own is not None:
            deque(self._own.read(), maxlen=0)
            seals.append(self._own.seal())
        return seals

    def _note(self, crash: Crashed) -> None:
        """Write the crash to a journal of the supervisor's own, for the process that died of it cannot."""
        if self._journal is None:
            path = self.folder / JOURNAL_FOLDER / f"{self.task.attempt}-supervisor.jsonl"
            self._journal, self._own = JournalWriter(path), JournalTail(path)
        self._journal.write(crash)
        test = self.progress.fold.take_crash(crash)
        is_critical = test is not None and test.is_critical
        self.observe(self._problem(crash.node_id, crash.reason, is_critical=is_critical))


def _outcome(test: FoldedTest) -> str:
    return str(test.outcome) if test.has_outcome else ""


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
