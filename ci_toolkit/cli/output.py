"""What the commands print: answers to standard output, everything else to standard error."""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from ci_toolkit.cli.guard import harmless
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.progress import ShardEvent
from ci_toolkit.model.verdict import Verdict
from ci_toolkit.report.text import Line, View, sentences

if TYPE_CHECKING:
    from rich.console import Console

REPORT_NAMES = ("report.html", "summary.md", "verdict.json", "junit.xml")
_QUOTED = " " * 4


class Terminal:
    """Shows a workflow on standard error."""

    def __init__(self, verbosity: int = 0) -> None:
        """Below 0 only problems are shown, above 0 each test."""
        self._verbosity = verbosity

    def say(self, line: str) -> None:
        """Print one line."""
        if self._verbosity >= 0:
            talk(f"ci-toolkit: {line}")

    @contextlib.contextmanager
    def watch(self, plan: Plan) -> Iterator[Callable[[ShardEvent], None]]:
        """Show the shards of ``plan`` while the context lasts."""
        from ci_toolkit.cli.display import Display

        with Display(plan, self._verbosity) as display:
            yield display.observe


def print_verdict(verdict: Verdict, out: Path, view: View) -> None:
    """Print the verdict, and where its reports are."""
    from ci_toolkit.report.terminal import terminal_lines

    console = colours_of(sys.stdout, sys.__stdout__)
    for line in terminal_lines(verdict, view):
        show_line(line, console)
    if view.verbosity < 0:
        return
    if verdict.failures or verdict.lost:
        talk("ci-toolkit: `ci-toolkit run --failed` runs these tests again")
    _name_reports(out)


def show_line(line: Line, console: "Console | None") -> None:
    """Print ``line`` to standard output, in colour where ``console`` has colours."""
    if console is None:
        click.echo(line.text)
        return
    from rich.text import Text

    console.print(Text(_encodable(harmless(line.text), console.encoding), style=line.style), soft_wrap=True)


def _name_reports(out: Path) -> None:
    console = colours_of(sys.stderr, sys.__stderr__)
    if console is None:
        talk(f"ci-toolkit: reports in {out}/: {', '.join(REPORT_NAMES)}")
        return
    from rich.style import Style
    from rich.text import Text

    links = [
        Text(_encodable(name, console.encoding), style=Style(link=(out / name).absolute().as_uri()))
        for name in REPORT_NAMES
    ]
    begin = _encodable(harmless(f"ci-toolkit: reports in {out}/: "), console.encoding)
    console.print(Text(begin) + Text(", ").join(links))


def talk(text: str) -> None:
    """Print ``text`` to standard error, on a terminal divided between words, except for what it quotes."""
    view = View(width=_columns_of(sys.stderr))
    for line in text.split("\n"):
        click.echo(line if line.startswith(_QUOTED) else sentences(line, view), err=True)


def columns() -> int | None:
    """Return how wide the terminal is; None where lines go to a file or a pipe, and are searched there."""
    return _columns_of(sys.stdout)


def _columns_of(stream: TextIO) -> int | None:
    return max(1, shutil.get_terminal_size().columns) if stream.isatty() else None


def colours_of(stream: TextIO, beneath: TextIO | None) -> "Console | None":
    """Return what prints in colour to ``stream``; None where it is no terminal, or nobody wants colours.

    Colours are control characters, which the guard of our output does not let through: they go ``beneath`` it, and
    each text is made harmless by itself.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or beneath is None or not stream.isatty():
        return None
    from rich.console import Console

    stream.flush()
    console = Console(file=beneath, highlight=False, emoji=False, markup=False)
    return console if console.color_system else None


def _encodable(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)


def remove_reports(out: Path) -> None:
    """Remove the reports of an earlier run."""
    from ci_toolkit.workflow.reports import remove_reports as remove

    remove(out)


def remove_plan(out: Path) -> None:
    """Remove an earlier plan."""
    out.unlink(missing_ok=True)
