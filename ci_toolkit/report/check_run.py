"""The verdict as the one status of a pull request: what a check run on GitHub shows, every text within its limit."""

from collections.abc import Iterator

import msgspec

from ci_toolkit.model.record import Record
from ci_toolkit.model.verdict import Breach, ChangedCoverage, LostTest, Status, TestFailure, Verdict
from ci_toolkit.report.annotations import MOST_ANNOTATIONS, Annotation, Root, annotations_of, place_of
from ci_toolkit.report.byte_limits import Block, cut_to, fitted
from ci_toolkit.report.changed_lines import changed_line, unmeasured_line
from ci_toolkit.report.markdown import code
from ci_toolkit.report.terminal import counts_line, llm_line, quarantine_line, times_line

LONGEST_TEXT = 65_535
"""Bytes of the summary, and of the text below it."""
LONGEST_TITLE = 200
WHERE = "verdict.json"


class CheckReport(Record, frozen=True, kw_only=True):
    """What a completed check run says."""

    conclusion: str
    title: str
    summary: str
    text: str
    annotations: tuple[Annotation, ...] = ()


def render_check(verdict: Verdict, root: Root) -> CheckReport:
    """Return the check run of ``verdict``, which is `publishable`: strangers' text is in it as code, and nothing else.

    Inside code GitHub reads no mention, no link and no number of an issue.
    """
    is_green = verdict.status is Status.PASSED and verdict.exit_code == 0
    return CheckReport(
        conclusion="success" if is_green else "failure",
        title=cut_to(f"{verdict.status}: {counts_line(verdict.counts)}", LONGEST_TITLE),
        summary=fitted(list(summary_blocks(verdict, root)), LONGEST_TEXT, WHERE),
        text=fitted(list(_text(verdict)), LONGEST_TEXT, WHERE),
        annotations=annotations_of(verdict, root),
    )


def without_verdict(why: str) -> CheckReport:
    """Return the check run where there is no verdict to read: nothing is green without evidence."""
    return CheckReport(conclusion="failure", title="there is no verdict", summary=f"{code(why)}\n", text="")


def without_success(report: CheckReport, conclusion: str) -> CheckReport:
    """Return ``report`` of a run that itself ended as ``conclusion``: what is green in it proves nothing."""
    note = f"The run ended as {code(conclusion)}, whatever its verdict says.\n\n"
    return msgspec.structs.replace(report, conclusion="failure", summary=cut_to(note + report.summary, LONGEST_TEXT))


def summary_blocks(verdict: Verdict, root: Root) -> Iterator[Block]:
    """Yield what a reader has to know, the most important first."""
    headline = f"**{verdict.status}**: {counts_line(verdict.counts)} of {verdict.counts.total}"
    yield Block(noun="lines", rows=(headline,))
    yield Block(noun="broken rules", opening=("",), rows=tuple(map(_breach, verdict.breaches)))
    failed = [failure for failure in verdict.failures if not failure.quarantined]
    quarantined = [failure for failure in verdict.failures if failure.quarantined]
    yield _table("failures", ("where", "test", "what"), (_failure(failure, root) for failure in failed))
    yield _table(
        "quarantined failures", ("where", "test", "what"), (_failure(failure, root) for failure in quarantined)
    )
    yield _table("lost tests", ("test", "shard", "why"), map(_unrun, verdict.lost))
    yield _table("tests left out", ("test", "shard", "why"), map(_unrun, verdict.left_out))
    yield _table("flaky tests", ("where", "test", "first failure"), (_failure(f, root) for f in verdict.flaky))
    if verdict.coverage.changed is not None:
        places = ((code(missed.place),) for missed in verdict.coverage.changed.missed)
        yield _table("changed lines that no test reached", ("where",), places)
    annotated = len(verdict.failures) + len(verdict.flaky)
    if annotated > MOST_ANNOTATIONS:
        note = f"The first {MOST_ANNOTATIONS} of {annotated} failures are annotated at their lines."
        yield Block(noun="lines", opening=("",), rows=(note,))


def _text(verdict: Verdict) -> Iterator[Block]:
    yield Block(noun="lines about coverage", rows=tuple(_coverage(verdict)))
    rows = tuple(_changed(verdict.coverage.changed))
    yield Block(noun="lines about coverage of changed lines", opening=("",), rows=rows)
    yield _table(
        "shards",
        ("shard", "state", "tests", "took", "start-up", "why"),
        (
            (
                str(shard.index),
                str(shard.state),
                str(shard.tests),
                f"{shard.tests_seconds:.1f} s",
                f"{shard.startup_seconds:.1f} s",
                code(shard.reason) if shard.reason else "",
            )
            for shard in verdict.shards
        ),
    )
    yield Block(noun="lines about time", opening=("",), rows=(code(times_line(verdict)),))
    slowest = ((f"{slow.seconds:.2f} s", code(slow.node_id)) for slow in verdict.slowest[:10])
    yield _table("slowest tests", ("took", "test"), slowest)
    llm = llm_line(verdict.llm) if verdict.llm else ""
    told = (verdict.proof.statement, verdict.advice, quarantine_line(verdict), llm, *verdict.notes)
    yield Block(noun="notes", opening=("",), rows=tuple(f"- {code(line)}" for line in told if line))


def _coverage(verdict: Verdict) -> Iterator[str]:
    coverage = verdict.coverage
    if coverage.percent is None:
        return
    yield f"Coverage: {coverage.percent:.2f}%{_asked(coverage.threshold)}"
    for name, part in coverage.by_category.items():
        yield f"- {code(name)}: {part.percent:.2f}%{_asked(part.threshold)}"


def _changed(changed: ChangedCoverage | None) -> Iterator[str]:
    if changed is not None:
        yield code(changed_line(changed))
    if changed is not None and changed.unmeasured:
        yield code(unmeasured_line(changed))


def _asked(threshold: float | None) -> str:
    return "" if threshold is None else f" of {threshold:g}% asked"


def _breach(breach: Breach) -> str:
    return f"- **{breach.gate}**: {code(breach.message)}"


def _failure(failure: TestFailure, root: Root) -> tuple[str, ...]:
    path, line = place_of(failure, root)
    where = f"{path}:{line}" if path else f"{failure.file}:{failure.line}"
    what = code(failure.message.partition("\n")[0])
    return (code(where), code(failure.node_id), f"{what} {code(failure.why)}" if failure.why else what)


def _unrun(test: LostTest) -> tuple[str, ...]:
    return (code(test.node_id), str(test.shard), code(test.reason))


def _table(noun: str, head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Block:
    opening = ("", f"### {noun.capitalize()}", "", f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}")
    return Block(noun=noun, opening=opening, rows=tuple(f"| {' | '.join(row)} |" for row in rows))
