"""Why a failure is red or excused, in one line, wherever failures are shown."""

from collections.abc import Iterator

from ci_toolkit.model.verdict import TestFailure
from ci_toolkit.report.text import Line, View, more, one_line, sentences

_LONGEST_WHY = 500


def rulings_in_short(failures: tuple[TestFailure, ...], view: View, most: int) -> Iterator[Line]:
    """Yield for each judged failure, red ones first, its name and why, and how to run a red one again."""
    judged = sorted((failure for failure in failures if failure.kind), key=lambda failure: failure.is_excused)
    if not judged:
        return
    yield Line("-- failures, judged by trials --", "bold yellow")
    for failure in judged[:most]:
        yield Line(f"  {one_line(failure.node_id)}  [shard {failure.shard}]")
        style = "yellow" if failure.is_excused else "red"
        yield Line(sentences(f"    {one_line(failure.why, _LONGEST_WHY)}", view), style)
        if failure.reproduce and not failure.is_excused:
            yield Line(f"    {one_line(failure.reproduce, _LONGEST_WHY)}", "dim")
    yield from more(len(judged), most)
