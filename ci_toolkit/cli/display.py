"""Shows running shards: live bars on a terminal, plain lines that can be searched elsewhere."""

import sys
import threading
import time
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ci_toolkit.model.plan import Plan
from ci_toolkit.model.progress import ProblemFound, ShardEnded, ShardEvent, TestEnded, TestsSelected
from ci_toolkit.report.terminal import one_line

LINE_SECONDS = 15.0
"""How often a shard at work says so where there is no terminal."""


class Display:
    """Takes in the events of shards, from any thread, and writes to standard error."""

    def __init__(self, plan: Plan) -> None:
        self._of = len(plan.shards)
        self._lock = threading.Lock()
        self._done: dict[int, int] = {}
        self._total: dict[int, int] = {}
        self._failed: dict[int, int] = {}
        self._spoke: dict[int, float] = {}
        self._tasks: dict[int, TaskID] = {}
        # Bars move the cursor, so they go around the guard of our output, and to a true terminal only.
        console = Console(file=sys.__stderr__)
        self._progress = _bars(console) if sys.stderr.isatty() and console.is_terminal else None

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def observe(self, event: ShardEvent) -> None:
        """Show ``event``."""
        with self._lock:
            self._take(event)

    def _take(self, event: ShardEvent) -> None:
        shard = event.shard
        match event:
            case TestsSelected():
                self._total[shard] = max(event.tests + self._done.get(shard, 0), self._total.get(shard, 0))
                self._say(f"shard {shard}/{self._of}: {event.tests} tests")
                self._move(shard)
            case TestEnded():
                self._done[shard] = self._done.get(shard, 0) + 1
                self._move(shard)
                self._speak_now_and_then(shard)
            case ProblemFound():
                self._failed[shard] = self._failed.get(shard, 0) + 1
                first = event.message.partition("\n")[0]
                self._say(
                    f"shard {shard}/{self._of}: {event.kind} {one_line(event.node_id)} - {one_line(first)}", always=True
                )
            case ShardEnded():
                reason = f": {one_line(event.reason.partition(chr(10))[0])}" if event.reason else ""
                done = self._done.get(shard, 0)
                self._say(f"shard {shard}/{self._of}: {event.state} after {event.seconds:.1f} s, {done} tests{reason}")
                self._move(shard)

    def _speak_now_and_then(self, shard: int) -> None:
        now = time.monotonic()
        if now - self._spoke.setdefault(shard, now) >= LINE_SECONDS:
            self._spoke[shard] = now
            self._say(f"shard {shard}/{self._of}: {self._done[shard]}/{self._total.get(shard, 0)} tests")

    def _say(self, line: str, *, always: bool = False) -> None:
        if self._progress is None:
            click.echo(f"ci-toolkit: {line}", err=True)
        elif always:
            self._progress.console.print(escape(line), style="red", highlight=False)

    def _move(self, shard: int) -> None:
        if self._progress is None:
            return
        if shard not in self._tasks:
            self._tasks[shard] = self._progress.add_task(f"shard {shard}/{self._of}", total=None, failed="")
        failed = self._failed.get(shard, 0)
        self._progress.update(
            self._tasks[shard],
            completed=self._done.get(shard, 0),
            total=self._total.get(shard) or None,
            failed=f"[red]{failed} failed[/red]" if failed else "",
        )


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )
