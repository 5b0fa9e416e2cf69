"""Cuts one file: where its pieces begin, and which names each piece claims."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from ci_toolkit.model.node_id import function_of
from ci_toolkit.model.plan import Cut
from ci_toolkit.plan.fragments import Fragment

_TOLERANCE = 0.1
"""How far a cut may move to a more natural place, as a share of a piece: small files even it out."""

_REACH = 60
"""How many fragments on either side of the exact place are looked at."""


def cut_evenly(fragments: Sequence[Fragment], room: float) -> list[tuple[int, ...]]:
    """Return runs of fragments, by number, of about equal seconds, each at most ``room`` as far as they allow.

    There is at least one fragment, and ``room`` is above zero.
    """
    ends = list(accumulate(fragment.seconds for fragment in fragments))
    count = min(len(fragments), max(1, math.ceil(ends[-1] / room)))
    size = ends[-1] / count
    cuts = [0]
    for piece in range(1, count):
        cut = cut_near(fragments, ends, size * piece, size * _TOLERANCE)
        if cuts[-1] < cut < len(fragments):
            cuts.append(cut)
    return [tuple(range(start, end)) for start, end in zip(cuts, [*cuts[1:], len(fragments)], strict=True)]


def cut_near(fragments: Sequence[Fragment], ends: Sequence[float], seconds: float, tolerance: float) -> int:
    """Return before which fragment to cut so that about ``seconds`` come first.

    Within ``tolerance`` seconds of the exact place the most natural seam wins, then the nearest. ``ends`` are the
    running sums of the seconds of ``fragments``.
    """
    exact = bisect_left(ends, seconds)
    near = range(max(1, exact + 1 - _REACH), min(len(fragments), exact + 1 + _REACH))
    within = [cut for cut in near if abs(ends[cut - 1] - seconds) <= tolerance]
    if within:
        return min(within, key=lambda cut: (-fragments[cut].seam, abs(ends[cut - 1] - seconds), cut))
    closest = (cut for cut in (exact, exact + 1) if 0 < cut < len(fragments))
    return min(closest, key=lambda cut: (abs(ends[cut - 1] - seconds), cut), default=0)


def cut_of(path: str, pieces: Sequence[Sequence[str]]) -> Cut:
    """Return the cut of ``path`` into ``pieces``, in as few names as say it.

    A function whose tests are all in one piece is named once, without parameters; it claims those too that
    will be added to it.
    """
    piece_of: dict[str, set[int]] = {}
    for number, suffixes in enumerate(pieces):
        for suffix in suffixes:
            piece_of.setdefault(function_of(suffix), set()).add(number)
    whole = {function for function, numbers in piece_of.items() if len(numbers) == 1}
    return Cut(path=path, pieces=tuple(_names(suffixes, whole) for suffixes in pieces))


def _names(suffixes: Sequence[str], whole: set[str]) -> tuple[str, ...]:
    names = (function_of(suffix) if function_of(suffix) in whole else suffix for suffix in suffixes)
    return tuple(dict.fromkeys(names))
