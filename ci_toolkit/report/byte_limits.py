"""Texts that fit a limit in bytes: the most important comes first, whole lines are cut, and what was cut is said."""

from collections.abc import Sequence

from ci_toolkit.model.record import Record


class Block(Record, frozen=True, kw_only=True):
    """A part of a text: its opening, then rows of one line each, the most important first."""

    noun: str
    """What a row is, in the plural."""
    opening: tuple[str, ...] = ()
    rows: tuple[str, ...]


def fitted(blocks: Sequence[Block], limit: int, where: str) -> str:
    """Return the ``blocks``, most important first, in at most ``limit`` bytes of UTF-8.

    Where rows are left out, a line says how many, and that they are in ``where``. ``limit`` has to have room for one
    such line a block.
    """
    blocks = [block for block in blocks if block.rows]
    left = limit - sum(_size(_cut_line(block, len(block.rows), where)) for block in blocks)
    lines: list[str] = []
    for block in blocks:
        taken = _rows_within(block, left)
        if taken:
            kept = [*block.opening, *block.rows[:taken]]
            left -= sum(map(_size, kept))
            lines += kept
        if taken < len(block.rows):
            lines.append(_cut_line(block, len(block.rows) - taken, where))
    return "".join(f"{line}\n" for line in lines)


def cut_to(text: str, limit: int) -> str:
    """Return ``text`` in at most ``limit`` bytes of UTF-8; where it is cut, it ends with an ellipsis."""
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= limit:
        return data.decode()
    ellipsis = "…"
    return data[: limit - len(ellipsis.encode())].decode("utf-8", "ignore") + ellipsis


def _rows_within(block: Block, left: int) -> int:
    left -= sum(map(_size, block.opening))
    for number, row in enumerate(block.rows):
        left -= _size(row)
        if left < 0:
            return number
    return len(block.rows)


def _cut_line(block: Block, count: int, where: str) -> str:
    return f"\n_{count} {block.noun} are cut here; {where} has all of them._"


def _size(line: str) -> int:
    return len(line.encode("utf-8", "backslashreplace")) + 1
