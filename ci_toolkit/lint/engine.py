"""Runs the rules over files: one after the other when they are few, on every core when they are many."""

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from ci_toolkit.lint.checks import CHECKS
from ci_toolkit.lint.files import find_files, relative, why_not_regular
from ci_toolkit.lint.finding import Finding, LintReport, Skip
from ci_toolkit.lint.module import Module
from ci_toolkit.lint.relevance import can_have_violations
from ci_toolkit.lint.roles import is_for_tests
from ci_toolkit.lint.rules import FILE_NAME, UNREADABLE
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.source import parse, why_unreadable
from ci_toolkit.lint.triggers import TriggerLines
from ci_toolkit.lint.violation import Violation
from ci_toolkit.lint.waivers import apply_waivers, waivers_of
from ci_toolkit.model.record import Record

_WORTH_A_POOL = 64
"""Below so many files, starting processes costs more than it saves."""
_CHUNK = 32


class FileReport(Record, frozen=True, kw_only=True):
    """The findings of one file, or why it was not checked."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skip, ...] = ()
    waived: int = 0


def lint(paths: Iterable[Path], *, root: Path, settings: LintSettings, jobs: int = 0) -> LintReport:
    """Check every Python file at and beneath ``paths``; the same files give the same report.

    ``root`` is the project's root: directories of categories and globs of the settings are read from there.
    ``jobs`` is the number of processes; 0 takes one a core. Raises PathError for a path that does not exist.
    """
    files, skipped = find_files(paths, root=root, settings=settings)
    reports = list(_reports(files, root=root, settings=settings, jobs=jobs or _cores()))
    return LintReport(
        files=sum(not report.skipped for report in reports),
        findings=tuple(sorted(finding for report in reports for finding in report.findings)),
        skipped=tuple(sorted([*skipped, *(skip for report in reports for skip in report.skipped)])),
        waived=sum(report.waived for report in reports),
    )


def lint_file(path: Path, *, root: Path, settings: LintSettings) -> FileReport:
    """Check one file. Never raises because of what the file holds."""
    shown = _shown(path)
    if reason := why_not_regular(path):
        return FileReport(skipped=(Skip(path=shown, reason=reason),))
    try:
        source = path.read_bytes()
    except OSError as error:
        return FileReport(skipped=(Skip(path=shown, reason=error.strerror or str(error)),))
    return lint_source(source, path=shown, within=relative(path, root), settings=settings)


def lint_source(source: bytes, *, path: str, within: str, settings: LintSettings) -> FileReport:
    """Check ``source``. ``path`` is what findings say; ``within`` is the path below the project's root."""
    codes = settings.codes_for(within)
    directory, _, name = within.rpartition("/")
    waived = 0
    triggers = TriggerLines(source, settings.known_ports)
    if not can_have_violations(triggers, name=name, directory=directory, settings=settings):
        unreadable = why_unreadable(source)
        violations = [unreadable] if unreadable else []
    elif isinstance(tree := parse(source), Violation):
        violations = [tree]
    else:
        module = Module(path=path, directory=directory, source=source, tree=tree, triggers=triggers)
        violations = list(_violations(module, settings, codes))
    if not any(violation.rule is UNREADABLE for violation in violations):
        violations, waived = apply_waivers(violations, waivers_of(source), codes)
    found = (_finding(violation, path, source) for violation in violations if violation.rule.code in codes)
    return FileReport(findings=tuple(found), waived=waived)


def _violations(module: Module, settings: LintSettings, codes: frozenset[str]) -> Iterator[Violation]:
    is_test_code = is_for_tests(module, settings)
    for code, check in CHECKS.items():
        if code in codes and (is_test_code or code == FILE_NAME.code):
            yield from check(module, settings)


def _finding(violation: Violation, path: str, source: bytes) -> Finding:
    return Finding(
        path=path,
        line=violation.line,
        column=_column(source, violation),
        end_line=violation.end_line,
        code=violation.rule.code,
        message=violation.message,
    )


def _column(source: bytes, violation: Violation) -> int:
    """Return the column in characters, from 1; ``ast`` counts the bytes of UTF-8."""
    lines = source.splitlines()
    line = lines[violation.line - 1] if violation.line <= len(lines) else b""
    return len(line[: violation.offset].decode("utf-8", "replace")) + 1


def _shown(path: Path) -> str:
    """Return the path as a user would type it: relative to where the command runs, if it lies there."""
    return path.as_posix() if not path.is_absolute() else relative(path, Path.cwd())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _reports(files: Sequence[Path], *, root: Path, settings: LintSettings, jobs: int) -> Iterator[FileReport]:
    if jobs == 1 or len(files) < _WORTH_A_POOL:
        yield from _lint_chunk(files, root, settings)
        return
    # A stride, not a run: neighbours are alike, and a folder of huge files would keep one process busy alone.
    count = max(1, len(files) // _CHUNK)
    chunks = [files[start::count] for start in range(count)]
    with _pool(jobs) as pool:
        running = [(pool.submit(_lint_chunk, chunk, root, settings), chunk) for chunk in chunks]
        broken: list[Path] = []
        for future, chunk in running:
            try:
                yield from future.result()
            except BrokenProcessPool:
                broken.extend(chunk)
    for path in broken:
        yield _lint_apart(path, root, settings)


def _lint_chunk(files: Sequence[Path], root: Path, settings: LintSettings) -> list[FileReport]:
    """Check some files with the cycle collector off: trees are large, short-lived and free of cycles."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return [lint_file(path, root=root, settings=settings) for path in files]
    finally:
        if collects:
            gc.enable()


def _lint_apart(path: Path, root: Path, settings: LintSettings) -> FileReport:
    """Check one file in a process of its own, because a neighbour or the file itself killed the last one."""
    with _pool(1) as pool:
        try:
            return pool.submit(lint_file, path, root=root, settings=settings).result()
        except BrokenProcessPool:
            return FileReport(skipped=(Skip(path=_shown(path), reason="Python crashes when it reads this file"),))


def _pool(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of processes: forks where that is safe, fresh ones for a caller that has threads of its own."""
    forks = sys.platform == "linux" and threading.active_count() == 1
    return ProcessPoolExecutor(max_workers=jobs, mp_context=multiprocessing.get_context("fork" if forks else "spawn"))
