"""``ci-toolkit quarantine``: the tests whose known failures do not fail a run."""

from datetime import date, timedelta
from pathlib import Path

import click

from ci_toolkit.cli.history_options import chosen_history, history_options
from ci_toolkit.cli.options import OUT
from ci_toolkit.errors import ExitCode
from ci_toolkit.report.quarantine import USUAL_DAYS


@click.group()
def command() -> None:
    """Show and keep the tests whose known failures do not fail a run.

    They stand in quarantine.toml, in the root of the project. Only `add` and `release` write to it.
    """


@command.command("list")
@history_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(*, history: str, no_history: bool, as_json: bool) -> int:
    """Print what is in quarantine, what ends next first, with its clean passes."""
    from ci_toolkit.cli.guard import harmless_json
    from ci_toolkit.config.quarantine import load_quarantine
    from ci_toolkit.model.record import to_json
    from ci_toolkit.report.quarantine import lines_of, listing_of
    from ci_toolkit.workflow.quarantine import today
    from ci_toolkit.workflow.standings import standings_of

    quarantine = load_quarantine(_root())
    standings = standings_of(chosen_history(history, no_history=no_history), quarantine.entries)
    if as_json:
        click.echo(harmless_json(to_json(listing_of(quarantine, standings, today()))), nl=False)
        return ExitCode.PASSED
    for line in lines_of(quarantine, standings, today()):
        click.echo(line)
    return ExitCode.PASSED


@command.command()
@click.argument("test")
@click.option("--reason", required=True, help="Why it fails now and then.")
@click.option("--owner", required=True, help="Who mends it.")
@click.option("--issue", required=True, help="Where the work on it is tracked.")
@click.option(
    "--days", type=click.IntRange(min=1), default=USUAL_DAYS, show_default=True, help="After how many days it expires."
)
@click.option(
    "--signature",
    "signatures",
    multiple=True,
    metavar="S",
    help="A failure that it excuses (repeatable).  [default: those of the test in the last run]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=OUT,
    show_default=True,
    help="The folder with the reports of the last run.",
)
def add(test: str, *, reason: str, owner: str, issue: str, days: int, signatures: tuple[str, ...], out: Path) -> int:
    """Write an entry for TEST to the end of quarantine.toml."""
    from ci_toolkit.model.quarantine import QUARANTINE_FILE, QuarantineEntry
    from ci_toolkit.workflow.quarantine import today
    from ci_toolkit.workflow.quarantine_upkeep import add_entry, signatures_of_last_run

    begin: date = today()
    entry = QuarantineEntry(
        test=test,
        reason=reason,
        owner=owner,
        issue=issue,
        since=begin,
        expires=begin + timedelta(days=days),
        signatures=signatures or signatures_of_last_run(out, test),
    )
    line = add_entry(_root(), entry)
    click.echo(f"ci-toolkit: {QUARANTINE_FILE}:{line} has an entry for {test} until {entry.expires}", err=True)
    return ExitCode.PASSED


@command.command()
@click.argument("test")
@history_options
@click.option("--force", is_flag=True, help="Take it out, however often it has passed.")
def release(test: str, *, history: str, no_history: bool, force: bool) -> int:
    """Take the entry of TEST out of quarantine.toml, once it has passed often enough.

    Its passes count since it last failed, one for each order of tests in which it passed.
    """
    from ci_toolkit.model.quarantine import QUARANTINE_FILE
    from ci_toolkit.workflow.quarantine_upkeep import release as take_out

    standing = take_out(_root(), test, chosen_history(history, no_history=no_history), is_forced=force)
    forced = ", as --force asks" if force else ""
    passes = f" after {standing.shown} clean passes" if standing is not None else ""
    click.echo(f"ci-toolkit: {test} is no longer in {QUARANTINE_FILE}{passes}{forced}", err=True)
    return ExitCode.PASSED


@command.command()
@click.argument("tests", nargs=-1, metavar="[TEST]...")
@history_options
def suggest(tests: tuple[str, ...], *, history: str, no_history: bool) -> int:
    """Print entries for tests that the history shows to be flaky, with the evidence; nothing is written.

    Such a test failed and passed on the same sources. Reason, owner and issue are for you to fill in. Of a TEST that is
    named and not suggested, why is said.
    """
    from ci_toolkit.model.wording import number_of
    from ci_toolkit.report.quarantine import left_out_lines, suggestion_lines
    from ci_toolkit.workflow.quarantine import today
    from ci_toolkit.workflow.quarantine_suggestions import suggestions

    found = suggestions(_root(), chosen_history(history, no_history=no_history), tests)
    for line in suggestion_lines(found.tests, today()):
        click.echo(line)
    for line in left_out_lines(found.left_out):
        click.echo(line, err=True)
    click.echo(f"ci-toolkit: {number_of(len(found.tests), 'flaky test')} not in quarantine", err=True)
    return ExitCode.PASSED


@command.command()
def check() -> int:
    """Check that the quarantine keeps its rules; exit with 1 if it does not.

    An entry has not expired and does not last too long, there are not too many, and its test exists and is not
    mission-critical. The files that it names are imported to see that.
    """
    from ci_toolkit.model.quarantine import QUARANTINE_FILE
    from ci_toolkit.model.wording import number_of
    from ci_toolkit.report.text import one_line
    from ci_toolkit.workflow.quarantine_upkeep import check_quarantine

    found = check_quarantine(_root())
    for broken in found.broken:
        click.echo(f"{QUARANTINE_FILE}:{broken.line} {one_line(broken.what, 500)}")
    for path in found.unsure:
        click.echo(
            f"{one_line(path)} lists no tests, so nobody knows whether those in quarantine still exist", err=True
        )
    entries = number_of(len(found.quarantine.entries), "entry", "entries")
    click.echo(f"ci-toolkit: {entries} in quarantine, {number_of(len(found.broken), 'broken rule')}", err=True)
    return ExitCode.FAILED if found.broken or found.unsure else ExitCode.PASSED


def _root() -> Path:
    from ci_toolkit.config.project import project_root

    return project_root(Path.cwd())
