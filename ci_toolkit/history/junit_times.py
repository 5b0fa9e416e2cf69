"""Reads the times in a JUnit XML file of pytest, for a project that has nothing else of its past."""

import math
from collections.abc import Callable
from io import BytesIO
from xml.etree import ElementTree as ET

from ci_toolkit.errors import FormatError
from ci_toolkit.history.test_durations import TestDurations
from ci_toolkit.plan.sanitize import is_valid

_ADVICE = "Give what `pytest --junitxml=FILE` wrote, in the folder in which it ran."
_ENDS = frozenset({"failure", "error", "skipped"})


def is_xml(data: bytes) -> bool:
    """Return whether ``data`` looks like XML."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def read_junit_times(data: bytes, *, origin: str, exists: Callable[[str], bool]) -> TestDurations:
    """Return the seconds of each test that passed.

    JUnit has no node ids: the file of a test is the longest part of its class name for which a file ``exists``.
    Raises FormatError if it is not XML, or XML with entities.
    """
    if b"<!ENTITY" in data or b"<!DOCTYPE" in data:
        raise FormatError(f"{origin} declares a document type, which a JUnit file does not need", advice=_ADVICE)
    seconds: dict[str, float] = {}
    refused = []
    paths: dict[str, tuple[str, str]] = {}
    try:
        for _, element in ET.iterparse(BytesIO(data)):  # noqa: S314 (entities are refused above)
            if element.tag != "testcase":
                continue
            classname, name, took = (element.get(key, "") for key in ("classname", "name", "time"))
            if classname not in paths:
                paths[classname] = _path_of(classname, exists)
            path, classes = paths[classname]
            if not path or not is_valid(_number(took)):
                refused.append(f"{f'{classname}.{name}'!a} ({took[:40] if path else 'its file is not here'})")
            elif not any(child.tag in _ENDS for child in element):
                seconds["::".join(part for part in (path, classes, name) if part)] = _number(took)
            element.clear()
    except ET.ParseError as error:
        raise FormatError(f"{origin} is not valid XML: {error}", advice=_ADVICE) from error
    return TestDurations(seconds=seconds, refused=tuple(refused))


def _path_of(classname: str, exists: Callable[[str], bool]) -> tuple[str, str]:
    parts = classname.split(".")
    for length in range(len(parts), 0, -1):
        path = "/".join(parts[:length]) + ".py"
        if exists(path):
            return path, "::".join(parts[length:])
    return "", ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
