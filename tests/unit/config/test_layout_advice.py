import pytest

from ci_toolkit.config.categories import categories_from
from ci_toolkit.config.layout_advice import layout_advice
from ci_toolkit.model.category import Categories

UNIT = '[tool.ci-toolkit.categories.unit]\ndirectories = ["unit", "tests"]'


@pytest.mark.parametrize(
    ("paths", "asked", "lines"),
    [
        ([], ("unit",), ""),
        (["tests/test_a.py", "tests/test_b.py"], ("mission_critical", "unit"), UNIT),
        (["tests/test_a.py"], (), UNIT),
        (["tests/test_a.py"], ("e2e",), '[tool.ci-toolkit.categories.e2e]\ndirectories = ["e2e", "tests"]'),
        (
            ["tests/core/test_a.py", "tests/api/test_b.py", "tests/browser/test_c.py"],
            ("unit",),
            (
                '[tool.ci-toolkit.categories.integration]\ndirectories = ["integration", "api"]\n'
                '[tool.ci-toolkit.categories.e2e]\ndirectories = ["e2e", "browser"]\n'
                '[tool.ci-toolkit.categories.unit]\ndirectories = ["unit", "core"]'
            ),
        ),
        (["test_a.py"], ("unit",), "# and in each test file of the top folder: pytestmark = pytest.mark.unit"),
        (
            ['od"d/test_a.py'],
            ("unit",),
            '[tool.ci-toolkit.categories.unit]\ndirectories = ["unit", "od\\"d"]',
        ),
    ],
)
def test_the_lines_give_every_folder_a_category(paths: list[str], asked: tuple[str, ...], lines: str) -> None:
    assert "\n".join(layout_advice(paths, Categories(), asked)) == lines


def test_a_category_that_the_team_dropped_is_not_proposed() -> None:
    categories = categories_from({"integration": False}, origin="here")
    assert "integration" not in "".join(layout_advice(["tests/api/test_a.py"], categories, ("unit",)))
