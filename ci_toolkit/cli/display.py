"""Shows running shards: live bars on a terminal, plain lines that can be searched elsewhere."""

import os
import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from ci_toolkit.model.plan import Plan
from ci_toolkit.model.progress import ProblemFound, ShardEnded, ShardEvent, ShardStarted, TestEnded, TestsSelected
from ci_toolkit.model.wording import number_of
from ci_toolkit.report.text import one_line, span

if TYPE_CHECKING:
    from ci_toolkit.cli.bars import Bars

LINE_SECONDS = 15.0
"""How often a shard at work says so where there is no terminal."""


class Display:
    """Takes in the events of shards, from any thread, and writes to standard error."""

    def __init__(self, plan: Plan, verbosity: int = 0) -> None:
        """Below 0 only problems are shown, above 0 each test."""
        self._of = len(plan.shards)
        self._verbosity = verbosity
        self._lock = threading.Lock()
        self._done: dict[int, int] = {}
        self._total: dict[int, int] = {}
        self._failed: dict[int, set[str]] = {}
        self._spoke: dict[int, float] = {}
        self._bars = _bars() if verbosity >= 0 else None

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def observe(self, event: ShardEvent) -> None:
        """Show ``event``."""
        with self._lock:
            self._take(event)

    def _take(self, event: ShardEvent) -> None:
        shard, name = event.shard, f"shard {event.shard}/{self._of}"
        match event:
            case ShardStarted():
                self._move(shard)
            case TestsSelected():
                self._total[shard] = max(event.tests + self._done.get(shard, 0), self._total.get(shard, 0))
                self._say(f"{name}: {number_of(event.tests, 'test')}")
                self._move(shard)
            case TestEnded():
                self._done[shard] = self._done.get(shard, 0) + 1
                if not event.is_failure and (self._verbosity > 0 or event.output):
                    self._say(f"{name}: {event.outcome.upper()} {one_line(event.node_id)}", always=True)
                    self._print_output(event)
                self._move(shard)
                self._speak_now_and_then(shard)
            case ProblemFound():
                self._failed.setdefault(shard, set()).add(event.node_id)
                first = one_line(event.message.partition("\n")[0])
                self._say(f"{name}: {event.kind} {one_line(event.node_id)} - {first}", always=True, style="red")
                self._move(shard)
            case ShardEnded():
                reason = f": {one_line(event.reason.partition(chr(10))[0])}" if event.reason else ""
                tests = number_of(event.tests, "test")
                self._say(f"{name}: {event.state} after {span(event.seconds)}, {tests}{reason}")
                self._move(shard)

    def _speak_now_and_then(self, shard: int) -> None:
        now = time.monotonic()
        if now - self._spoke.setdefault(shard, now) >= LINE_SECONDS:
            self._spoke[shard] = now
            self._say(f"shard {shard}/{self._of}: {self._done[shard]}/{self._total.get(shard, 0)} tests")

    def _say(self, line: str, *, always: bool = False, style: str = "") -> None:
        if self._bars is not None:
            if always:
                self._bars.say(line, style)
        elif always or self._verbosity >= 0:
            click.echo(f"ci-toolkit: {line}", err=True)

    def _print_output(self, event: TestEnded) -> None:
        for title, text in event.output:
            lines = f"--- {title} ---\n{text.rstrip()}"
            if self._bars is None:
                click.echo(lines, err=True)
            else:
                self._bars.show(lines)

    def _move(self, shard: int) -> None:
        if self._bars is not None:
            done, total = self._done.get(shard, 0), self._total.get(shard, 0)
            failed = len(self._failed.get(shard, ()))
            self._bars.move(f"shard {shard}/{self._of}", done=done, total=total, failed=failed)


def _bars() -> "Bars | None":
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return None
    from ci_toolkit.cli.bars import bars_on_terminal

    return bars_on_terminal()
