"""``ci-toolkit history``: what is kept of past runs, in and out of it, and what is dropped."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from ci_toolkit.cli.guard import harmless_json
from ci_toolkit.cli.history_place import history_option
from ci_toolkit.cli.values import TimeSpan
from ci_toolkit.errors import FormatError
from ci_toolkit.history.locations import add_run, open_history, prune_history, shown
from ci_toolkit.history.store import HistoryError, HistoryStore
from ci_toolkit.history.test_durations import TestDurations
from ci_toolkit.model.history import RunRecord
from ci_toolkit.model.wording import number_of

F = TypeVar("F", bound=Callable[..., Any])


_history_option = history_option("Where the times of past runs are kept.")


def _environment_option(function: F) -> F:
    text = "An environment of the history, such as cpython-3.12-linux.  [default: this one, or the one recorded last]"
    return click.option("--environment", default="", metavar="NAME", help=text)(function)


@click.group()
def command() -> None:
    """Show, import, export and prune the times of past runs."""


@command.command()
@_history_option
@_environment_option
@click.option(
    "--top",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="N",
    help="The number of files and tests to list.",
)
@click.option("--test", default=None, metavar="NODEID", help="Draw the last 200 outcomes of one test instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(*, history: str, environment: str, top: int, test: str | None, as_json: bool) -> int:
    """Print the recorded times, the slowest first, or how one test ended."""
    if test is not None:
        return _show_test(history, environment, test, top=top, as_json=as_json)
    from ci_toolkit.cli.history_text import lines_of
    from ci_toolkit.history.overview import overview
    from ci_toolkit.model.record import to_json

    with _existing(history) as store:
        seen = overview(store, _environment(store, environment), top=top)
    if as_json:
        click.echo(harmless_json(to_json(seen)), nl=False)
        return 0
    for line in lines_of(seen, now=time.time()):
        click.echo(line)
    return 0


def _show_test(history: str, environment: str, test: str, *, top: int, as_json: bool) -> int:
    from ci_toolkit.cli.output import colours_of, columns, show_line
    from ci_toolkit.cli.past_text import past_lines
    from ci_toolkit.history.past import past_of
    from ci_toolkit.model.record import to_json
    from ci_toolkit.report.text import View

    with _existing(history) as store:
        past = past_of(store, test, environment)
    if as_json:
        click.echo(harmless_json(to_json(past)), nl=False)
        return 0
    console = colours_of(sys.stdout, sys.__stdout__)
    for line in past_lines(past, View(width=columns()), top=top):
        show_line(line, console)
    return 0


@command.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_history_option
@click.option(
    "--environment",
    default="",
    metavar="NAME",
    help="The environment in which the times were taken.  [default: this one]",
)
@click.option(
    "--recorded",
    type=click.DateTime(),
    metavar="DATE",
    help="The date of the run.  [default: when each file was last written]",
)
def take_in(files: tuple[Path, ...], *, history: str, environment: str, recorded: datetime | None) -> int:
    """Import times from `.test_durations` or JUnit files.

    FILES come from pytest-split or from `pytest --junitxml`; `-` is standard input. Times that no test can take
    are skipped and listed.
    """
    from ci_toolkit.history.test_durations import file_runs_of
    from ci_toolkit.workflow.history import this_environment

    now = time.time()
    place = environment or this_environment()
    for file in files:
        data, written = _read(file, now)
        found = _times_in(data, str(file))
        for line in found.refused:
            click.echo(f"ci-toolkit: skipped, because no test can take this time: {line}", err=True)
        if not found.seconds:
            raise FormatError(f"{file} contains no test times", advice="Nothing was imported from it.")
        at = recorded.replace(tzinfo=UTC).timestamp() if recorded else written
        runs = file_runs_of(found.seconds, at=at)
        _, note = add_run(history, RunRecord(files=tuple((place, run) for run in runs)), now=now)
        if note:
            click.echo(f"ci-toolkit: {note}", err=True)
        found_text = f"{number_of(len(found.seconds), 'test')} of {number_of(len(runs), 'file')}"
        click.echo(f"ci-toolkit: imported {found_text} from {file} for {place}", err=True)
    return 0


@command.command()
@_history_option
@_environment_option
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="The file to write.  [default: standard output]"
)
def export(*, history: str, environment: str, out: Path | None) -> int:
    """Write the times in the format of pytest-split, `.test_durations`.

    Each test has the time that it is expected to take.
    """
    from ci_toolkit.files import replace_file
    from ci_toolkit.history.expected import expected_durations
    from ci_toolkit.history.test_durations import write_test_durations

    with _existing(history) as store:
        data = write_test_durations(expected_durations(store.file_runs(_environment(store, environment))))
    if out is None:
        click.echo(harmless_json(data), nl=False)
    else:
        replace_file(out, data)
    return 0


@command.command()
@_history_option
@click.option("--older-than", type=TimeSpan("d"), help="Also remove runs that are older, such as 90d or 12w.")
def prune(*, history: str, older_than: float | None) -> int:
    """Remove files that no longer exist in this checkout from the history."""
    from ci_toolkit.suite.discover import find_suite

    here = Path.cwd()
    root = here / find_suite(here).root
    with _existing(history) as store:
        paths = {path for known in store.environments() for path in store.paths(known.name)}
        gone = sorted(path for path in paths if not (root / path).exists())
        if paths and len(gone) == len(paths):
            raise HistoryError(
                f"none of the {len(paths)} files in {store.origin} exists in {root}",
                advice="Run it in the folder of the suite that was recorded. Nothing was removed.",
            )
    before = time.time() - older_than if older_than is not None else 0.0
    pruned = prune_history(history, gone=gone, before=before)
    removed = f"{number_of(pruned.files, 'file')} and {number_of(pruned.runs, 'run')} of files"
    click.echo(f"ci-toolkit: removed {removed} from the history", err=True)
    return 0


def _existing(history: str) -> HistoryStore:
    store = open_history(history)
    if store is None:
        raise HistoryError(
            f"there is no history {shown(history)}",
            advice="`ci-toolkit run` and `merge` record one; `ci-toolkit history import` reads .test_durations.",
        )
    return store


def _environment(store: HistoryStore, wanted: str) -> str:
    from ci_toolkit.config.project import nearest
    from ci_toolkit.workflow.history import this_environment

    names = [known.name for known in store.environments()]
    if wanted and wanted not in names:
        raise HistoryError(
            f"{store.origin} has no environment '{wanted}'", advice=nearest(wanted, names, "environments")
        )
    here = this_environment()
    return wanted or (here if here in names or not names else names[0])


def _times_in(data: bytes, origin: str) -> TestDurations:
    from ci_toolkit.history.junit_times import is_xml, read_junit_times
    from ci_toolkit.history.test_durations import read_test_durations

    if is_xml(data):
        return read_junit_times(data, origin=origin, exists=lambda path: Path(path).is_file())
    return read_test_durations(data, origin=origin)


def _read(file: Path, now: float) -> tuple[bytes, float]:
    if str(file) == "-":
        return sys.stdin.buffer.read(), now
    try:
        return file.read_bytes(), file.stat().st_mtime
    except OSError as error:
        raise FormatError(f"{file} cannot be read: {error.strerror}", advice="Give a .test_durations file.") from error
