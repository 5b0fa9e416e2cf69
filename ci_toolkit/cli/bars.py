"""A live bar for each shard, on a terminal. Apart, because its library takes longer to import than a plan to make."""

import sys

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

from ci_toolkit.cli.guard import harmless
from ci_toolkit.report.text import one_line

_BESIDE_THE_BAR = 56
_LONGEST_BAR = 40


def bars_on_terminal() -> "Bars | None":
    """Return what draws on standard error, or None where that can move no cursor."""
    # Bars move the cursor, so they go around the guard of our output, and to a true terminal only.
    console = Console(file=sys.__stderr__)
    return Bars(console) if console.is_terminal else None


class Bars:
    """What is drawn of the shards, and the lines that stand above."""

    def __init__(self, console: Console) -> None:
        self._tasks: dict[str, TaskID] = {}
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=max(4, min(_LONGEST_BAR, console.width - _BESIDE_THE_BAR))),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
        )

    def start(self) -> None:
        """Begin to draw."""
        self._progress.start()

    def stop(self) -> None:
        """Draw no more; the last picture stays."""
        self._progress.stop()

    def say(self, line: str, style: str) -> None:
        """Print one line above the bars, as much of it as fits."""
        fitting = one_line(harmless(line), self._console.width)
        self._console.print(escape(fitting), style=style, highlight=False, no_wrap=True)

    def show(self, text: str) -> None:
        """Print ``text`` above the bars, all of it."""
        self._console.print(escape(harmless(text)), highlight=False, soft_wrap=True)

    def move(self, name: str, *, done: int, total: int, failed: int) -> None:
        """Draw how far the shard ``name`` is; the first time, that it begins."""
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=None, failed="starting")
            return
        self._progress.update(
            self._tasks[name],
            completed=done,
            total=total or None,
            failed=f"[red]{failed} failed[/red]" if failed else "",
        )
