"""What it means for a run that tests in quarantine alone cover changed lines: in words, and for which failures."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from ci_toolkit.model.quarantine import CoveredAlone, LinesAlone, is_about
from ci_toolkit.model.wording import some_of


def places_alone(node_id: str, alone: Iterable[LinesAlone]) -> str:
    """Return in words which lines of ``alone`` are covered by ``node_id``; ``""`` is none."""
    places = [lines.place for lines in alone if any(is_about(test, node_id) for test in lines.tests)]
    return some_of(places)


def notes_on_alone(found: CoveredAlone, failed: Collection[str], excused: Collection[str]) -> Iterator[str]:
    """Yield which tests nothing excuses, as far as they ``failed``, and of which ``excused`` ones nobody can say that.

    ``failed`` are node ids, ``excused`` the tests of entries.
    """
    places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for lines in found.lines:
        if any(is_about(test, node_id) for test in lines.tests for node_id in failed):
            places[lines.tests].append(lines.place)
    for tests, covered in sorted(places.items()):
        yield (
            f"no failure of {_any_of(tests)} is excused in this run: only tests in quarantine cover what the change "
            f"wrote in {some_of(covered)}"
        )
    untold = found.untold.intersection(excused)
    if found.unknown and excused:
        yield f"{_not_known(excused)}: {found.unknown}"
    elif untold:
        yield (
            f"{_not_known(untold)}: coverage has no line of it apart from others'. Either it failed before the first, "
            "or coverage cannot keep tests apart here (sys.monitoring, or contexts of the suite's own)"
        )


def _not_known(tests: Iterable[str]) -> str:
    return f"a failure is excused, and whether {_any_of(tests)} alone covers changed lines is not known"


def _any_of(tests: Iterable[str]) -> str:
    return " or ".join(sorted(tests))
