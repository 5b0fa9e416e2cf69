"""The end of a run, shared by ``merge`` and ``run``: merge, judge, write every report, print the answer."""

from pathlib import Path

import click
import msgspec

from ci_toolkit.cli.history_options import remember
from ci_toolkit.errors import ExitCode
from ci_toolkit.files import replace_file
from ci_toolkit.merge.merge import merge_run
from ci_toolkit.model.mode import Strictness
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import to_json
from ci_toolkit.model.verdict import Breach, Status, Verdict
from ci_toolkit.report.html import render_html
from ci_toolkit.report.markdown import render_markdown
from ci_toolkit.report.terminal import render_terminal
from ci_toolkit.verdict.judge import Thresholds, judge

_REPORTS = ("verdict.json", "summary.md", "report.html", "junit.xml", "coverage.xml", "coverage.json", ".coverage")


def forget_earlier_reports(out: Path) -> None:
    """Remove the reports of an earlier run: they must not speak for one that cannot end, or begin."""
    for name in _REPORTS:
        (out / name).unlink(missing_ok=True)


def finish(
    plan: Plan,
    results: Path,
    out: Path,
    thresholds: Thresholds,
    *,
    strictness: Strictness = Strictness.STRICT,
    history: str = "",
    trouble: str = "",
) -> Verdict:
    """Merge the bundles below ``results``, write OUT, record the run in ``history`` and print the verdict."""
    forget_earlier_reports(out)
    run = merge_run(
        plan,
        results,
        out,
        tell=lambda line: click.echo(f"ci-toolkit: {line}", err=True),
        coverage_categories={*thresholds.by_category, *thresholds.if_measured},
        learns=bool(history),
    )
    verdict = _despite(trouble, judge(run, thresholds, strictness))
    replace_file(out / "verdict.json", to_json(verdict))
    replace_file(out / "summary.md", render_markdown(verdict).encode("utf-8", "backslashreplace"))
    replace_file(out / "report.html", render_html(verdict).encode("utf-8", "backslashreplace"))
    remember(history, run.history)
    click.echo(render_terminal(verdict), nl=False)
    click.echo(f"ci-toolkit: reports in {out}/: report.html, summary.md, verdict.json, junit.xml", err=True)
    return verdict


def _despite(trouble: str, verdict: Verdict) -> Verdict:
    """Return the verdict on a run whose infrastructure failed under the tests: what they say is no answer then."""
    if not trouble:
        return verdict
    return msgspec.structs.replace(
        verdict,
        status=Status.INCOMPLETE,
        exit_code=int(ExitCode.INFRASTRUCTURE),
        breaches=(Breach(gate="services", message=trouble), *verdict.breaches),
    )
