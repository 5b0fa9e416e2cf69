"""Reads the text of ``quarantine.toml``; what is wrong in it is told with its line."""

import codecs
import hashlib
import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from ci_toolkit.config.project import nearest
from ci_toolkit.config.toml_lines import LONGEST, LongStatementError, Statement, statements_of
from ci_toolkit.errors import ToolkitError
from ci_toolkit.model.node_id import split_node_id
from ci_toolkit.model.quarantine import QUARANTINE_FILE, Quarantine, QuarantineEntry

KEYS = ("test", "reason", "owner", "issue", "since", "expires", "signatures")
_HEADER: Mapping[str, Any] = {"quarantine": [{}]}
_SIGNATURE = re.compile(r"[0-9a-f]{16}")
_PLACE_OF_TOMLLIB = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)
_DATE = re.compile(r"\s*(since|expires)\s*=\s*\d")
_NO_DAY = "that is no day: write it without quotes, such as 2026-11-30"
_MOST_TOLD = 20
_ADVICE = "Correct the file; docs/flaky.md shows an entry."


class QuarantineError(ToolkitError):
    """The quarantine file cannot be used."""

    slug = "quarantine-file"


class _Reading:
    """One entry while its lines come in."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.values: dict[str, tuple[int, object]] = {}
        """Key to (line, value)."""


def read_quarantine(data: bytes, *, origin: str = QUARANTINE_FILE) -> Quarantine:
    """Return what ``data``, the content of the file ``origin``, says. Raises QuarantineError with every wrong line."""
    document = _document(data, origin)
    problems: list[tuple[int, str]] = []
    try:
        readings = _entries(document, problems)
    except LongStatementError as error:
        raise _error([(error.line, f"begins something of more than {LONGEST} lines")], origin) from error
    entries = [entry for reading in readings if (entry := _entry(reading, problems)) is not None]
    problems += _twice(entries)
    if problems:
        raise _error(problems, origin)
    return Quarantine(entries=tuple(entries), digest=hashlib.sha256(data).hexdigest())


def _document(data: bytes, origin: str) -> str:
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8").replace("\r\n", "\n")
        tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _error([(line, "is not UTF-8")], origin) from error
    except tomllib.TOMLDecodeError as error:
        place = _PLACE_OF_TOMLLIB.fullmatch(str(error))
        line = int(place["line"]) if place and place["line"] else text.count("\n") + 1
        is_date = _DATE.match(text.split("\n")[line - 1])
        what = f"has a date {_NO_DAY}" if is_date else f"is no TOML: {place['what'] if place else error}"
        raise _error([(line, what)], origin) from error
    except RecursionError as error:
        raise QuarantineError(
            f"{origin} is nested too deeply", advice="Write each entry as in docs/flaky.md."
        ) from error
    return text


def _entries(document: str, problems: list[tuple[int, str]]) -> list[_Reading]:
    readings: list[_Reading] = []
    for statement in statements_of(document):
        if statement.is_header:
            if statement.content != _HEADER:
                problems.append((statement.first, "has another header than [[quarantine]], which begins an entry"))
            readings.append(_Reading(statement.first))
        elif readings:
            problems += _take(statement, readings[-1])
        else:
            problems.append((statement.first, "stands before the first entry; an entry begins with [[quarantine]]"))
    return readings


def _take(statement: Statement, reading: _Reading) -> Iterator[tuple[int, str]]:
    for key, value in statement.content.items():
        if key in KEYS:
            reading.values[key] = statement.first, value
        else:
            yield statement.first, f"has the unknown key {key!r}. {nearest(key, KEYS, 'keys')}"


def _entry(reading: _Reading, problems: list[tuple[int, str]]) -> QuarantineEntry | None:
    missing = [key for key in KEYS if key not in reading.values]
    checked = [(line, _what_is_wrong(key, value)) for key, (line, value) in reading.values.items()]
    wrong = [found for found in checked if found[1]]
    if missing:
        wrong.append((reading.line, f"begins an entry without {', '.join(missing)}"))
    problems += wrong
    if wrong:
        return None
    values = {key: value for key, (_, value) in reading.values.items()}
    entry = msgspec.convert({**values, "line": reading.line}, QuarantineEntry)
    if entry.expires < entry.since:
        line, _ = reading.values["expires"]
        problems.append((line, f"ends the entry on {entry.expires}, before it begins on {entry.since}"))
    return entry


def _what_is_wrong(key: str, value: object) -> str:
    match key:
        case "since" | "expires":
            return _wrong_date(key, value)
        case "signatures":
            return _wrong_signatures(value)
        case "test":
            return _wrong_test(value)
        case _:
            is_text = isinstance(value, str) and bool(value.strip())
            return "" if is_text else f"has no text for {key}"


def _wrong_date(key: str, value: object) -> str:
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return "" if is_day else f"has a date {key} {_NO_DAY}"


def _wrong_signatures(value: object) -> str:
    if not isinstance(value, list) or not value:
        return "has signatures that are no list of any: an entry excuses the failures whose signatures it names"
    for each in value:
        if not (isinstance(each, str) and _SIGNATURE.fullmatch(each)):
            return f"has the signature {each!r}, which is none: it has 16 digits from 0 to f, as the verdict shows it"
    return ""


def _wrong_test(value: object) -> str:
    if not isinstance(value, str):
        return "has a test that is no text"
    path, suffix = split_node_id(value)
    if not (path and suffix) or suffix.endswith("::"):
        return (
            f"has the test {value!r}, which is none: write path::name. No file and no class is in quarantine as a whole"
        )
    if "*" in suffix.partition("[")[0] or "*" in path:
        return f"has the test {value!r}, which is a pattern: write the name of one test"
    if posixpath.normpath(path) != path or path.startswith(("/", "../")) or "\\" in path:
        return f"has the test {value!r}, which pytest writes in another way: copy its name from the verdict"
    return ""


def _twice(entries: list[QuarantineEntry]) -> Iterator[tuple[int, str]]:
    first: dict[str, int] = {}
    for entry in entries:
        line = first.setdefault(entry.test, entry.line)
        if line != entry.line:
            yield entry.line, f"begins a second entry for {entry.test!r}; the first begins on line {line}"


def _error(problems: list[tuple[int, str]], origin: str) -> QuarantineError:
    ordered = sorted(problems)
    told = [f"{origin}:{line} {what}" for line, what in ordered[:_MOST_TOLD]]
    if len(ordered) > _MOST_TOLD:
        told.append(f"and {len(ordered) - _MOST_TOLD} more")
    return QuarantineError("\n  ".join(told), advice=_ADVICE)
