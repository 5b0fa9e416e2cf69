"""The verdict as one HTML page that needs nothing else; every text is escaped, and no script may run in it."""

from base64 import b64encode
from collections.abc import Mapping

import jinja2

from ci_toolkit.model.verdict import Verdict
from ci_toolkit.report.changed_lines import changed_line, unmeasured_line
from ci_toolkit.report.terminal import counts_line, llm_line, quarantine_line, times_line

MOST_LISTED = 500
_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("ci_toolkit.report"),
    autoescape=True,
    trim_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters["base64"] = lambda data: b64encode(data).decode()


def render_html(verdict: Verdict, pictures: Mapping[str, bytes] | None = None) -> str:
    """Return the page, with those ``pictures`` in it that tests attached: path of the attachment to content."""
    changed = verdict.coverage.changed
    seconds = [max(shard.planned_seconds, shard.tests_seconds) for shard in verdict.shards]
    return _TEMPLATES.get_template("report.html").render(
        verdict=verdict,
        shown=pictures or {},
        counts=counts_line(verdict.counts),
        times=times_line(verdict),
        changed=changed_line(changed) if changed else "",
        missed=[lines.place for lines in changed.missed] if changed else [],
        unmeasured=unmeasured_line(changed) if changed else "",
        quarantine=quarantine_line(verdict),
        llm=llm_line(verdict.llm) if verdict.llm else "",
        has_prediction=verdict.predicted_seconds is not None,
        most=MOST_LISTED,
        longest=max([*seconds, 0.001]),
    )
