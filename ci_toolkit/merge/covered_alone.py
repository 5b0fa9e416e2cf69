"""What of a change only tests in quarantine cover: asked where one of these failed."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from ci_toolkit.merge.changed_coverage import FileCoverage, file_coverage, runs_of, statements_of
from ci_toolkit.model.changed_lines import ChangedFile, ChangedLines
from ci_toolkit.model.merged import LinesOfTests, MeasuredCoverage
from ci_toolkit.model.quarantine import CoveredAlone, LinesAlone, is_about
from ci_toolkit.model.record import Record
from ci_toolkit.model.verdict import TestFailure

NOT_MEASURED = "no coverage was measured: run with --coverage"


class Excusing(Record, frozen=True, kw_only=True):
    """Tests whose known failures are excused, unless they alone cover what the change wrote."""

    tests: tuple[str, ...]
    """As their entries name them."""
    changes: Callable[[], ChangedLines]
    """Says what the change wrote; git is asked only where it matters."""

    def have_failed(self, failures: Iterable[TestFailure]) -> bool:
        """Whether one of the tests is among ``failures``."""
        return any(is_about(test, failure.node_id) for failure in failures for test in self.tests)


def covered_alone(
    excusing: Excusing, coverage: MeasuredCoverage, measured: Mapping[str, FileCoverage], suite: Collection[str]
) -> CoveredAlone:
    """Return what of their change only the tests of ``excusing`` cover, by what ``coverage`` keeps apart of them.

    ``measured`` is what coverage says of the lines of the changed files. The test files of the ``suite`` are no part of
    it: each test is the only one that runs its own lines.
    """
    changes = excusing.changes()
    if changes.unknown:
        return CoveredAlone(unknown=changes.unknown)
    files = {path: lines for path, lines in coverage.apart.files.items() if path not in suite}
    lines = _lines_alone(changes, measured, files)
    return CoveredAlone(lines=tuple(lines), untold=frozenset(excusing.tests) - coverage.apart.told)


def _lines_alone(
    changes: ChangedLines, measured: Mapping[str, FileCoverage], files: Mapping[str, LinesOfTests]
) -> Iterator[LinesAlone]:
    """Yield what of ``changes`` only the tests of ``files`` ran, by path and line.

    What runs at an import is attributed to the test that is the first to need it, and others may need it, too: such a
    line counts only in a file of which no other test ran anything.
    """
    for path, ran in sorted(files.items()):
        file = measured.get(path, file_coverage((), ()))
        of_others = {file.begins.get(line, line) for line in ran.others}
        found: dict[int, frozenset[str]] = {}
        for line, tests in ran.tests.items():
            begin = file.begins.get(line, line)
            if begin not in of_others and (begin in file.in_functions or not of_others):
                found[begin] = found.get(begin, frozenset()) | tests
        written = statements_of(changes.files.get(path, ChangedFile()), file) & file.executed & found.keys()
        yield from sorted(_runs(written, found, file, path), key=lambda lines: lines.first)


def _runs(
    written: Collection[int], found: Mapping[int, frozenset[str]], file: FileCoverage, path: str
) -> Iterator[LinesAlone]:
    """Yield what the same tests cover alone, of statements that follow each other, together."""
    for tests in {found[line] for line in written}:
        for first, last in runs_of(sorted(line for line in written if found[line] == tests), file):
            yield LinesAlone(tests=tuple(sorted(tests)), path=path, first=first, last=last)
