"""Failed tests as pytest shows them: traceback, difference, and what they printed."""

import re
from collections.abc import Iterator

from ci_toolkit.model.verdict import TestFailure
from ci_toolkit.report.text import Line, View, heading, more, one_line, sentences

MOST_IN_FULL = 50
_LONGEST_WHY = 500
_SOURCE = re.compile(r"@|(async )?def |class ")
"""pytest cuts the blanks off the front of its text, and with them those of the first line of source."""
_SECTION = re.compile(r"--- (Captured .+) ---")


def failures_in_full(failures: tuple[TestFailure, ...], view: View) -> Iterator[Line]:
    """Yield each of ``failures`` that is not in quarantine once, as long as they are not too many."""
    failures = tuple(failure for failure in failures if not failure.quarantined)
    if not failures:
        return
    yield Line(heading("FAILURES", view), "bold")
    for failure in failures[:MOST_IN_FULL]:
        yield from _failure(failure, view)
    yield from more(len(failures), MOST_IN_FULL)


def _failure(failure: TestFailure, view: View) -> Iterator[Line]:
    name = one_line(failure.node_id)
    yield Line(heading(f"{failure.outcome.upper()} {name} [shard {failure.shard}]", view, "_"), "bold red")
    if failure.why:
        yield Line(sentences(one_line(failure.why, _LONGEST_WHY), view), "yellow" if failure.is_excused else "red")
    for number, go in enumerate(failure.earlier, start=1):
        yield Line(f"go {number}: {one_line(go.message.partition(chr(10))[0])}", "red")
    if failure.earlier:
        yield Line(f"go {len(failure.earlier) + 1}, the last:")
    detail = failure.detail.strip("\n")
    first = failure.message.partition("\n")[0]
    if first and first not in detail:
        place = f"{one_line(failure.file)}:{failure.line}: " if failure.line else ""
        yield Line(f"{place}{one_line(first)}", "red")
    if _SOURCE.match(detail):
        detail = f"    {detail}"
    for line in detail.split("\n") if detail else ():
        yield Line(line, "red" if line.startswith("E  ") else "bold" if line.startswith(">") else "")
    for line in failure.output.replace("\n\n--- Captured", "\n--- Captured").rstrip("\n").split("\n"):
        section = _SECTION.fullmatch(line)
        if section or failure.output:
            yield Line(heading(section[1], view, "-") if section else line)
    for file in failure.attachments:
        where = file.path or f"not kept: {file.why_not}"
        yield Line(f"attached: {one_line(file.name)} ({one_line(where)})")


def quarantined_in_short(failures: tuple[TestFailure, ...], view: View, most: int) -> Iterator[Line]:
    """Yield for each of ``failures`` in quarantine its name, where and how it failed, and why that does not count."""
    quarantined = [failure for failure in failures if failure.quarantined]
    if quarantined:
        yield Line("-- quarantined: failed as before, which does not fail the run --", "bold yellow")
    for failure in quarantined[:most]:
        yield Line(f"  QUARANTINED  {one_line(failure.node_id)}  [shard {failure.shard}]")
        yield Line(_place_and_message(failure))
        yield Line(sentences(f"          {one_line(failure.why, _LONGEST_WHY)}", view), "yellow")
    yield from more(len(quarantined), most)


def failures_in_short(title: str, failures: tuple[TestFailure, ...], view: View, most: int) -> Iterator[Line]:
    """Yield two lines for each of ``failures``: its name, and where and why it failed."""
    if not failures:
        return
    yield Line(f"-- {title} --", "bold yellow")
    for failure in failures[:most]:
        yield Line(f"  FLAKY   {one_line(failure.node_id)}  [shard {failure.shard}]")
        yield Line(_place_and_message(failure))
        if failure.why:
            yield Line(sentences(f"          {one_line(failure.why, _LONGEST_WHY)}", view), "yellow")
    yield from more(len(failures), most)


def _place_and_message(failure: TestFailure) -> str:
    return f"          {one_line(failure.file)}:{failure.line}: {one_line(failure.message.partition(chr(10))[0])}"
