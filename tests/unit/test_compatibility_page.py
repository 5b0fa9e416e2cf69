"""The page on compatibility and the rows that prove it say the same."""

from compat_environments import own_versions
from compat_page import PAGE, page_with
from compat_rows import COVERAGE, EXIT, OUTCOMES, WARNINGS, read_rows
from strangers import SUITES

REQUIREMENTS = PAGE.parents[1] / "requirements" / "compat.in"
ROWS = read_rows()


def test_the_page_has_each_row_and_no_other() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page_with(text, ROWS) == text, "run: python tests/compat/compat_page.py"


def test_the_versions_of_all_that_rows_require_are_asked_for() -> None:
    asked = REQUIREMENTS.read_text(encoding="utf-8").split()
    assert asked == sorted({name for row in ROWS for name in row.requires if not own_versions([name])})


def test_a_difference_is_one_of_what_is_compared() -> None:
    for row in ROWS:
        assert row.differs.keys() <= {OUTCOMES, EXIT, COVERAGE, WARNINGS, *row.reports}, row.name


def test_the_page_has_each_public_suite() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name, suite in SUITES.items() if f"| {name} | {suite.kind} |\n" not in text] == []
