import pytest

from ci_toolkit.adoption.layout import layout_of
from ci_toolkit.config.categories import categories_from
from ci_toolkit.model.category import Categories


def mark(*names: str) -> str:
    return "".join(f"@pytest.mark.{name}\ndef test_{name}(): ...\n" for name in names)


@pytest.mark.parametrize(
    ("sources", "directories", "markers"),
    [
        ({}, {}, {}),
        ({"tests/test_a.py": "", "tests/unit/test_b.py": mark("slow")}, {}, {}),
        ({"tests/api/test_a.py": "", "tests/db/deep/test_b.py": ""}, {"integration": ("api", "db")}, {}),
        ({"tests/functional/api/test_a.py": ""}, {"integration": ("api",)}, {}),
        ({"tests/unit/api/test_a.py": ""}, {}, {}),
        ({"tests/test_a.py": mark("functional"), "tests/test_b.py": mark("smoke")}, {}, {"e2e": "functional"}),
        ({"tests/functional/test_a.py": mark("functional")}, {"e2e": ("functional",)}, {"e2e": "functional"}),
        ({"tests/test_a.py": mark("functional"), "tests/test_b.py": mark("e2e")}, {}, {}),
        ({"tests/unit/test_a.py": mark("functional")}, {}, {}),
        ({"tests/api/test_a.py": mark("functional")}, {"integration": ("api",)}, {}),
        ({"tests/test_a.py": mark("functional", "unit")}, {}, {}),
        ({"tests/api/test_a.py": mark("mission_critical", "integration")}, {"integration": ("api",)}, {}),
        ({"tests/api/test_a.py": mark("unit")}, {}, {}),
    ],
)
def test_folders_and_markers_of_usual_names_become_categories(
    sources: dict[str, str], directories: dict[str, tuple[str, ...]], markers: dict[str, str]
) -> None:
    layout = layout_of(sources, Categories())
    assert (layout.directories, layout.markers) == (directories, markers)


def test_what_has_no_category_is_left_to_the_reader() -> None:
    layout = layout_of(
        {"tests/test_a.py": "", "tests/x/y/test_a.py": "", "tests/api/test_b.py": "", "test_c.py": ""}, Categories()
    )
    assert layout.advice == (
        "[tool.ci-toolkit.categories.unit]",
        'directories = ["unit", "tests"]',
        "# and in each test file of the top folder: pytestmark = pytest.mark.unit",
    )
    assert layout_of({"tests/unit/test_a.py": ""}, Categories()).advice == ()


def test_a_category_that_the_team_dropped_gets_nothing() -> None:
    categories = categories_from({"e2e": False}, origin="here")
    layout = layout_of({"tests/functional/test_a.py": mark("functional")}, categories)
    assert (layout.directories, layout.markers) == ({}, {})
