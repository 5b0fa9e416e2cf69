"""What the commands print: answers to standard output, everything else to standard error."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from ci_toolkit.model.plan import Plan
from ci_toolkit.model.progress import ShardEvent
from ci_toolkit.model.verdict import Verdict


class Terminal:
    """Shows a workflow on standard error."""

    def say(self, line: str) -> None:
        """Print one line."""
        click.echo(f"ci-toolkit: {line}", err=True)

    @contextlib.contextmanager
    def watch(self, plan: Plan) -> Iterator[Callable[[ShardEvent], None]]:
        """Show the shards of ``plan`` while the context lasts."""
        from ci_toolkit.cli.display import Display

        with Display(plan) as display:
            yield display.observe


def print_verdict(verdict: Verdict, out: Path) -> None:
    """Print the verdict, and where its reports are."""
    from ci_toolkit.report.terminal import render_terminal

    click.echo(render_terminal(verdict), nl=False)
    click.echo(f"ci-toolkit: reports in {out}/: report.html, summary.md, verdict.json, junit.xml", err=True)


def remove_reports(out: Path) -> None:
    """Remove the reports of an earlier run."""
    from ci_toolkit.workflow.reports import remove_reports as remove

    remove(out)


def remove_plan(out: Path) -> None:
    """Remove an earlier plan."""
    out.unlink(missing_ok=True)
