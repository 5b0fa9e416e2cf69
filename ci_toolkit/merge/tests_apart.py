"""Which lines some tests ran, and whether others ran them too, by the contexts of coverage."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from coverage import CoverageData

from ci_toolkit.model.coverage_context import owners_of, without_tests
from ci_toolkit.model.merged import LinesOfTests, TestsApart


def read_tests_apart(data: CoverageData, tests: Iterable[str], paths: Iterable[str], *, static: str = "") -> TestsApart:
    """Return what ``data`` says of ``tests`` in the files ``paths``, which are relative to the current folder.

    ``static`` is the context in which coverage put all the others.
    """
    tests = tuple(tests)
    of_context = {context: owners_of(context, tests, static=static) for context in data.measured_contexts()}
    here = Path.cwd()
    names = {Path(os.path.relpath(here / name, here)).as_posix(): name for name in data.measured_files()}
    return TestsApart(
        told=frozenset().union(*of_context.values()),
        files={path: _lines(data, names[path], of_context) for path in paths if path in names},
    )


def without_contexts_of_tests(data: CoverageData, into: Path) -> CoverageData:
    """Return ``data`` as it would be if no test were kept apart: itself, or a copy of it in the file ``into``."""
    contexts = data.measured_contexts()
    of_name: dict[str, list[str]] = defaultdict(list)
    for context in contexts:
        of_name[without_tests(context)].append(context)
    if contexts == of_name.keys():
        return data
    files = sorted(data.measured_files())
    copy = CoverageData(basename=str(into))
    for name, within in sorted(of_name.items()):
        data.set_query_contexts([rf"\A{re.escape(context)}\Z" for context in within])
        copy.set_context(name)
        if data.has_arcs():
            copy.add_arcs({file: arcs for file in files if (arcs := data.arcs(file))})
        else:
            copy.add_lines({file: lines for file in files if (lines := data.lines(file))})
    data.set_query_contexts(None)
    copy.touch_files(files)
    copy.add_file_tracers({file: tracer for file in files if (tracer := data.file_tracer(file))})
    return copy


def _lines(data: CoverageData, name: str, of_context: Mapping[str, frozenset[str]]) -> LinesOfTests:
    of_tests: dict[int, set[str]] = defaultdict(set)
    of_others = set()
    for line, contexts in data.contexts_by_lineno(name).items():
        for context in contexts:
            of_tests[line] |= of_context[context]
            if not of_context[context]:
                of_others.add(line)
    return LinesOfTests(
        tests={line: frozenset(found) for line, found in of_tests.items() if found}, others=frozenset(of_others)
    )
