"""The picture of the test architecture: services, categories and what they need, as Mermaid in Markdown."""

from collections import Counter

from ci_toolkit.authoring.suite_reading import WRITTEN_BY, ReadTest, SuiteReading
from ci_toolkit.model.category import CATEGORIES
from ci_toolkit.model.wording import number_of

_UNSORTED = "no category"


def overview(reading: SuiteReading) -> str:
    """Return the page. Equal suites give equal text."""
    services = sorted({test.service for test in reading.tests})
    return (
        "\n\n".join(
            [
                "# Test architecture",
                WRITTEN_BY,
                f"```mermaid\n{_diagram(reading.tests, services)}\n```",
                _table(reading.tests, services),
            ]
        )
        + "\n"
    )


def _diagram(tests: tuple[ReadTest, ...], services: list[str]) -> str:
    lines = ["flowchart LR"]
    boxes: dict[tuple[str, str], str] = {}
    for number, service in enumerate(services, start=1):
        lines.append(f'  subgraph s{number}["{_label(service or "the repository")}"]')
        for category, (count, files) in _counts(tests, service).items():
            box = boxes[service, category] = f"s{number}c{len(boxes) + 1}"
            lines.append(
                f'    {box}["{_label(category)}<br/>{number_of(count, "test")} in {number_of(files, "file")}"]'
            )
        lines.append("  end")
    needs = sorted({need for test in tests for need in test.needs})
    lines.extend(f'  n{number}[("{_label(need)}")]' for number, need in enumerate(needs, start=1))
    used = sorted({(test.service, _category(test), need) for test in tests for need in test.needs})
    lines.extend(f"  {boxes[service, category]} --> n{needs.index(need) + 1}" for service, category, need in used)
    for service in services:
        for first, then in (("unit", "integration"), ("integration", "e2e")):
            if (service, first) in boxes and (service, then) in boxes:
                lines.append(f"  {boxes[service, first]} -. before .-> {boxes[service, then]}")
    return "\n".join(lines)


def _table(tests: tuple[ReadTest, ...], services: list[str]) -> str:
    lines = ["| service | category | tests | files | mission critical |", "|---|---|---:|---:|---:|"]
    for service in services:
        for category, (count, files) in _counts(tests, service).items():
            critical = sum(t.is_critical for t in tests if (t.service, _category(t)) == (service, category))
            lines.append(f"| {_label(service or 'the repository')} | {category} | {count} | {files} | {critical} |")
    return "\n".join(lines)


def _counts(tests: tuple[ReadTest, ...], service: str) -> dict[str, tuple[int, int]]:
    """Return category to number of tests and of files, in the order in which categories run."""
    own = [test for test in tests if test.service == service]
    number = Counter(_category(test) for test in own)
    order = (*CATEGORIES, *sorted(set(number) - {*CATEGORIES, _UNSORTED}), _UNSORTED)
    files = {name: len({test.path for test in own if _category(test) == name}) for name in number}
    return {name: (number[name], files[name]) for name in order if name in number}


def _category(test: ReadTest) -> str:
    return test.category or _UNSORTED


def _label(text: str) -> str:
    """Return ``text`` as words inside a quoted Mermaid label or a table's cell."""
    return "".join(char if char.isalnum() or char in " ./_-" else f"#{ord(char)};" for char in text)
