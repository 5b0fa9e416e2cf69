from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.authoring.catalogue import catalogue
from ci_toolkit.authoring.overview import overview
from ci_toolkit.authoring.suite_reading import ReadTest, SuiteReading, read_suite
from ci_toolkit.lint.settings import LintSettings

E2E = '''
"""BVJ"""
import pytest

class TestFlow:
    @pytest.mark.{mark}
    @pytest.mark.real_llm
    async def test_flow(self, real_services):
        """The user gets an answer.

        And more."""
'''


def reading_of(root: Path, files: dict[str, str]) -> SuiteReading:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_suite([root], root=root, settings=LintSettings())


@pytest.mark.parametrize(
    ("mark", "rank"),
    [
        ("p1", 1),
        ("P3", 3),
        ("priority_2", 2),
        ("priority(4)", 4),
        ("priority('P5')", 5),
        ("mission_critical", 1),
        ("slow", 0),
        ("p7", 0),
        ("priority(9)", 0),
        ("priority(level)", 0),
    ],
)
def test_the_rank_of_a_test_is_its_marker(tmp_path: Path, mark: str, rank: int) -> None:
    (test,) = reading_of(tmp_path, {"shop/tests/e2e/test_flow.py": E2E.format(mark=mark)}).tests
    assert test.rank == rank


def test_a_test_is_read_with_its_place_needs_and_promise(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, {"shop/tests/e2e/test_flow.py": E2E.format(mark="p2")})
    assert reading.tests == (
        ReadTest(
            path="shop/tests/e2e/test_flow.py",
            name="TestFlow::test_flow",
            category="e2e",
            is_critical=False,
            rank=2,
            service="shop",
            needs=("real_llm", "real_services"),
            promise="The user gets an answer.",
        ),
    )


def test_a_file_that_cannot_be_read_is_said_aloud(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, {"tests/e2e/test_broken.py": "def test_broken(:\n"})
    assert reading.unread == ("tests/e2e/test_broken.py",)
    assert "`tests/e2e/test_broken.py`" in catalogue(reading)


def test_the_catalogue_ranks_e2e_tests_and_leaves_others_out(tmp_path: Path) -> None:
    page = catalogue(
        reading_of(
            tmp_path,
            {
                "tests/e2e/test_late.py": E2E.format(mark="p4"),
                "tests/e2e/test_first.py": E2E.format(mark="p1"),
                "tests/e2e/test_none.py": E2E.format(mark="slow"),
                "tests/unit/test_unit.py": "def test_unit(): pass\n",
            },
        )
    )
    assert page.index("## P1") < page.index("test_first") < page.index("## P4") < page.index("test_late")
    assert page.index("test_late") < page.index("## Not ranked") < page.index("test_none")
    assert "| P1 | 1 | none |" in page
    assert "test_unit" not in page


def test_the_overview_draws_services_categories_and_needs(tmp_path: Path) -> None:
    page = overview(
        reading_of(
            tmp_path,
            {
                "shop/tests/unit/test_a.py": "def test_a(): pass\n",
                "shop/tests/integration/test_b.py": "def test_b(real_db): pass\ndef test_c(real_db): pass\n",
                "tests/test_d.py": "def test_d(): pass\n",
            },
        )
    )
    for line in (
        'subgraph s2["shop"]',
        's2c2["unit<br/>1 test in 1 file"]',
        's2c3["integration<br/>2 tests in 1 file"]',
        'n1[("real_db")]',
        "s2c3 --> n1",
        "s2c2 -. before .-> s2c3",
        "| shop | integration | 2 | 1 | 0 |",
        "| the repository | no category | 1 | 1 | 0 |",
    ):
        assert line in page


@given(st.text(), st.text(min_size=1), st.text())
def test_names_from_the_suite_stay_data_on_both_pages(name: str, service: str, promise: str) -> None:
    test = ReadTest(
        path="t.py",
        name=name,
        category="e2e",
        is_critical=False,
        rank=1,
        service=service,
        needs=("real_db",),
        promise=promise,
    )
    plain = ReadTest(
        path="t.py", name="n", category="e2e", is_critical=False, rank=1, service="s", needs=("real_db",), promise="p"
    )
    for page in (catalogue, overview):
        hostile, calm = page(SuiteReading(tests=(test,))), page(SuiteReading(tests=(plain,)))
        assert len(hostile.splitlines()) == len(calm.splitlines())
        assert hostile.count("```") == calm.count("```")
