"""The verdict as GitHub-flavoured Markdown for a job summary."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from ci_toolkit.model.verdict import ChangedCoverage, Status, TestFailure, Verdict
from ci_toolkit.report.changed_lines import changed_line, unmeasured_line
from ci_toolkit.report.terminal import counts_line, llm_line, quarantine_line, times_line
from ci_toolkit.report.text import one_line

LARGEST_SUMMARY = 1_000_000
"""Bytes. GitHub drops a step summary over 1 MiB as a whole."""
MOST_LISTED = 100
MOST_STAYS = 10
_LONGEST_WHY = 500
_OF_FAILURES = ("test", "where", "message", "shard")
_SPECIAL = re.compile(r"[\\`*{}\[\]#+!|~<>&@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""An underscore between letters means nothing to Markdown, and names are to be found in the text as they are."""
_SIGN = {Status.PASSED: "✅", Status.FAILED: "❌", Status.INCOMPLETE: "⚠️"}


def render_markdown(verdict: Verdict, largest: int = LARGEST_SUMMARY) -> str:
    """Return the summary in about ``largest`` bytes; text from tests stays text."""
    text = "\n".join(_lines(verdict)) + "\n"
    data = text.encode()
    if len(data) <= largest:
        return text
    return data[:largest].decode("utf-8", "ignore") + "\n\n(cut here; all of it is in verdict.json)\n"


def _text(text: str, longest: int = 200) -> str:
    # Every character that means something to Markdown or HTML becomes its number: nothing is left to break out with.
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", one_line(text, longest))


def code(text: str) -> str:
    """Return ``text`` as inline code that no backtick, pipe or newline in it can leave."""
    return f"<code>{_text(text)}</code>"


def _lines(verdict: Verdict) -> Iterator[str]:
    yield f"## {_SIGN[verdict.status]} {verdict.status}: {counts_line(verdict.counts)}"
    yield ""
    for breach in verdict.breaches[:MOST_LISTED]:
        yield f"- **{_text(breach.gate)}**: {_text(breach.message)}"
    yield from _table("Failures", _OF_FAILURES, map(_failure, _first(verdict.failures, quarantined=False)))
    yield from _table(
        "Quarantined: failed as before, which does not fail the run",
        _OF_FAILURES,
        map(_failure, _first(verdict.failures, quarantined=True)),
    )
    yield from _table(
        "Lost",
        ("test", "shard", "why"),
        ((code(lost.node_id), str(lost.shard), _text(lost.reason)) for lost in verdict.lost[:MOST_LISTED]),
    )
    yield from _table(
        "Left out",
        ("test", "shard", "why"),
        ((code(left.node_id), str(left.shard), _text(left.reason)) for left in verdict.left_out[:MOST_LISTED]),
    )
    yield from _table(
        "Skipped",
        ("tests", "why", "such as"),
        ((str(one.count), _text(one.reason), code(one.node_ids[0])) for one in verdict.skipped[:MOST_LISTED]),
    )
    yield from _table(
        "Warnings",
        ("times", "what", "such as"),
        (
            (str(one.count), _text(one.text, _LONGEST_WHY), code(one.node_ids[0]) if one.node_ids else "")
            for one in verdict.warnings.told[:MOST_LISTED]
        ),
    )
    yield from _table(
        "Flaky",
        ("test", "first failure"),
        ((code(f.node_id), _text(f.message.partition("\n")[0])) for f in verdict.flaky[:MOST_LISTED]),
    )
    yield from _table("Attached by failed tests", ("test", "file", "where"), islice(_attachments(verdict), MOST_LISTED))
    yield from _table(
        "Shards",
        ("shard", "state", "tests", "predicted", "took", "start-up"),
        (
            (
                str(s.index),
                str(s.state),
                str(s.tests),
                "" if verdict.predicted_seconds is None else f"{s.planned_seconds:.1f} s",
                f"{s.tests_seconds:.1f} s",
                f"{s.startup_seconds:.1f} s",
            )
            for s in verdict.shards
        ),
    )
    yield from ("", _text(times_line(verdict)))
    if verdict.advice:
        yield from ("", f"Advice: {_text(verdict.advice)}")
    yield from _table(
        "Slowest tests",
        ("test", "seconds"),
        ((code(slow.node_id), f"{slow.seconds:.2f}") for slow in verdict.slowest[:10]),
    )
    if verdict.coverage.percent is not None:
        asked = f" of {verdict.coverage.threshold:g}% asked" if verdict.coverage.threshold is not None else ""
        yield from ("", f"Coverage: {verdict.coverage.percent:.2f}%{asked}")
    if verdict.coverage.changed is not None:
        yield from _changed(verdict.coverage.changed)
    if verdict.quarantine:
        yield from ("", _text(quarantine_line(verdict)), "")
        yield from (f"- does not count yet: {_text(added)}" for added in verdict.quarantine.held_back[:MOST_LISTED])
        yield from _table(
            "In quarantine, the longest first",
            ("test", "owner", "days", "until"),
            (
                (code(s.test), _text(s.owner), str(s.days), _text(s.expires))
                for s in verdict.quarantine.stays[:MOST_STAYS]
            ),
        )
    if verdict.llm:
        yield from ("", _text(llm_line(verdict.llm)))
    yield from ("", _text(verdict.proof.statement))


def _first(failures: Iterable[TestFailure], *, quarantined: bool) -> Iterator[TestFailure]:
    return islice((failure for failure in failures if failure.quarantined is quarantined), MOST_LISTED)


def _failure(failure: TestFailure) -> tuple[str, ...]:
    why = f" — {_text(failure.why, _LONGEST_WHY)}" if failure.why else ""
    message = f"{_text(failure.message.partition(chr(10))[0])}{why}"
    return code(failure.node_id), code(f"{failure.file}:{failure.line}"), message, str(failure.shard)


def _attachments(verdict: Verdict) -> Iterator[tuple[str, ...]]:
    for failure in (*verdict.failures, *verdict.flaky):
        for file in failure.attachments:
            where = code(file.path) if file.path else _text(f"not kept: {file.why_not}")
            yield code(failure.node_id), code(file.name), where


def _changed(changed: ChangedCoverage) -> Iterator[str]:
    yield from ("", _text(changed_line(changed)))
    yield from _table(
        "Changed lines that no test reached",
        ("where",),
        ((code(missed.place),) for missed in changed.missed[:MOST_LISTED]),
    )
    if changed.unmeasured:
        yield from ("", _text(unmeasured_line(changed)))


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    rows = list(rows)
    if not rows:
        return
    yield from ("", f"### {title}", "", f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}")
    for row in rows:
        yield f"| {' | '.join(row)} |"
