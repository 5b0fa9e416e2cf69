"""Combines the shards' coverage data, each file checked first, and writes the reports that other tools read."""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import ModuleType

import coverage
import msgspec
from coverage import FileReporter
from coverage.exceptions import CoverageException, NoSource

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.kept_sources import bring_sources, is_left_out
from ci_toolkit.merge.relocation import Relocation
from ci_toolkit.merge.tests_apart import read_tests_apart, without_contexts_of_tests
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.coverage_context import CATEGORY_PREFIX
from ci_toolkit.model.merged import MeasuredCoverage, TestsApart
from ci_toolkit.model.problem import Problem, ProblemKind


class _ReadOnce(coverage.Coverage):
    """Parses each source once for all reports, which is most of their time.

    Coverage itself does it for each report, to be small: what is kept is about 100 kB a file. Where a later one calls
    this method otherwise, the reports are as right, and slow.
    """

    _kept: dict[str, FileReporter] | None = None

    def _get_file_reporter(self, morf: ModuleType | str) -> FileReporter:
        self._kept = {} if self._kept is None else self._kept
        reporter = self._kept.get(str(morf))
        if reporter is None:
            reporter = self._kept[str(morf)] = super()._get_file_reporter(morf)
        return reporter


def merge_coverage(
    bundles: Sequence[Bundle],
    out: Path,
    categories: Iterable[str] = (),
    *,
    config_file: str = "",
    apart: Iterable[str] = (),
    changed: Iterable[str] = (),
) -> tuple[MeasuredCoverage | None, list[Problem]]:
    """Combine the data of ``bundles`` into ``out/.coverage`` and write ``coverage.xml`` and ``coverage.json``.

    A file that is missing, damaged, or not the one that its shard wrote is a problem and is left out.
    ``config_file`` is coverage's own, by default the one it finds here. ``apart`` are tests of which is asked what
    they ran of the files ``changed``; the data that is written is as if nobody asked. Returns None for the coverage
    where no shard measured any.
    """
    problems: list[Problem] = list(_unmeasured(bundles))
    files = [(_relocation(bundle), file) for bundle in bundles for file in _sound_files(bundle, problems)]
    if not files:
        if any(bundle.card.measures_coverage and bundle.card.attempts for bundle in bundles):
            problems.append(Problem(kind=ProblemKind.COVERAGE_DATA, message="no shard's coverage data can be used"))
        return None, problems
    try:
        measured = _ReadOnce(data_file=str(out / ".coverage"), config_file=config_file or True, messages=False)
        kept = bring_sources([(_relocation(bundle), bundle) for bundle in bundles], out)
        _combine(measured, files, kept)
        tests_apart = _take_tests_apart(measured, apart, changed)
        gone, sources = _to_report(bundles, measured, kept)
        measured.xml_report(sources, outfile=str(out / "coverage.xml"))
        covered, statements = _report(measured, out / "coverage.json", sources)
        by_category = _by_category(measured, categories, sources)
    except NoSource as error:
        # Percentages without these files would look better than they are.
        message = f"{error}; check out the sources where shards are merged, and set `relative_files = true` in [run]"
        problems.append(Problem(kind=ProblemKind.COVERAGE_DATA, message=message))
        return None, problems
    except CoverageException as error:
        problems.append(
            Problem(kind=ProblemKind.COVERAGE_DATA, message=f"the shards' coverage cannot be combined: {error}")
        )
        return None, problems
    except ImportError as error:
        message = f"a plugin of coverage that the settings name cannot be imported where shards are merged: {error}"
        problems.append(Problem(kind=ProblemKind.COVERAGE_DATA, message=f"{message}; install it, or set PYTHONPATH"))
        return None, problems
    lost_with = tuple(node_id for bundle in bundles for node_id in bundle.card.coverage_losses)
    return (
        MeasuredCoverage(
            covered=covered,
            statements=statements,
            by_category=by_category,
            gone=gone,
            kept=tuple(sorted(kept)),
            lost_with=lost_with,
            apart=tests_apart,
        ),
        problems,
    )


def _unmeasured(bundles: Sequence[Bundle]) -> Iterator[Problem]:
    # What such a shard ran would leave the denominator with it, and the percentage would rise.
    ran = [bundle for bundle in bundles if bundle.card.attempts]
    if any(bundle.card.measures_coverage for bundle in ran):
        for bundle in ran:
            if not bundle.card.measures_coverage:
                yield _problem(bundle, "did not measure coverage, and others did: run every shard with --coverage")


