"""Counts and lists as text."""

from collections.abc import Sequence

MOST_NAMED = 5
"""Names that a sentence lists, if it says nothing else; the rest is counted."""


def number_of(count: int, noun: str, plural: str = "") -> str:
    """Return such as ``1 test`` or ``12 tests``; ``plural`` is that of a noun that takes more than an s."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def some_of(names: Sequence[str], most: int = MOST_NAMED, between: str = ", ") -> str:
    """Return such as ``a, b and 3 more``: at most so many of ``names``, and how many the others are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return between.join(names[:most]) + more
