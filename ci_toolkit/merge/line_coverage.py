"""What coverage.json says of the lines of each file, with the statements that take several lines."""

import os
import tokenize
from collections.abc import Container
from pathlib import Path

import msgspec

from ci_toolkit.merge.changed_coverage import FileCoverage, statement_begins


class _File(msgspec.Struct):
    executed_lines: list[int]
    missing_lines: list[int]


class _Report(msgspec.Struct):
    files: dict[str, _File]


def read_line_coverage(report: Path, changed: Container[str]) -> dict[str, FileCoverage]:
    """Return path to the lines of each measured file of coverage's JSON ``report``, relative to the current folder.

    The sources of those that ``changed`` holds are read from there too.
    """
    here = Path.cwd()
    files = msgspec.json.decode(report.read_bytes(), type=_Report).files
    paths = {name: Path(os.path.relpath(here / name, here)).as_posix() for name in files}
    return {
        paths[name]: FileCoverage(
            executed=frozenset(file.executed_lines),
            missing=frozenset(file.missing_lines),
            begins=statement_begins(_source(here / name)) if paths[name] in changed else {},
        )
        for name, file in files.items()
    }


def _source(path: Path) -> str:
    if path.suffix != ".py":  # a template's, which a plugin of coverage measures by the lines of its own
        return ""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ""
