"""Finds the smallest cause among many: which of the tests that ran before another one make the difference to it.

A binary search over how many of them, counted from the last, are needed; once for each test of the cause.
"""

from collections.abc import Callable, Sequence

Makes = Callable[[Sequence[str]], bool]
"""Says whether some of the candidates, in their order, make the difference. Each question is a run."""


def smallest_cause(candidates: Sequence[str], makes: Makes) -> tuple[str, ...]:
    """Return a smallest part of ``candidates``, in their order, that makes the difference.

    All of them together make it, and none of them does not. What is returned was seen to make it. No part of it does,
    wherever more candidates never unmake the difference. Asks at most k * (ceil(log2(n)) + 1) times
    for k tests out of n.
    """
    found: tuple[str, ...] = ()
    rest = tuple(candidates)
    while True:
        needed = _fewest_of_the_last(found, rest, makes)
        found = (*found, rest[-needed])
        rest = rest[len(rest) - needed + 1 :]
        if not rest or makes(found):
            return found


def _fewest_of_the_last(found: tuple[str, ...], rest: tuple[str, ...], makes: Makes) -> int:
    """Return a number of the last of ``rest`` that make the difference with ``found``, where one less do not."""
    too_few, enough = 0, len(rest)
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if makes((*found, *rest[-middle:])):
            enough = middle
        else:
            too_few = middle
    return enough
