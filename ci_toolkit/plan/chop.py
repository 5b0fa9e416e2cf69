"""Cuts one file into runs of consecutive tests, at classes and functions where that costs nothing."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from ci_toolkit.plan.atoms import Atom

_PLAY = 0.1
"""How far a cut may move to a more natural place, as a share of a piece: small files even it out."""


def chop(atoms: Sequence[Atom], room: float) -> list[tuple[int, ...]]:
    """Cut a file into runs of atoms of about equal seconds, each at most ``room`` as far as its atoms allow."""
    ends = list(accumulate(atom.seconds for atom in atoms))
    total = ends[-1] if ends else 0.0
    count = min(len(atoms), max(1, math.ceil(total / room))) if room > 0.0 else len(atoms)
    size = total / count
    cuts = [0]
    for piece in range(1, count):
        cut = cut_near(atoms, ends, size * piece, size * _PLAY)
        if cuts[-1] < cut < len(atoms):
            cuts.append(cut)
    return [tuple(range(start, end)) for start, end in zip(cuts, [*cuts[1:], len(atoms)], strict=True)]


def cut_near(atoms: Sequence[Atom], ends: Sequence[float], seconds: float, play: float) -> int:
    """Return before which atom to cut so that about ``seconds`` come first.

    Within ``play`` seconds of the exact place the most natural seam wins, then the nearest. ``ends`` are the
    running sums of the seconds of ``atoms``.
    """
    exact = bisect_left(ends, seconds)
    low, high = bisect_left(ends, seconds - play), bisect_left(ends, seconds + play)
    near = range(max(1, low, exact - _REACH), min(len(atoms), high + 1, exact + _REACH))
    within = [cut for cut in near if abs(ends[cut - 1] - seconds) <= play]
    if within:
        return min(within, key=lambda cut: (-atoms[cut].seam, abs(ends[cut - 1] - seconds), cut))
    closest = (cut for cut in (exact, exact + 1) if 0 < cut < len(atoms))
    return min(closest, key=lambda cut: (abs(ends[cut - 1] - seconds), cut), default=0)


_REACH = 60
"""How many atoms on either side of the exact place are looked at."""
