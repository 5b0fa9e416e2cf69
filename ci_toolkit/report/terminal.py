"""The verdict as text for a terminal or a log."""

from collections.abc import Iterator

from ci_toolkit.model.llm_use import LlmUse
from ci_toolkit.model.reasoned import ReasonedTests
from ci_toolkit.model.verdict import ChangedCoverage, Counts, LostTest, ShardReport, Status, Verdict
from ci_toolkit.model.wording import number_of
from ci_toolkit.report.changed_lines import changed_line, unmeasured_line
from ci_toolkit.report.failures import failures_in_full, failures_in_short, quarantined_in_short
from ci_toolkit.report.rulings import rulings_in_short
from ci_toolkit.report.text import Line, View, more, one_line, sentences, span

MOST_NAMED = 20
"""Tests of one list, and breaches, that are named."""
_REASONED_NAMED = 50
"""Skipped or xfailed tests that are named below their reasons."""
_MORE_NAMED = 10
"""How many times as many, for whoever asks for more."""
_TESTS_OF_A_WARNING = 3
"""That are named below it; more for whoever asks for more."""
_FEW_SLOWEST = 5
_SLOW_SECONDS = 0.1
_LONGEST_SENTENCE = 500
_STYLES = {Status.PASSED: "bold green", Status.FAILED: "bold red", Status.INCOMPLETE: "bold yellow"}


def render_terminal(verdict: Verdict, view: View | None = None) -> str:
    """Return the text: what failed, what is lost, what was slow, predicted against actual, and the answer last."""
    return "\n".join(line.text for line in terminal_lines(verdict, view or View())) + "\n"


def counts_line(counts: Counts) -> str:
    """Return such as ``1 failed, 12 passed; 2 flaky among them``, without what is zero."""
    names = ("failed", "errors", "lost", "passed", "skipped", "xfailed", "xpassed", "left_out")
    words = {"errors": "error" if counts.errors == 1 else "errors", "left_out": "left out"}
    parts = [f"{getattr(counts, name)} {words.get(name, name)}" for name in names if getattr(counts, name)]
    among = [f"{getattr(counts, name)} {name}" for name in ("flaky", "quarantined", "excused") if getattr(counts, name)]
    told = f"; {', '.join(among)} among them" if among else ""
    return f"{', '.join(parts) or 'no tests'}{told}"


def times_line(verdict: Verdict) -> str:
    """Return the wall time, the start-up of a shard, and what the tests took beside what was predicted of them."""
    wall = f"wall {span(verdict.wall_seconds)}, " if verdict.wall_seconds is not None else ""
    predicted = f"; predicted: {span(verdict.predicted_seconds)}" if verdict.predicted_seconds is not None else ""
    shards = f"slowest shard {span(verdict.achieved_seconds)}, start-up {span(verdict.overhead_seconds)} a shard"
    return f"time: {wall}{shards}, tests {span(verdict.tests_seconds)} on the shard with most{predicted}"


def llm_line(use: LlmUse) -> str:
    """Return which language models were used, and how much."""
    named = one_line(", ".join(use.models), _LONGEST_SENTENCE)
    price = "" if use.cost is None else f", {use.cost:.4f} US dollars"
    return (
        f"language model{f' {named}' if named else ''}: {number_of(use.calls, 'call')}, {use.prompt_tokens} tokens in, "
        f"{use.completion_tokens} tokens out{price}"
    )


def quarantine_line(verdict: Verdict) -> str:
    """Return what the quarantine did, and which one it was; ``""`` where there is none."""
    use = verdict.quarantine
    if use is None:
        return ""
    added = f"; {number_of(len(use.held_back), 'addition')} of this change not yet counted" if use.held_back else ""
    excused = number_of(verdict.counts.quarantined, "failure")
    longest = next(iter(use.stays), None)
    stay = f"; the longest for {number_of(longest.days, 'day')}, of {longest.owner}" if longest else ""
    return (
        f"quarantine: {number_of(use.entries, 'entry', 'entries')}, {excused} excused{added}{stay} "
        f"(file {use.digest[:12]})"
    )


def terminal_lines(verdict: Verdict, view: View) -> Iterator[Line]:
    """Yield the lines, in their order."""
    most = MOST_NAMED * (_MORE_NAMED if view.verbosity > 0 else 1)
    yield from failures_in_full(verdict.failures, view)
    yield from quarantined_in_short(verdict.failures, view, most)
    yield from rulings_in_short(verdict.failures, view, most)
    yield from failures_in_short("flaky: failed, then passed", verdict.flaky, view, most)
    yield from _unrun("lost", verdict.lost, most)
    yield from _unrun("left out", verdict.left_out, most)
    if view.verbosity >= 0:
        room = _REASONED_NAMED * most // MOST_NAMED
        yield from _reasoned("skipped", verdict.skipped, most, room)
        if "x" in verdict.shows or view.verbosity > 0:
            yield from _reasoned("expected to fail", verdict.xfailed, most, room)
        if "X" in verdict.shows or view.verbosity > 0:
            yield from _reasoned("expected to fail, and passed", verdict.xpassed, most, room)
        yield from _warnings(verdict, view, most)
    yield from _slowest(verdict, view)
    if view.verbosity >= 0:
        yield from _shards(verdict, view)
        yield from _measured(verdict, view, most)
    for breach in verdict.breaches[:most]:
        text = f"breach: [{breach.gate}] {one_line(breach.message, _LONGEST_SENTENCE)}"
        yield Line(sentences(text, view), "red")
    yield from more(len(verdict.breaches), most)
    answer = f"verdict: {verdict.status}: {counts_line(verdict.counts)}"
    warned = f", {number_of(verdict.warnings.count, 'warning')}" if verdict.warnings.count else ""
    tests = number_of(verdict.counts.total, "test")
    yield Line(sentences(f"{answer} of {tests}{warned}", view), _STYLES[verdict.status])


