"""Writes JUnit XML as a stream: one test suite a shard, one test case a test, whatever its text holds."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree

from ci_toolkit.model.journal import When
from ci_toolkit.model.result import Outcome, PhaseFailure, TestResult
from ci_toolkit.model.verdict import Counts

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_fragment(path: Path, results: Iterable[TestResult]) -> float:
    """Write the test cases of one shard, without their suite; return their seconds."""
    seconds = 0.0
    with path.open("wb") as file:
        for result in results:
            seconds += result.seconds
            file.write(etree.tostring(_case(result), encoding="UTF-8", xml_declaration=False))
            file.write(b"\n")
    return seconds


def write_junit(path: Path, suites: Iterable[tuple[str, Counts, float, float, Path]]) -> None:
    """Put the fragments together: (name, counts, seconds, start in epoch seconds, fragment) a suite."""
    suites = list(suites)
    everything = [sum(getattr(counts, name) for _, counts, _, _, _ in suites) for name in Counts.__struct_fields__]
    total = Counts(**dict(zip(Counts.__struct_fields__, everything, strict=True)))
    with path.open("wb") as file:
        file.write(b'<?xml version="1.0" encoding="utf-8"?>\n')
        file.write(_start_tag("testsuites", name="ci-toolkit", **_numbers(total, sum(s for _, _, s, _, _ in suites))))
        for name, counts, seconds, started, fragment in suites:
            stamp = datetime.fromtimestamp(started, tz=UTC).isoformat()
            file.write(_start_tag("testsuite", name=name, **_numbers(counts, seconds), timestamp=stamp))
            with fragment.open("rb") as cases:
                while chunk := cases.read(1 << 20):
                    file.write(chunk)
            file.write(b"</testsuite>\n")
        file.write(b"</testsuites>\n")


def _start_tag(tag: str, **attributes: str) -> bytes:
    text: bytes = etree.tostring(etree.Element(tag, attributes), encoding="UTF-8", xml_declaration=False)
    return text.removesuffix(b"/>") + b">\n"


def _numbers(counts: Counts, seconds: float) -> dict[str, str]:
    return {
        "tests": str(counts.total - counts.lost),
        "failures": str(counts.failed),
        "errors": str(counts.errors),
        "skipped": str(counts.skipped + counts.xfailed),
        "time": f"{seconds:.3f}",
    }


def _case(result: TestResult) -> Any:
    classname, name = names_of(result.node_id)
    case = etree.Element("testcase", classname=_legal(classname), name=_legal(name), time=f"{result.seconds:.3f}")
    case.set("file", _legal(result.path))
    if result.line:
        case.set("line", str(result.line))
    for failure in result.failures:
        _add_failure(case, "failure" if failure.when is When.CALL else "error", failure)
    if result.outcome in {Outcome.SKIPPED, Outcome.XFAILED}:
        kind = "pytest.skip" if result.outcome is Outcome.SKIPPED else "pytest.xfail"
        etree.SubElement(case, "skipped", type=kind, message=_legal(result.reason))
    for rerun in result.reruns:
        _add_failure(case, "flakyFailure" if result.is_flaky else "rerunFailure", rerun)
    output = "\n".join(f"--- {title} ---\n{text}" for f in result.failures for title, text in f.failure.sections)
    if output:
        etree.SubElement(case, "system-out").text = _legal(output)
    return case


def _add_failure(case: Any, tag: str, failure: PhaseFailure) -> None:
    message = f"{failure.subtest}: {failure.failure.message}" if failure.subtest else failure.failure.message
    element = etree.SubElement(case, tag, message=_legal(message))
    element.text = _legal(failure.failure.detail)


def names_of(node_id: str) -> tuple[str, str]:
    """Return JUnit's classname and name of a test, as pytest itself makes them."""
    address, bracket, parameters = node_id.partition("[")
    names = address.split("::")
    names[0] = names[0].replace("/", ".").removesuffix(".py")
    names[-1] += bracket + parameters
    return ".".join(names[:-1]), names[-1]


def _legal(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return _ILLEGAL.sub(lambda match: f"#x{ord(match[0]):02X}", text)
