"""Writes the report files that the suite's own options ask for, from the whole run."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import coverage
from coverage.exceptions import CoverageException

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.model.bundle import PARTS_FOLDER
from ci_toolkit.model.own_settings import OwnReport

_OURS = {"--junitxml": "junit.xml", "--cov-report=xml": "coverage.xml", "--cov-report=json": "coverage.json"}
"""Reports of which the merge has the very file."""
_DEFAULTS = {
    "--cov-report=xml": "coverage.xml",
    "--cov-report=json": "coverage.json",
    "--cov-report=lcov": "coverage.lcov",
    "--cov-report=html": "htmlcov",
}
_ENDINGS = {
    "--junitxml": (".xml",),
    "--cov-report=xml": (".xml",),
    "--cov-report=json": (".json",),
    "--cov-report=lcov": (".lcov", ".info"),
    "--cov-report=html": ("",),
}
"""How a file may be called that a bundle's word lets the merge write."""
_LEFT_OUT = {
    "--clean-alluredir": "each shard would remove what the others wrote",
    "--junit-prefix": "the merge writes the JUnit file, and each test in it has its own name",
    "--store-durations": "each shard would write its part alone; `ci-toolkit history export` writes those of all",
}
"""Options that no shard may follow, and why."""
_LCOV_AND_HTML: Mapping[str, Callable[[coverage.Coverage, str], object]] = {
    "--cov-report=lcov": lambda measured, path: measured.lcov_report(outfile=path, ignore_errors=True),
    "--cov-report=html": lambda measured, path: measured.html_report(directory=path, ignore_errors=True),
}


def write_own_reports(bundles: Sequence[Bundle], out: Path, *, config_file: str) -> tuple[str, ...]:
    """Write below the folder that we are in what the reports in ``out`` can answer; return notes on the others."""
    wanted = dict.fromkeys(report for bundle in bundles for report in bundle.card.own_reports)
    notes = (_write(report, out, config_file) for report in wanted)
    return tuple(filter(None, notes))


def _write(report: OwnReport, out: Path, config_file: str) -> str:
    path = report.path or _DEFAULTS.get(report.option, "")
    told = f"{report.option} {path}".rstrip()
    if report.option not in _ENDINGS:
        return f"{told} of the suite's own options {_what_became_of(report)}"
    if not _is_below_here(path) or not path.endswith(_ENDINGS[report.option]):
        return f"{told} of the suite's own options is not written: the merge writes such files below its folder alone"
    if Path(path).is_file():  # an earlier run's must not stand for this one
        Path(path).unlink()
    source = out / _OURS.get(report.option, ".coverage")
    if not source.exists():
        return f"{told} of the suite's own options is not written, for there is nothing to write it from"
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    if report.option in _OURS:
        shutil.copyfile(source, path)
        return ""
    try:
        measured = coverage.Coverage(data_file=str(source), config_file=config_file or True, messages=False)
        measured.load()
        _LCOV_AND_HTML[report.option](measured, path)
    except CoverageException as error:
        return f"{told} of the suite's own options is not written: {error}"
    return ""


def _what_became_of(report: OwnReport) -> str:
    if report.option in _LEFT_OUT:
        return f"is left out: {_LEFT_OUT[report.option]}"
    if report.is_overwritten:
        return "holds one shard's part now, which its plugin wrote; remove the file, and each shard keeps its own part"
    if report.option.startswith("--cov-report="):
        return "is not written: the merge writes xml, json, lcov and html"
    return f"is not written: each shard has its part alone, in {PARTS_FOLDER}/ of its bundle"


def _is_below_here(path: str) -> bool:
    pure = PurePosixPath(path)
    return bool(pure.parts) and not pure.is_absolute() and ".." not in pure.parts and _resolves_below(Path(path))


def _resolves_below(path: Path) -> bool:
    return path.resolve().is_relative_to(Path.cwd().resolve())
