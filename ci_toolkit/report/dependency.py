"""What a bisection found, as lines of a terminal."""

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence

from ci_toolkit.model.replay import Cause, Dependence, Dependency, Replayed
from ci_toolkit.model.wording import number_of
from ci_toolkit.report.text import one_line, span

_LONGEST = 1_000


def dependency_lines(found: Dependency) -> Iterator[str]:
    """Yield the lines: what was found, each cause, and what it took."""
    yield f"{one_line(found.test, _LONGEST)} {_what(found)}"
    for cause in found.causes:
        yield from _cause(cause)
    if found.has_more:
        yield "  it fails without these as well: there are more, which --most looks for"
    if found.why:
        yield f"  it fails with: {one_line(found.why.partition(chr(10))[0])}"
    if found.causes:
        yield f"reproduce it: ci-toolkit flaky rerun {shlex.quote(one_line(found.test, _LONGEST))}"
    yield f"{number_of(found.runs, 'run')} of pytest, {span(found.seconds)}"


def _what(found: Dependency) -> str:
    tests, times = number_of(found.before, "test"), f"{found.failed} of {number_of(found.tries, 'replay')}"
    match found.kind:
        case Dependence.POLLUTED:
            cause = "after each of these" if len(found.causes) > 1 else "after"
            how = f", in {times}" if found.tries > 1 else ""
            return f"passes alone and fails {cause}{how}:"
        case Dependence.BRITTLE:
            return "fails alone, and passes after what sets up what it needs:"
        case Dependence.ALWAYS:
            return f"does not depend on what ran before it: it fails alone, and after the {tests} that did"
        case Dependence.UNSTEADY:
            return f"fails now and then, alone too, whatever runs before it: it failed in {times} of its order"
        case Dependence.NOT_SEEN:
            return f"cannot be reproduced: it passed alone, and in {number_of(found.tries, 'replay')} after {tests}"
        case Dependence.UNKNOWN:
            return "cannot be judged: a replay does not come to it"


def _cause(cause: Cause) -> Iterator[str]:
    names = [one_line(test, _LONGEST) for test in cause.tests]
    if cause.by_import:
        files = sorted({name.partition("::")[0] for name in names})
        yield f"  the import of {', '.join(files)}, whether or not its tests run"
        return
    for number, name in enumerate(names):
        yield f"  {'and ' if number else ''}{name}"


def rerun_lines(test: str, place: str, replays: Sequence[Replayed]) -> Iterator[str]:
    """Yield the lines: how often the test failed where it ran, and each way in which it did."""
    failed = [replay for replay in replays if replay.failed]
    yield f"{one_line(test, _LONGEST)}, {place}: failed {len(failed)} of {number_of(len(replays), 'time')}"
    for signature, times in Counter(replay.signature for replay in failed).most_common():
        why = next(replay.why for replay in failed if replay.signature == signature)
        yield f"  {number_of(times, 'time')}, signature {signature}: {one_line(why.partition(chr(10))[0])}"
    for why in dict.fromkeys(replay.why for replay in replays if replay.failed is None):
        yield f"  nobody knows: {one_line(why)}"
