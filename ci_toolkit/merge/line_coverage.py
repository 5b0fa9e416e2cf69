"""What coverage says of the lines of each file, with the statements that take several lines."""

import fnmatch
import os
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import coverage
import msgspec
from coverage.exceptions import CoverageException

from ci_toolkit.merge.changed_coverage import FileCoverage, file_coverage


class _File(msgspec.Struct):
    executed_lines: list[int]
    missing_lines: list[int]


class _Report(msgspec.Struct):
    files: dict[str, _File]


def read_line_coverage(report: Path, changed: Iterable[str], *, config_file: str = "") -> dict[str, FileCoverage]:
    """Return path to the lines of each file of coverage's JSON ``report``, relative to the current folder.

    Where the settings name no sources, coverage does not know a file that no test imported. Of the files in
    ``changed`` such a one is read here, and nothing of it was reached, if it lies in a folder of measured files and
    the settings do not omit it. Folders at the top are meant: what lies beside them is as often a script.
    """
    here, changed = Path.cwd(), set(changed)
    files = msgspec.json.decode(report.read_bytes(), type=_Report).files
    lines = {
        Path(os.path.relpath(here / name, here)).as_posix(): (file.executed_lines, file.missing_lines)
        for name, file in files.items()
    }
    for path, statements in _never_imported(changed - lines.keys(), set(map(_top, lines)), config_file):
        lines[path] = ([], statements)
    return {
        path: file_coverage(executed, missing, _source(here / path) if path in changed else "")
        for path, (executed, missing) in lines.items()
    }


def _never_imported(paths: Iterable[str], tops: set[str], config_file: str) -> Iterator[tuple[str, list[int]]]:
    settings = coverage.Coverage(data_file=None, config_file=config_file or True, messages=False)
    omitted = [str(p) for name in ("run:omit", "report:omit") for p in _listed(settings.get_option(name))]
    for path in sorted(paths):
        place = Path(path).resolve()
        is_code = place.suffix == ".py" and place.is_file() and _top(path) in tops - {""}
        if is_code and not any(fnmatch.fnmatch(name, pattern) for pattern in omitted for name in (path, str(place))):
            try:
                yield path, settings.analysis2(str(place))[1]
            except CoverageException:  # it is no Python, and is named as not measured
                continue
    settings.get_data().close(force=True)  # it is in memory, which coverage keeps open


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _top(path: str) -> str:
    """Return the folder at the top in which ``path`` lies, or ``""``."""
    parts = PurePosixPath(path).parts
    return parts[0] if len(parts) > 1 and parts[0] not in {"..", "/"} else ""


def _source(path: Path) -> str:
    if path.suffix != ".py":  # a template's, which a plugin of coverage measures by the lines of its own
        return ""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ""
