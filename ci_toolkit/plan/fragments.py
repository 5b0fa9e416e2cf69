"""The fragments of a file: its tests in source order, those that must stay together made one."""

import math
from collections.abc import Callable
from itertools import groupby

from ci_toolkit.model.node_id import class_of, function_of
from ci_toolkit.model.record import Record
from ci_toolkit.plan.estimates import FileEstimate
from ci_toolkit.plan.request import Keep

NEW_CLASS, NEW_FUNCTION, SAME_FUNCTION = 2, 1, 0


class Fragment(Record, frozen=True, kw_only=True):
    """Tests that are never separated; nearly always one."""

    suffixes: tuple[str, ...]
    seconds: float
    seam: int
    """How natural it is to cut before it: between classes, between functions, between parameter sets."""


def fragments_of(file: FileEstimate, keep: Keep) -> tuple[Fragment, ...]:
    """Return the fragments of ``file`` in the order of its source: the same for any order of ``file.suffixes``."""
    bond = _bond(file, keep)
    place = _source_order(file)
    tests = sorted(zip(file.suffixes, file.each, strict=True), key=lambda test: (place(test[0]), test))
    first = {bond(suffix): place(suffix) for suffix, _ in reversed(tests)}
    tests.sort(key=lambda test: first[bond(test[0])])
    fragments: list[Fragment] = []
    before = ""
    for _, together in groupby(tests, key=lambda test: bond(test[0])):
        members = list(together)
        suffixes = tuple(suffix for suffix, _ in members)
        seconds = math.fsum(took for _, took in members)
        fragments.append(Fragment(suffixes=suffixes, seconds=seconds, seam=_seam(before, suffixes[0])))
        before = suffixes[-1]
    return tuple(fragments)


def _bond(file: FileEstimate, keep: Keep) -> Callable[[str], str]:
    """Return the function whose value is the same for tests that must stay together."""
    if keep is Keep.MODULE or file.stays_whole:
        return lambda _: ""

    def alone(suffix: str) -> str:
        function = function_of(suffix)
        return function if function in file.unsettled else suffix

    if keep is Keep.CLASS:
        return lambda suffix: function_of(suffix).partition("::")[0] if class_of(suffix) else alone(suffix)
    if keep is Keep.XDIST_GROUP:
        return lambda suffix: f"@{group}" if (group := file.group_of(suffix)) else alone(suffix)
    return alone if file.unsettled else lambda suffix: suffix


def _source_order(file: FileEstimate) -> Callable[[str], tuple[int, str, int, str]]:
    """Return the sort key of a suffix: as in the source, with classes together; what is not there comes last."""
    functions: dict[str, int] = {}
    classes: dict[str, int] = {}
    for number, anchor in enumerate(file.anchors):
        functions.setdefault(function_of(anchor), number)
        classes.setdefault(class_of(anchor), number)
    last = len(file.anchors)

    def place(suffix: str) -> tuple[int, str, int, str]:
        function, holder = function_of(suffix), class_of(suffix)
        at = functions.get(function, last)
        return (classes.get(holder, last) if holder else at, holder, at, function)

    return place


def _seam(before: str, suffix: str) -> int:
    if function_of(before) == function_of(suffix):
        return SAME_FUNCTION
    return NEW_FUNCTION if class_of(before) == class_of(suffix) else NEW_CLASS
