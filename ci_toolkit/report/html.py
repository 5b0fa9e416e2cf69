"""The verdict as one HTML page that needs nothing else; every text is escaped, and no script may run in it."""

import jinja2

from ci_toolkit.model.verdict import Verdict
from ci_toolkit.report.changed_lines import changed_line, missed_places, unmeasured_line
from ci_toolkit.report.terminal import counts_line, llm_line, quarantine_line, times_line

MOST_LISTED = 500
_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("ci_toolkit.report"),
    autoescape=True,
    trim_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def render_html(verdict: Verdict) -> str:
    """Return the page."""
    changed = verdict.coverage.changed
    seconds = [max(shard.planned_seconds, shard.tests_seconds) for shard in verdict.shards]
    return _TEMPLATES.get_template("report.html").render(
        verdict=verdict,
        counts=counts_line(verdict.counts),
        times=times_line(verdict),
        changed=changed_line(changed) if changed else "",
        missed=list(missed_places(changed)) if changed else [],
        unmeasured=unmeasured_line(changed) if changed else "",
        quarantine=quarantine_line(verdict),
        llm=llm_line(verdict.llm) if verdict.llm else "",
        has_prediction=verdict.predicted_seconds is not None,
        most=MOST_LISTED,
        longest=max([*seconds, 0.001]),
    )
