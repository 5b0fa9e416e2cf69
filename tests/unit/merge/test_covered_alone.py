from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import coverage
import pytest

from ci_toolkit.merge.changed_coverage import file_coverage
from ci_toolkit.merge.covered_alone import Excusing, covered_alone
from ci_toolkit.merge.tests_apart import read_tests_apart, without_contexts_of_tests
from ci_toolkit.model.changed_lines import ChangedFile, ChangedLines
from ci_toolkit.model.coverage_context import context_of
from ci_toolkit.model.merged import LinesOfTests, MeasuredCoverage, TestsApart
from ci_toolkit.model.quarantine import CoveredAlone
from ci_toolkit.model.verdict import TestFailure

A, B = "tests/test_a.py::test_a", "tests/test_b.py::test_b"
SOURCE = """\
RATE = 2


def pay(x):
    x = dict(
        a=x,
    )
    return x


def refund(x): return -x
"""
IN_PAY = {5: {A}, 6: {A}, 8: {A}}


def alone(
    tests: Mapping[int, Iterable[str]],
    others: Iterable[int] = (),
    written: tuple[int, int] = (1, 99),
    path: str = "shop.py",
) -> list[str]:
    """Return the places that are covered alone, and by whom."""
    ran = LinesOfTests(tests={line: frozenset(names) for line, names in tests.items()}, others=frozenset(others))
    measured = MeasuredCoverage(
        covered=0, statements=0, by_category={}, apart=TestsApart(told=frozenset({A, B}), files={path: ran})
    )
    file = file_coverage(executed={1, 4, 5, 8, 11}, missing=(), source=SOURCE)
    changes = ChangedLines(base="b", files={path: ChangedFile(written=(written,))})
    excusing = Excusing(tests=(A, B), changes=lambda: changes)
    found = covered_alone(excusing, measured, {path: file}, {"tests/test_a.py"})
    return [f"{lines.place} {'+'.join(name[-1] for name in lines.tests)}" for lines in found.lines]


@pytest.mark.parametrize(
    ("tests", "others", "expected"),
    [
        pytest.param(IN_PAY, {1, 4, 11}, ["shop.py:5-8 a"], id="nobody else ran the function"),
        pytest.param(IN_PAY, {1, 4, 8, 11}, ["shop.py:5 a"], id="others ran one of its statements"),
        pytest.param(IN_PAY, {1, 4, 6, 8, 11}, [], id="others ran each of its statements, as one of its lines shows"),
        pytest.param({8: {A, B}}, {1}, ["shop.py:8 a+b"], id="two tests in quarantine and nobody else"),
        pytest.param({5: {A}, 8: {B}}, {1}, ["shop.py:5 a", "shop.py:8 b"], id="each its own"),
        pytest.param({1: {A}, 4: {A}, 8: {A}, 11: {A}}, {5}, ["shop.py:8 a"], id="it was the first to import the file"),
        pytest.param({1: {A}, 4: {A}, 11: {A}}, (), ["shop.py:1-4 a", "shop.py:11 a"], id="only it imported the file"),
        pytest.param({2: {A}, 99: {A}}, (), [], id="what coverage does not count"),
        pytest.param({}, {5}, [], id="it ran nothing of the file"),
    ],
)
def test_only_what_no_other_test_ran_is_covered_alone(
    tests: Mapping[int, Iterable[str]], others: Iterable[int], expected: list[str]
) -> None:
    assert alone(tests, others) == expected


def test_only_what_the_change_wrote_counts_and_a_statement_as_a_whole() -> None:
    assert alone(IN_PAY, {1}, written=(6, 6)) == ["shop.py:5 a"]
    assert alone(IN_PAY, {1}, written=(7, 7)) == ["shop.py:5 a"]
    assert alone(IN_PAY, {1}, written=(9, 20)) == []


def test_a_test_file_is_no_part_of_it() -> None:
    assert alone(IN_PAY, path="tests/test_a.py") == []
    assert alone(IN_PAY, path="tests/helper.py") == ["tests/helper.py:5-8 a"]


def test_what_is_not_known_is_told() -> None:
    measured = MeasuredCoverage(covered=0, statements=0, by_category={}, apart=TestsApart(told=frozenset({A})))
    for changes, expected in (
        (ChangedLines, CoveredAlone(untold=frozenset({B}))),
        (partial(ChangedLines, unknown="no git"), CoveredAlone(unknown="no git")),
    ):
        excusing = Excusing(tests=(A, B), changes=changes)
        assert covered_alone(excusing, measured, {}, ()) == expected


@pytest.mark.parametrize(("failed", "expected"), [(A, True), (f"{A}[1]", True), (f"{A}b", False), ("a.py::c", False)])
def test_nobody_looks_where_no_test_in_quarantine_failed(failed: str, *, expected: bool) -> None:
    failure = TestFailure(node_id=failed, file="", line=0, message="")
    assert Excusing(tests=(A, B), changes=ChangedLines).have_failed([failure]) is expected


@pytest.mark.parametrize("branch", [False, True])
def test_what_coverage_keeps_apart_is_read_and_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, branch: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = {"": {1, 4}, context_of("unit"): {5}, context_of("unit", (A,)): {5, 8}, context_of("", (A, B)): {9}}
    plain: dict[str, set[int]] = {"": {1, 4, 9}, context_of("unit"): {5, 8}}

    def data_of(name: str, contexts: Mapping[str, set[int]]) -> coverage.CoverageData:
        data = coverage.CoverageData(basename=str(tmp_path / name))
        for context, lines in contexts.items():
            data.set_context(context)
            path = str(tmp_path / "shop.py")
            if branch:
                data.add_arcs({path: {(-1, line) for line in lines}})
            else:
                data.add_lines({path: lines})
        data.touch_files([str(tmp_path / "empty.py")])
        data.add_file_tracers({str(tmp_path / "shop.py"): "a.plugin"})
        return data

    data = data_of("apart", ran)
    found = read_tests_apart(data, (A, B, "c.py::c"), ["shop.py", "other.py"])
    assert found.told == {A, B}
    assert found.files == {
        "shop.py": LinesOfTests(
            tests={5: frozenset({A}), 8: frozenset({A}), 9: frozenset({A, B})}, others=frozenset({1, 4, 5})
        )
    }
    rest, expected = without_contexts_of_tests(data, tmp_path / "rest"), data_of("plain", plain)
    assert dump(rest) == dump(expected)
    assert without_contexts_of_tests(expected, tmp_path / "again") is expected


def dump(data: coverage.CoverageData) -> object:
    files = sorted(data.measured_files())
    found = [
        (file, data.file_tracer(file), sorted(data.contexts_by_lineno(file).items()), sorted(data.arcs(file) or ()))
        for file in files
    ]
    return data.has_arcs(), sorted(data.measured_contexts()), found
