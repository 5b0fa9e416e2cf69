"""``ci-toolkit merge``: from bundles to one verdict."""

from pathlib import Path
from typing import Any

import click

from ci_toolkit.cli.history_options import chosen_history, history_options
from ci_toolkit.cli.options import judging_options, out_option, plan_option, results_option
from ci_toolkit.cli.output import Terminal, columns, print_verdict, remove_reports
from ci_toolkit.cli.selecting import showing_options, take_words
from ci_toolkit.cli.settings import ToolkitCommand


@click.command(cls=ToolkitCommand, remove_outputs=remove_reports)
@plan_option("The plan that the shards followed.")
@results_option("The folder with the bundles of the shards.")
@out_option
@judging_options
@showing_options
@history_options
def command(*, history: str, no_history: bool, out: Path, **options: Any) -> int:
    """Merge the bundles of all shards into one verdict, and exit with it.

    Writes verdict.json, junit.xml, coverage.xml, coverage.json, .coverage, summary.md and report.html.
    """
    words = take_words(options, width=columns())
    from ci_toolkit.workflow.merging import MergeRequest, merge_bundles

    kept = chosen_history(history, no_history=no_history)
    verdict = merge_bundles(MergeRequest(out=out, history=kept, **options), Path.cwd(), Terminal(words.view.verbosity))
    print_verdict(verdict, out, words.view)
    return verdict.exit_code
