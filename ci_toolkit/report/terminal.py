"""The verdict as plain text for a terminal or a log."""

import re
from collections.abc import Iterator

from ci_toolkit.model.verdict import Counts, LlmUse, LostTest, TestFailure, Verdict

MOST_LISTED = 50
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def render_terminal(verdict: Verdict) -> str:
    """Return the text: what failed, what is lost, what was slow, planned against actual, and the answer last."""
    return "\n".join(_lines(verdict)) + "\n"


def one_line(text: str, longest: int = 200) -> str:
    """Return ``text`` as one printable line: a test's name must not move a cursor or begin a workflow command."""
    line = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text.replace("\n", "\\n"))
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def counts_line(counts: Counts) -> str:
    """Return such as ``12 passed, 1 failed``, without what is zero."""
    names = ("failed", "errors", "lost", "passed", "skipped", "xfailed", "xpassed", "flaky", "quarantined", "left_out")
    parts = [f"{getattr(counts, name)} {name.replace('_', ' ')}" for name in names if getattr(counts, name)]
    return ", ".join(parts) or "no tests"


def times_line(verdict: Verdict) -> str:
    """Return what was predicted beside what was achieved."""
    return (
        f"time: predicted {verdict.predicted_seconds:.1f} s (bound {verdict.lower_bound_seconds:.1f} s), "
        f"achieved {verdict.achieved_seconds:.1f} s, of which {verdict.overhead_seconds:.1f} s outside the tests"
    )


def llm_line(use: LlmUse) -> str:
    """Return what real language models were used for."""
    price = "" if use.cost is None else f", {use.cost:.4f} US dollars"
    return (
        f"real language model: {use.calls} calls, {use.prompt_tokens} tokens in, "
        f"{use.completion_tokens} tokens out{price}"
    )


def _lines(verdict: Verdict) -> Iterator[str]:
    yield from _failures("failures", verdict.failures)
    yield from _failures("flaky: failed, then passed", verdict.flaky)
    yield from _unrun("lost", verdict.lost)
    yield from _unrun("left out", verdict.left_out)
    if verdict.slowest and verdict.slowest[0].seconds >= 0.1:  # noqa: PLR2004 (faster is not slow)
        yield "-- slowest --"
        for slow in verdict.slowest[:5]:
            yield f"  {slow.seconds:8.2f} s  {one_line(slow.node_id)}"
    yield "-- shards --"
    for shard in verdict.shards:
        reason = f"  {one_line(shard.reason)}" if shard.reason else ""
        times = f"planned {shard.planned_seconds:7.1f} s  actual {shard.actual_seconds:7.1f} s"
        yield f"  {shard.index:4}  {shard.state:9}  {shard.tests:6} tests  {times}{reason}"
    yield from _times(verdict)
    coverage = verdict.coverage
    if coverage.percent is not None:
        asked = f" (asked: {coverage.threshold:g}%)" if coverage.threshold is not None else ""
        yield f"coverage: {coverage.percent:.2f}%{asked}"
        for name, part in coverage.by_category.items():
            asked = f" (asked: {part.threshold:g}%)" if part.threshold is not None else ""
            yield f"  {name}: {part.percent:.2f}%{asked}"
    if verdict.llm:
        yield llm_line(verdict.llm)
    yield f"proof: {verdict.proof.statement}"
    for note in verdict.notes:
        yield f"note: {one_line(note, 500)}"
    for breach in verdict.breaches:
        yield f"breach: [{breach.gate}] {one_line(breach.message, 500)}"
    yield f"verdict: {verdict.status}: {counts_line(verdict.counts)} of {verdict.counts.total}"


def _times(verdict: Verdict) -> Iterator[str]:
    yield times_line(verdict)
    if verdict.advice:
        yield f"advice: {one_line(verdict.advice, 500)}"


def _unrun(title: str, tests: tuple[LostTest, ...]) -> Iterator[str]:
    if not tests:
        return
    yield f"-- {title} --"
    for test in tests[:MOST_LISTED]:
        yield f"  {title.upper()}  {one_line(test.node_id)}  [shard {test.shard}] {one_line(test.reason)}"
    yield from _more(len(tests))


def _failures(title: str, failures: tuple[TestFailure, ...]) -> Iterator[str]:
    if not failures:
        return
    yield f"-- {title} --"
    for failure in failures[:MOST_LISTED]:
        first = failure.message.partition("\n")[0]
        yield f"  {failure.outcome.upper():6}  {one_line(failure.node_id)}  [shard {failure.shard}]"
        yield f"          {one_line(failure.file)}:{failure.line}: {one_line(first)}"
    yield from _more(len(failures))


def _more(count: int) -> Iterator[str]:
    if count > MOST_LISTED:
        yield f"  ... and {count - MOST_LISTED} more; all of them are in verdict.json"
