"""The table of docs/compatibility.md, made of the rows. `python tests/compat/compat_page.py` writes it anew."""

from collections.abc import Iterable
from pathlib import Path

from compat_rows import Row, read_rows

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
BEGIN, END = "<!-- rows: begin -->", "<!-- rows: end -->"
HEAD = "| row | plugins | tried | what happens |\n|---|---|---|---|\n"


def table(rows: Iterable[Row]) -> str:
    """Return ``rows`` as a Markdown table."""
    return HEAD + "".join(_line(row) for row in rows)


def _line(row: Row) -> str:
    happens = " ".join([row.happens, *(f"*{aspect}: {reason}.*" for aspect, reason in row.differs.items())])
    return f"| `{row.name}` | {', '.join(row.requires) or 'pytest'} | {row.tried} | {happens} |\n"


def page_with(text: str, rows: Iterable[Row]) -> str:
    """Return the page ``text`` with the table of ``rows`` in its place."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(rows)}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), read_rows()), encoding="utf-8")
