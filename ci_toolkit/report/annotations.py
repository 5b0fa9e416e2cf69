"""Failures as annotations of lines: the deepest place inside the repository, each text within GitHub's limits."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import chain

from ci_toolkit.model.record import Record
from ci_toolkit.model.verdict import TestFailure, Verdict
from ci_toolkit.report.byte_limits import cut_to
from ci_toolkit.report.publishable import MOST_DETAILS
from ci_toolkit.report.text import one_line

MOST_ANNOTATIONS = MOST_DETAILS
"""Four requests of 50; whoever has more failures reads the list."""
LONGEST_TITLE = 255
LONGEST_MESSAGE = 65_535
_LONGEST_PATH = 1_000
_LAST_LINE = 2**31 - 1
_FRAME = re.compile(r"^(?!E  )([^\s:][^:\n]*\.\w+):(\d+):", re.MULTILINE)
"""As pytest ends each frame of a traceback: ``tests/test_a.py:12: AssertionError``."""
_LIBRARY = re.compile(r"(?:^|/)(?:site-packages|dist-packages|\.?venv|\.tox|\.nox)/")


class Root(Record, frozen=True, kw_only=True):
    """Where the project lies: ``prefix`` is its folder relative to the ``workspace``, which is the repository's."""

    prefix: str = ""
    workspace: str = ""


class Annotation(Record, frozen=True, kw_only=True):
    """What GitHub shows at a line."""

    path: str
    start_line: int
    end_line: int
    annotation_level: str
    title: str
    message: str
    raw_details: str


def annotations_of(verdict: Verdict, root: Root) -> tuple[Annotation, ...]:
    """Return an annotation for each failed test and then each flaky one, as far as there is a place for it."""
    by_importance = sorted(verdict.failures, key=lambda failure: failure.quarantined or failure.is_excused)
    found = chain(
        (_annotation(failure, root, is_flaky=False) for failure in by_importance),
        (_annotation(failure, root, is_flaky=True) for failure in verdict.flaky),
    )
    return tuple(annotation for annotation in found if annotation is not None)[:MOST_ANNOTATIONS]


def place_of(failure: TestFailure, root: Root) -> tuple[str, int]:
    """Return the path, from the top of the repository, and line of the deepest frame inside the repository.

    The path is ``""`` where there is none.
    """
    return next(((path, line) for path, line in _places(failure, root) if path), ("", 0))


def _places(failure: TestFailure, root: Root) -> Iterator[tuple[str, int]]:
    yield _in_repository(failure.file, root), failure.line
    for path, line in reversed(_FRAME.findall(failure.detail)):
        yield _in_repository(path, root), int(line[:9])
    yield _in_repository(failure.node_id.partition("::")[0], root), 0


def _in_repository(path: str, root: Root) -> str:
    joined = posixpath.normpath(posixpath.join(root.workspace, root.prefix, path)) if path else ""
    if root.workspace:
        inside = f"{posixpath.normpath(root.workspace)}/"
        joined = joined.removeprefix(inside) if joined.startswith(inside) else ""
    is_outside = joined.startswith(("/", "../")) or joined in {"", ".", ".."} or _LIBRARY.search(joined) is not None
    is_odd = len(joined) > _LONGEST_PATH or one_line(joined, _LONGEST_PATH) != joined
    return "" if is_outside or is_odd else joined


def _annotation(failure: TestFailure, root: Root, *, is_flaky: bool) -> Annotation | None:
    path, line = place_of(failure, root)
    if not path:
        return None
    shown_line = min(max(1, line), _LAST_LINE)
    excuse = "quarantined" if failure.quarantined else "excused" if failure.is_excused else ""
    kind = "flaky" if is_flaky else excuse or failure.outcome
    return Annotation(
        path=path,
        start_line=shown_line,
        end_line=shown_line,
        annotation_level="failure" if kind == failure.outcome else "warning",
        title=cut_to(one_line(f"{kind}: {failure.node_id}", LONGEST_TITLE), LONGEST_TITLE),
        message=cut_to(_printable(f"{failure.why}\n{failure.message}".strip()) or kind, LONGEST_MESSAGE),
        raw_details=cut_to(_printable(failure.detail), LONGEST_MESSAGE),
    )


def _printable(text: str) -> str:
    lines: Sequence[str] = text.split("\n")
    return "\n".join(one_line(line, len(line) * 8) for line in lines)
