"""``ci-toolkit open``: the last report in a browser, or where it is."""

import os
from pathlib import Path

import click

from ci_toolkit.cli.machine import FileError
from ci_toolkit.cli.options import OUT
from ci_toolkit.cli.settings import ToolkitCommand
from ci_toolkit.workflow.reports import REPORT_PAGE, has_browser


@click.command(cls=ToolkitCommand)
@click.option(
    "--out", type=click.Path(path_type=Path), default=OUT, show_default=True, help="The folder with the reports."
)
def command(*, out: Path) -> int:
    """Show the report of the last run in a browser, and print where it is.

    Where there is no browser, as on a machine without a screen, it is only printed.
    """
    page = (out / REPORT_PAGE).absolute()
    if not page.is_file():
        raise FileError(
            f"{page} does not exist: no run has left a report there",
            advice="Run the suite with `ci-toolkit run`, or say with --out where its reports are.",
        )
    click.echo(str(page))
    if has_browser(os.environ):
        import webbrowser

        webbrowser.open(page.as_uri())
    return 0
