"""Counts as text."""


def number_of(count: int, noun: str, plural: str = "") -> str:
    """Return such as ``1 test`` or ``12 tests``; ``plural`` is that of a noun that takes more than an s."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
