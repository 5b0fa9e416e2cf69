"""Writes a cut down: which names each piece of a file claims."""

from collections.abc import Sequence

from ci_toolkit.model.node_id import function_of
from ci_toolkit.model.plan import Cut


def cut_of(path: str, pieces: Sequence[Sequence[str]]) -> Cut:
    """Return the cut of ``path`` into ``pieces``, in as few names as say it.

    A function whose tests are all in one piece is named once, without parameters; it claims those too that
    will be added to it.
    """
    piece_of: dict[str, set[int]] = {}
    for number, suffixes in enumerate(pieces):
        for suffix in suffixes:
            piece_of.setdefault(function_of(suffix), set()).add(number)
    return Cut(path=path, pieces=tuple(_names(suffixes, piece_of) for suffixes in pieces))


def _names(suffixes: Sequence[str], piece_of: dict[str, set[int]]) -> tuple[str, ...]:
    whole = {function for function, numbers in piece_of.items() if len(numbers) == 1}
    names = (function_of(suffix) if function_of(suffix) in whole else suffix for suffix in suffixes)
    return tuple(dict.fromkeys(names))
