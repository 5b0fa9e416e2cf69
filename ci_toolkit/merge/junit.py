"""Writes JUnit XML as a stream: one test suite a shard, one test case a test, whatever its text holds."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from html import escape  # xml.sax.saxutils would import the clients of http, ssl and email
from itertools import islice
from pathlib import Path

from ci_toolkit.merge.tally import add_counts
from ci_toolkit.model.journal import When
from ci_toolkit.model.result import Outcome, PhaseFailure, TestResult, captured_output
from ci_toolkit.model.verdict import Counts

_PLAIN = re.compile(r"[\w ./:\[\]-]*", re.ASCII)
"""What nearly every name is made of; it needs no escaping."""
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BLANKS = {ord(blank): f"&#{ord(blank)};" for blank in "\t\n\r"}
"""A reader takes these for spaces where they stand as themselves in an attribute."""
_NEIGHBOURS = 1024
"""How many classes and files are remembered: tests of one stand together, so a few are enough."""
_TOGETHER = 1024
_NOT_RUN = {Outcome.SKIPPED: "pytest.skip", Outcome.XFAILED: "pytest.xfail"}


def write_fragment(path: Path, results: Iterable[TestResult]) -> None:
    """Add the test cases of one shard, without their suite, to ``path``."""
    cases = map(_case, results)
    with path.open("ab") as file:
        while together := "".join(islice(cases, _TOGETHER)):  # half the time of as many lines of text
            file.write(together.encode())


def write_junit(path: Path, suites: Iterable[tuple[str, Counts, float, float, Path]]) -> None:
    """Put the fragments together: (name, counts, seconds, start in epoch seconds, fragment) a suite."""
    suites = list(suites)
    total = add_counts(counts for _, counts, _, _, _ in suites)
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
    return f"<{tag}{_attributes(**attributes)}>\n".encode()


def _attributes(**attributes: str) -> str:
    return "".join([f" {name}={_quoted(value)}" for name, value in attributes.items()])


def _quoted(text: str) -> str:
    return f'"{text}"' if _PLAIN.fullmatch(text) else f'"{escape(_legal(text)).translate(_BLANKS)}"'


def _text(text: str) -> str:
    return escape(_legal(text), quote=False).replace("\r", "&#13;")


def _numbers(counts: Counts, seconds: float) -> dict[str, str]:
    return {
        "tests": str(counts.total - counts.lost - counts.left_out),
        "failures": str(counts.failed),
        "errors": str(counts.errors),
        "skipped": str(counts.skipped + counts.xfailed),
        "time": f"{seconds:.3f}",
    }


def _case(result: TestResult) -> str:
    # One for each test of the run, so it is built in one piece.
    holder, name = _names_of(result.node_id, result.path)
    before, after = _around_name(holder, result.path)
    line = f' line="{result.line}"' if result.line else ""
    inside = "" if result.is_plain else "".join(_elements(result))
    end = f">{inside}</testcase>" if inside else "/>"
    return f'{before}{_quoted(name)}{after}{line} time="{result.seconds:.3f}"{end}\n'


def _elements(result: TestResult) -> Iterator[str]:
    if result.properties:
        pairs = [f"<property{_attributes(name=name, value=value)}/>" for name, value in result.properties]
        yield f"<properties>{''.join(pairs)}</properties>"
    for failure in result.failures:
        yield _failure("failure" if failure.when is When.CALL else "error", failure)
    if result.outcome in _NOT_RUN:
        yield f"<skipped{_attributes(type=_NOT_RUN[result.outcome], message=result.reason)}/>"
    for unrun in result.unrun_subtests:
        if unrun.outcome in _NOT_RUN:
            message = f"{unrun.subtest}: {unrun.reason}"
            yield f"<skipped{_attributes(type=_NOT_RUN[unrun.outcome], message=message)}/>"
    for rerun in result.reruns:
        yield _failure("flakyFailure" if result.is_flaky else "rerunFailure", rerun)
    output = captured_output(result.failures)
    if output:
        yield f"<system-out>{_text(output)}</system-out>"


def _failure(tag: str, failure: PhaseFailure) -> str:
    message = f"{failure.subtest}: {failure.failure.message}" if failure.subtest else failure.failure.message
    return f"<{tag}{_attributes(message=message)}>{_text(failure.failure.detail)}</{tag}>"


def _names_of(node_id: str, path: str) -> tuple[str, str]:
    """Return the node id of the class or file that holds a test, and the name that JUnit gives the test.

    In what follows ``path`` a bracket begins the parameters; in a path it is a letter like others.
    """
    is_in_path = "[" in path and node_id.startswith(f"{path}::")
    at = node_id.find("[", len(path) if is_in_path else 0)
    address, parameters = (node_id, "") if at < 0 else (node_id[:at], node_id[at:])
    holder, mark, name = address.rpartition("::")
    return holder, (name if mark else _classname_of(name)) + parameters


@lru_cache(_NEIGHBOURS)
def _around_name(holder: str, path: str) -> tuple[str, str]:
    """Return what stands before and after the name of each test in ``holder``: its class, and the file."""
    return f"<testcase classname={_quoted(_classname_of(holder))} name=", f" file={_quoted(path)}"


def _classname_of(holder: str) -> str:
    """Return JUnit's classname, as pytest itself makes it."""
    path, *classes = holder.split("::")
    return ".".join((path.replace("/", ".").removesuffix(".py"), *classes))


def _legal(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return _ILLEGAL.sub(lambda match: f"#x{ord(match[0]):02X}", text)
