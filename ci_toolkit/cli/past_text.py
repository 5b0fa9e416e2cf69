"""The past of one test as lines of a terminal."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ci_toolkit.history.past import SHOWN_GOES, TestPast, Way
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.outcomes import GoKind, KnownGo
from ci_toolkit.model.wording import number_of
from ci_toolkit.report.text import Line, View, one_line

_DRAWN_IN_A_LINE = 50
_COMMIT = 8
_LEAST_BRANCH = 4
_NO_GIT = "no commit"
_WORDS = {
    Ended.PASSED: "passed",
    Ended.FAILED: "failed",
    Ended.ERROR: "error",
    Ended.SKIPPED: "skipped",
    Ended.XFAILED: "xfailed",
    Ended.XPASSED: "xpassed",
    Ended.FLAKY: "flaky",
    Ended.UNKNOWN: "no outcome",
}


def past_lines(past: TestPast, view: View, *, top: int) -> Iterator[Line]:
    """Yield the lines of ``ci-toolkit history show --test``, with the ``top`` latest goes that did not pass."""
    yield Line(one_line(past.node_id, 1000), "bold")
    yield Line(f"  {_counts(past)}")
    drawn = past.drawn()
    for start in range(0, len(drawn), _DRAWN_IN_A_LINE):
        known, letters = past.goes[start], drawn[start : start + _DRAWN_IN_A_LINE]
        style = "green" if not letters.strip(str(Ended.PASSED)) else ""
        yield Line(f"  {_day(known.at)}  {_commit(known.commit):9}  {letters}", style)
    if past.ways:
        yield Line("-- ways to fail --", "bold")
    for way in past.ways:
        yield from _way(way, view)
    odd = [known for known in reversed(past.goes) if known.go.ended is not Ended.PASSED or _is_extra(known)]
    if odd and top:
        yield Line("-- what did not simply pass, the latest first --", "bold")
    letters_of = {way.signature: way.letter for way in past.ways}
    for known in odd[:top]:
        yield _go(known, letters_of.get(known.go.signature, ""), view)
    if top and len(odd) > top:
        yield Line(f"  ... and {len(odd) - top} more: --top {len(odd)}", "dim")


def _counts(past: TestPast) -> str:
    counts = {ended: sum(known.go.ended is ended for known in past.goes) for ended in Ended}
    told = ", ".join(f"{count} {_WORDS[ended]}" for ended, count in counts.items() if count)
    last = "its last " if len(past.goes) >= SHOWN_GOES else ""
    return f"{last}{number_of(len(past.goes), 'outcome')}, the oldest first: {told}"


def _way(way: Way, view: View) -> Iterator[Line]:
    begin = f"  {way.letter}  {number_of(way.times, 'time')}  {way.signature}"
    yield Line(begin, "red")
    yield Line(f"     {one_line(way.text, (view.width or 200) - 5)}")
    first = f"{_day(way.first_at)} at {_commit(way.first_commit)}"
    last = f", last {_day(way.last_at)} at {_commit(way.last_commit)}" if way.times > 1 else ""
    yield Line(f"     first {first}{last}", "dim")


def _go(known: KnownGo, letter: str, view: View) -> Line:
    go = known.go
    surroundings = f"{go.kind}{', base' * go.on_base}{', elsewhere' * go.elsewhere}"
    when = datetime.fromtimestamp(known.at, UTC).strftime("%Y-%m-%d %H:%M")
    told = f"{_WORDS[go.ended]} {letter}".rstrip()
    style = "red" if go.ended.is_failure else "green" if go.ended is Ended.PASSED else "yellow"
    text = f"  {when}  {_commit(known.commit):9}  {told:10}  shard {known.shard:<3} {surroundings:8}"
    room = view.columns - len(text) - 2
    branch = one_line(known.lineage.branch, room) if room >= _LEAST_BRANCH else ""
    return Line(f"{text}  {branch}".rstrip(), style)


def _is_extra(known: KnownGo) -> bool:
    return known.go.kind is not GoKind.FIRST


def _commit(commit: str) -> str:
    return one_line(commit[:_COMMIT]) or _NO_GIT


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