def _unrun(title: str, tests: tuple[LostTest, ...], most: int) -> Iterator[Line]:
    if not tests:
        return
    yield Line(f"-- {title} --", "bold yellow")
    for test in tests[:most]:
        stands_for = f" ({number_of(test.tests, 'test')})" if test.tests > 1 else "" if test.tests else " (a file)"
        reason = one_line(test.reason)
        yield Line(f"  {title.upper()}  {one_line(test.node_id)}{stands_for}  [shard {test.shard}] {reason}")
    yield from more(len(tests), most)


def _reasoned(title: str, tests: tuple[ReasonedTests, ...], most: int, room: int) -> Iterator[Line]:
    """Yield each reason with its tests, as far as there is room: a suite that skips hundreds names its reasons."""
    if not tests:
        return
    yield Line(f"-- {title} --", "bold")
    for one in tests[:most]:
        reason = one_line(" ".join(one.reason.split()), _LONGEST_SENTENCE) or "without a reason"
        yield Line(f"  {number_of(one.count, 'test')}: {reason}")
        yield from (Line(f"      {one_line(node_id)}", "dim") for node_id in one.node_ids[:room])
        if 0 < room < one.count:
            yield Line(f"      and {one.count - room} more", "dim")
        room = max(0, room - one.count)
    yield from more(len(tests), most)


def _warnings(verdict: Verdict, view: View, most: int) -> Iterator[Line]:
    told = verdict.warnings.told
    if not told:
        return
    yield Line("-- warnings --", "bold yellow")
    for one in told[:most]:
        times = f"{one.count} times: " if one.count > 1 else ""
        text = one_line(" ".join(one.text.split()), _LONGEST_SENTENCE)
        yield Line(sentences(f"  {times}{text}", view), "yellow")
        named = one.node_ids[: _TESTS_OF_A_WARNING if view.verbosity <= 0 else None]
        yield from (Line(f"      {one_line(node_id)}", "dim") for node_id in named)
        if len(one.node_ids) > len(named):
            yield Line("      and others", "dim")
    yield from more(len(told), most)


def _slowest(verdict: Verdict, view: View) -> Iterator[Line]:
    slowest = verdict.slowest[: view.slowest or None]
    if view.slowest is None:
        is_worth_it = view.verbosity >= 0 and slowest and slowest[0].seconds >= _SLOW_SECONDS
        slowest = slowest[:_FEW_SLOWEST] if is_worth_it else ()
    if slowest:
        yield Line("-- slowest --", "bold")
    for slow in slowest:
        yield Line(f"  {slow.seconds:8.2f} s  {one_line(slow.node_id)}")


def _shards(verdict: Verdict, view: View) -> Iterator[Line]:
    yield Line("-- shards --", "bold")
    yield Line("     #  state        tests   predicted      took  start-up", "dim")
    for shard in verdict.shards:
        yield Line(_shard(shard, has_prediction=verdict.predicted_seconds is not None))
        if shard.reason:
            yield Line(sentences(f"        {one_line(shard.reason, _LONGEST_SENTENCE)}", view), "yellow")


def _shard(shard: ShardReport, *, has_prediction: bool) -> str:
    predicted = f"{shard.planned_seconds:.1f} s" if has_prediction else "-"
    return (
        f"  {shard.index:4}  {shard.state:9}  {shard.tests:7}  {predicted:>10}  {shard.tests_seconds:6.1f} s  "
        f"{shard.startup_seconds:6.1f} s"
    )


def _measured(verdict: Verdict, view: View, most: int) -> Iterator[Line]:
    yield Line(sentences(times_line(verdict), view))
    if verdict.advice:
        yield Line(sentences(f"advice: {one_line(verdict.advice, _LONGEST_SENTENCE)}", view))
    coverage = verdict.coverage
    if coverage.percent is not None:
        asked = f" (asked: {coverage.threshold:g}%)" if coverage.threshold is not None else ""
        yield Line(f"coverage: {coverage.percent:.2f}%{asked}")
        for name, part in coverage.by_category.items():
            asked = f" (asked: {part.threshold:g}%)" if part.threshold is not None else ""
            yield Line(f"  {name}: {part.percent:.2f}%{asked}")
    if coverage.changed is not None:
        yield from _changed(coverage.changed, view, most)
    if verdict.quarantine:
        yield Line(sentences(one_line(quarantine_line(verdict), _LONGEST_SENTENCE), view))
    if verdict.llm:
        yield Line(sentences(llm_line(verdict.llm), view))
    yield Line(sentences(f"proof: {verdict.proof.statement}", view))
    for note in verdict.notes:
        yield Line(sentences(f"note: {one_line(note, _LONGEST_SENTENCE)}", view), "yellow")


def _changed(changed: ChangedCoverage, view: View, most: int) -> Iterator[Line]:
    yield Line(sentences(one_line(changed_line(changed), _LONGEST_SENTENCE), view))
    for missed in changed.missed[:most]:
        yield Line(f"  not reached: {one_line(missed.place)}", "yellow")
    yield from more(len(changed.missed), most)
    if changed.unmeasured:
        yield Line(sentences(f"  {one_line(unmeasured_line(changed), _LONGEST_SENTENCE)}", view), "yellow")
