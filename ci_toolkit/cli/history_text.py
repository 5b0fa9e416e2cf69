"""A history as plain text."""

from collections.abc import Iterator

from ci_toolkit.history.flake_costs import FlakeCosts
from ci_toolkit.history.overview import Overview
from ci_toolkit.history.store import DAY
from ci_toolkit.model.wording import number_of
from ci_toolkit.report.text import one_line, span


def lines_of(seen: Overview, *, now: float) -> Iterator[str]:
    """Yield the lines of ``ci-toolkit history show``."""
    yield f"history {seen.origin}"
    if not seen.environments:
        yield "  empty"
        return
    yield "-- environments --"
    for known in seen.environments:
        yield f"  {one_line(known.name):24} {known.files:6} files  {known.runs:6} file runs  {_ago(now, known.last_at)}"
    yield f"-- {one_line(seen.shown)}: {seen.tests} tests in {seen.files} files, {seen.seconds:.1f} s --"
    for file in seen.slowest_files:
        imported = "" if file.import_seconds is None else f"  import {file.import_seconds:.2f} s"
        yield f"  {file.seconds:9.2f} s  {file.tests:6} tests  {one_line(file.path)}{imported}"
    if seen.slowest_tests:
        yield "-- slowest tests --"
    for test in seen.slowest_tests:
        spread = "      " if test.spread is None else f"+-{test.spread:4.2f}"
        yield f"  {test.seconds:9.2f} s {spread}  {one_line(test.node_id)}"
    if seen.unsteady:
        yield "-- did not simply pass --"
    for unsteady in seen.unsteady:
        yield f"  failed {unsteady.failed}  flaky {unsteady.flaky}  {one_line(unsteady.node_id)}"
    yield from _costs(seen.costs)


def _costs(costs: FlakeCosts) -> Iterator[str]:
    if not (costs.goes or costs.judged):
        return
    yield "-- what flaky tests cost --"
    yield f"  {number_of(costs.goes, 'rerun or trial', 'reruns and trials')} took {span(costs.seconds)}"
    if costs.judged:
        told = f"{costs.kept_green} kept green by trials, {costs.red_by_flakes} red by flaky tests alone"
        yield f"  {number_of(costs.judged, 'run')} judged: {told}"
        yield f"  their tests took {span(costs.tests_seconds)}, the trials {span(costs.trial_seconds)}"
    for test in costs.costliest:
        yield f"  {test.seconds:9.2f} s  {test.goes:4} goes  flaky {test.flaky:3}  {one_line(test.node_id)}"


def _ago(now: float, then: float) -> str:
    days = int((now - then) / DAY)
    return "last recorded today" if days < 1 else f"last recorded {days} days ago"