def _relocation(bundle: Bundle) -> Relocation:
    return Relocation(there=bundle.card.folder, here=str(Path.cwd()))


def _combine(measured: coverage.Coverage, files: Sequence[tuple[Relocation, Path]], kept: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="ci-toolkit-coverage-") as folder:
        moved = [str(relocation.move(file, Path(folder), kept)) for relocation, file in files]
        measured.combine(moved, strict=True, keep=True)
    measured.save()


def _take_tests_apart(measured: coverage.Coverage, tests: Iterable[str], changed: Iterable[str]) -> TestsApart:
    data = measured.get_data()
    found = read_tests_apart(data, tests, changed, static=str(measured.get_option("run:context") or ""))
    with tempfile.TemporaryDirectory(prefix="ci-toolkit-coverage-") as folder:
        rest = without_contexts_of_tests(data, Path(folder) / ".coverage")
        if rest is not data:
            data.erase()
            data.update(rest)
            rest.close()
    return found


def _to_report(
    bundles: Sequence[Bundle], measured: coverage.Coverage, kept: Mapping[str, str]
) -> tuple[tuple[str, ...], list[str] | None]:
    """Return what was no file when its shard ended, and the files to report, or None where that is simply every file.

    Plain pytest passes over such names with a warning.
    """
    known = measured.get_data().measured_files()
    told = {_relocation(bundle).place(name) for bundle in bundles for name in bundle.card.sources_gone}
    gone = tuple(sorted(name for name in told & known if not Path(name).is_file()))
    unwanted = {kept[name] for name in kept if is_left_out(name, measured)}
    return gone, sorted(known.difference(gone, unwanted)) if gone or unwanted else None


def _by_category(
    measured: coverage.Coverage, categories: Iterable[str], sources: list[str] | None
) -> dict[str, tuple[int, int]]:
    # What runs at import has no category: each would run it alone too. A category without a test reaches nothing.
    known = measured.get_data().measured_contexts()
    with tempfile.TemporaryDirectory(prefix="ci-toolkit-coverage-") as folder:
        return {
            name: _report(measured, Path(folder) / f"{name}.json", sources, [f"^{CATEGORY_PREFIX}{name}$", "^$"])
            for name in sorted(categories)
            if CATEGORY_PREFIX + name in known
        }


def _sound_files(bundle: Bundle, problems: list[Problem]) -> list[Path]:
    card, folder = bundle.card, Path(bundle.folder)
    sound = []
    if card.state is ShardState.FINISHED and card.measures_coverage and card.attempts and not card.files:
        problems.append(_problem(bundle, "left no coverage data, although it measured"))
    for listed in card.files:
        relative = PurePosixPath(listed.path)
        if relative.is_absolute() or ".." in relative.parts:
            problems.append(_problem(bundle, f"names a file outside its bundle: {listed.path!r}"))
            continue
        path = folder / relative
        wrong = _what_is_wrong(path, listed.size, listed.sha256, folder)
        if wrong:
            problems.append(_problem(bundle, f"has coverage data that cannot be used: {listed.path} {wrong}"))
        else:
            sound.append(path)
    return sound


def _what_is_wrong(path: Path, size: int, sha256: str, folder: Path) -> str:
    if not path.is_file() or path.resolve() != folder.resolve() / path.relative_to(folder):
        return "is missing or a link"
    with path.open("rb") as file:
        if path.stat().st_size != size or hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            return "is not the file that the shard wrote (its digest differs)"
    try:
        with contextlib.closing(coverage.CoverageData(basename=str(path))) as data:  # damaged, it would stay open
            data.read()
    except CoverageException as error:
        return f"is damaged: {error}"
    return ""


def _problem(bundle: Bundle, text: str) -> Problem:
    return Problem(kind=ProblemKind.COVERAGE_DATA, message=f"shard {bundle.card.index} {text}", shard=bundle.card.index)


class _Totals(msgspec.Struct):
    covered_lines: int
    num_statements: int
    covered_branches: int = 0
    num_branches: int = 0


class _JsonReport(msgspec.Struct):
    totals: _Totals


def _report(
    measured: coverage.Coverage, path: Path, sources: list[str] | None, contexts: list[str] | None = None
) -> tuple[int, int]:
    # Counts, not the percentage: that is rounded for people, and a threshold of 80 means 80.
    measured.json_report(sources, outfile=str(path), contexts=contexts)
    totals = msgspec.json.decode(path.read_bytes(), type=_JsonReport).totals
    return totals.covered_lines + totals.covered_branches, totals.num_statements + totals.num_branches
