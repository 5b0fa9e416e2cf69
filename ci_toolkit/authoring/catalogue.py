"""The catalogue of e2e tests, by rank, as Markdown."""

from ci_toolkit.authoring.suite_reading import WRITTEN_BY, ReadTest, SuiteReading
from ci_toolkit.model.wording import number_of

TOLERATED = {1: "none", 2: "up to 5%", 3: "up to 10%", 4: "up to 15%", 5: "up to 20%", 6: "up to 25%"}
"""Rank to the failures that a release may carry; what nobody ranked is judged like the last rank."""


def catalogue(reading: SuiteReading) -> str:
    """Return the page. Equal suites give equal text."""
    tests = [test for test in reading.tests if test.category in {"e2e", "mission_critical"}]
    parts = [
        "# E2E test index",
        WRITTEN_BY,
        _summary(tests),
    ]
    for rank in (*TOLERATED, 0):
        ranked = [test for test in tests if test.rank == rank]
        if ranked:
            parts.append(_section(rank, ranked))
    if reading.unread:
        unread = "\n".join(f"- {as_code(path)}" for path in reading.unread)
        parts.append(f"## Files that could not be read\n\n{unread}")
    return "\n\n".join(parts) + "\n"


def _summary(tests: list[ReadTest]) -> str:
    rows = []
    for rank in (*TOLERATED, 0):
        number = sum(test.rank == rank for test in tests)
        rows.append(f"| {_name(rank)} | {number} | {TOLERATED.get(rank, 'as P6')} |")
    head = "| rank | tests | tolerated failures |\n|---|---:|---|"
    return (
        f"{number_of(len(tests), 'test')} in {number_of(len({test.path for test in tests}), 'file')}.\n\n{head}\n"
        + "\n".join(rows)
    )


def _section(rank: int, tests: list[ReadTest]) -> str:
    lines = [f"## {_name(rank)}", "", "| test | promise | needs |", "|---|---|---|"]
    for test in tests:
        promise = as_cell(test.promise) + (" **mission critical**" if test.is_critical else "")
        lines.append(f"| {as_code(f'{test.path}::{test.name}')} | {promise.strip()} | {', '.join(test.needs)} |")
    return "\n".join(lines)


def _name(rank: int) -> str:
    return f"P{rank}" if rank else "Not ranked"


def as_cell(text: str) -> str:
    """Return ``text`` as plain words in a table's cell: no markup, no cell or line of its own."""
    escaped = "".join(f"\\{char}" if char in "\\`*_{}[]<>()#+!|~&" else char for char in text)
    return "".join(char if char.isprintable() else "?" for char in escaped)


def as_code(text: str) -> str:
    """Return ``text`` as code in a table's cell."""
    shown = "".join(char if char.isprintable() else "?" for char in text)
    return f"`{shown.replace('`', '?').replace('|', '?')}`"
