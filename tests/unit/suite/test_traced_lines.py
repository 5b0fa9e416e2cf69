from pathlib import Path

import pytest

from ci_toolkit.model.changed_lines import LAST_LINE, ChangedFile, ChangedLines
from ci_toolkit.model.traced_lines import TracedFile
from ci_toolkit.suite.traced_lines import traced_files

CODE = '''"""A module."""

LIMIT = 3


@cache
def total(prices, limit=LIMIT):
    # a comment

    if any(
        prices
    ):
        return sum(prices)
    try:
        return 0
    except ValueError:
        raise


class Cart:
    size = 1

    def add(self):
        self.size += 1
'''


def traced(folder: Path, change: ChangedFile) -> TracedFile:
    (folder / "shop.py").write_text(CODE)
    found = traced_files(ChangedLines(files={"shop.py": change}), folder)
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("line", "lines", "at_import"),
    [
        (3, (), True),
        (6, (), True),
        (7, (), True),
        (8, (), False),
        (9, (), False),
        (11, ((10, 12),), False),
        (13, ((13, 13),), False),
        (14, ((14, 14),), False),
        (16, ((16, 16),), False),
        (18, (), False),
        (21, (), True),
        (24, ((24, 24),), False),
    ],
)
def test_a_written_line_is_seen_by_its_statement_or_at_the_import(
    tmp_path: Path,
    line: int,
    lines: tuple[tuple[int, int], ...],
    at_import: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    found = traced(tmp_path, ChangedFile(written=((line, line),)))
    assert (found.lines, found.at_import) == (lines, at_import)


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        pytest.param('def f():\n    return """\n# price\n"""\n', 3, (2, 4), id="no comment, for it is in a string"),
        pytest.param('def f():\n    return f"""\n\n# {1}\n"""\n', 3, (2, 5), id="a blank line of a string"),
        pytest.param("\f\ndef f():\n    # one\n    return 1\n", 4, (4, 4), id="behind a form feed"),
        pytest.param("def f():\n    global n\n    n = 1\n", 2, (2, 3), id="it says whose name this is"),
        pytest.param("def f():\n    n: int\n    return n\n", 2, (2, 3), id="it makes a name the function's own"),
    ],
)
def test_a_written_line_is_told_from_a_comment_and_from_what_no_step_runs(
    tmp_path: Path, text: str, line: int, expected: tuple[int, int]
) -> None:
    (tmp_path / "shop.py").write_text(text)
    changes = ChangedLines(files={"shop.py": ChangedFile(written=((line, line),))})
    assert traced_files(changes, tmp_path) == (TracedFile(path=str(tmp_path / "shop.py"), lines=(expected,)),)


@pytest.mark.parametrize(
    ("cut", "lines", "at_import"), [(13, ((10, 17),), False), (17, (), True), (0, (), True), (24, (), True)]
)
def test_what_was_taken_out_is_seen_by_the_function_around_it(
    tmp_path: Path,
    cut: int,
    lines: tuple[tuple[int, int], ...],
    at_import: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    found = traced(tmp_path, ChangedFile(cut=(cut,)))
    assert (found.lines, found.at_import) == (lines, at_import)


@pytest.mark.parametrize(
    ("changes", "can_tell"),
    [
        (ChangedLines(), True),
        (ChangedLines(files={"README.md": ChangedFile(), "docs/a.rst": ChangedFile()}), True),
        (ChangedLines(unknown="there is no git"), False),
        (ChangedLines(files={"uv.lock": ChangedFile()}), False),
        (ChangedLines(files={"data/prices.json": ChangedFile()}), False),
        (ChangedLines(files={"tests/conftest.py": ChangedFile()}), False),
        (ChangedLines(gone=("data/prices.json",)), False),
        (ChangedLines(gone=("docs/old.md",)), True),
        (ChangedLines(gone=("tests/conftest.py",)), False),
    ],
)
def test_only_of_python_and_prose_can_a_running_test_tell(
    tmp_path: Path,
    changes: ChangedLines,
    can_tell: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    assert (traced_files(changes, tmp_path) is not None) == can_tell


def test_a_file_that_is_no_python_may_run_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("def broken(:\n")
    found = traced_files(ChangedLines(files={"shop.py": ChangedFile(written=((1, 1),))}), tmp_path)
    assert found is not None
    assert (found[0].lines, found[0].at_import) == (((1, LAST_LINE),), True)
