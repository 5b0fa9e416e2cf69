import json
from pathlib import Path

import pytest

from ci_toolkit.merge.changed_coverage import changed_coverage, file_coverage
from ci_toolkit.merge.line_coverage import read_line_coverage
from ci_toolkit.model.changed_lines import ChangedFile, ChangedLines, Span
from ci_toolkit.model.verdict import ChangedCoverage, MissedLines

SOURCE = """\
import os

@decorated(
    "by",
)
def first(
    a=1,
    b=2,
):
    '''Docs
    of several lines.'''
    # a comment
    if (a and
            b):
        return dict(
            x=1,
            y=2,
        )
    with open(a) as f, \\
            open(b) as g:
        pass
    for x in [
        1,
    ]:
        try:
            x()
        except ValueError:
            pass
    return None
"""
BEGINS = {4: 3, 5: 3, 7: 6, 8: 6, 11: 10, 14: 13, 16: 15, 17: 15, 18: 15, 20: 19, 23: 22, 24: 22}


def test_lines_of_a_statement_lead_to_its_first() -> None:
    assert file_coverage((), (), SOURCE).begins == BEGINS


@pytest.mark.parametrize("source", ["def (", "\0", "(" * 10_000, ""])
def test_what_is_no_python_has_no_statements(source: str) -> None:
    assert file_coverage((), (), source).begins == {}


def of(written: tuple[Span, ...], executed: set[int], missing: set[int]) -> ChangedCoverage:
    changes = ChangedLines(base="b", files={"a.py": ChangedFile(written=written, cut=(1,))})
    return changed_coverage(
        changes, {"a.py": file_coverage(executed, missing, SOURCE), "other.py": file_coverage({1}, {2})}
    )


EXECUTED, MISSING = {1, 3, 6, 13, 29}, {15, 19, 21, 22, 25, 26, 27, 28}


@pytest.mark.parametrize(
    ("written", "covered", "statements", "missed"),
    [
        ((), 0, 0, ()),
        (((2, 2), (9, 9), (10, 12)), 0, 0, ()),  # blank, bracket, docs, comment
        (((1, 1),), 1, 1, ()),
        (((17, 17),), 0, 1, ((15, 15),)),  # inside a statement
        (((16, 18),), 0, 1, ((15, 15),)),  # once, however many of its lines
        (((14, 14),), 1, 1, ()),  # the head of a statement
        (((4, 5),), 1, 1, ()),  # a decorator
        (((13, 28),), 1, 9, ((15, 28),)),
        (((15, 15), (29, 29)), 1, 2, ((15, 15),)),
        (((1, 2**31 - 1),), 5, 13, ((15, 28),)),
    ],
)
def test_each_statement_of_which_a_line_was_written_counts_once(
    written: tuple[Span, ...], covered: int, statements: int, missed: tuple[Span, ...]
) -> None:
    found = of(written, EXECUTED, MISSING)
    assert (found.covered, found.statements) == (covered, statements)
    assert found.missed == tuple(MissedLines(path="a.py", first=first, last=last) for first, last in missed)
    assert found.percent == (100 * covered / statements if statements else None)


def test_a_change_of_which_nothing_is_measured_has_no_percentage() -> None:
    changes = ChangedLines(
        base="b",
        files={
            "README.md": ChangedFile(written=((1, 9),)),
            "z.py": ChangedFile(written=((1, 9),)),
            "cut.py": ChangedFile(cut=(1,)),
        },
    )
    found = changed_coverage(changes, {"a.py": file_coverage({1}, ())})
    assert (found.percent, found.statements, found.unmeasured) == (None, 0, ("z.py",))


def test_what_nobody_knows_stays_unknown() -> None:
    found = changed_coverage(ChangedLines(unknown="too shallow"), {})
    assert (found.percent, found.unknown) == (None, "too shallow")


def test_a_file_that_no_test_imported_is_not_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".coveragerc").write_text("[run]\nomit = src/omitted/*\n[report]\nexclude_also = no_cover\n")
    for name in ("src/app/new.py", "src/omitted/x.py", "docs/conf.py", "setup.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a = 1\nif a:\n    b = (\n        2\n    )\nc = no_cover\n")
    (tmp_path / "src" / "broken.py").write_text("def (")
    (tmp_path / "src" / "old.py").write_text("a = [\n1,\n]\n")
    report = tmp_path / "coverage.json"
    measured = {"executed_lines": [1], "missing_lines": []}
    report.write_text(json.dumps({"files": {"src/old.py": measured, str(tmp_path / "src/abs.py"): measured}}))
    changed = [
        "src/app/new.py",
        "src/omitted/x.py",
        "src/broken.py",
        "src/gone.py",
        "docs/conf.py",
        "setup.py",
        "../x.py",
    ]
    lines = read_line_coverage(report, [*changed, "src/old.py"])
    assert set(lines) == {"src/old.py", "src/abs.py", "src/app/new.py"}
    assert (set(lines["src/app/new.py"].executed), set(lines["src/app/new.py"].missing)) == (set(), {1, 2, 3})
    assert lines["src/app/new.py"].begins == {4: 3, 5: 3}
    assert lines["src/old.py"].begins == {2: 1, 3: 1}
