import pytest

from ci_toolkit.config.categories import categories_from
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.category import Categories, MockPolicy


@pytest.mark.parametrize(
    ("path", "markers", "category", "is_critical", "clash"),
    [
        ("tests/unit/test_a.py", [], "unit", False, ""),
        ("tests/test_a.py", ["unit"], "unit", False, ""),
        ("tests/test_a.py", [], "", False, ""),
        ("tests/unit/test_a.py", ["unit", "slow"], "unit", False, ""),
        ("tests/unit/deep/test_a.py", ["e2e"], "e2e", False, "is marked e2e in a directory of unit"),
        ("tests/test_a.py", ["unit", "e2e"], "e2e", False, "is marked e2e and unit"),
        ("tests/e2e/integration/test_a.py", [], "integration", False, ""),
        ("tests/mission_critical/test_a.py", [], "mission_critical", True, ""),
        ("tests/mission_critical/test_a.py", ["e2e"], "e2e", True, ""),
        ("tests/e2e/test_a.py", ["mission_critical"], "e2e", True, ""),
        ("tests/test_a.py", ["e2e", "mission_critical", "real_llm"], "e2e", True, ""),
        ("tests/test_a.py", ["mission_critical"], "mission_critical", True, ""),
        ("tests/test_a.py", ["no_skip"], "", True, ""),
        ("tests/unit/test_a.py", ["no_skip"], "unit", True, ""),
        ("unit", [], "", False, ""),
    ],
)
def test_a_test_has_one_category_by_marker_or_directory(
    *, path: str, markers: list[str], category: str, is_critical: bool, clash: str
) -> None:
    categories = Categories()
    placement = categories.place(categories.of_path(path), markers)
    assert (placement.category, placement.is_critical, placement.clash) == (category, is_critical, clash)


def test_a_team_changes_a_category_and_adds_its_own() -> None:
    table = {
        "unit": {"test-seconds": 5},
        "contract": {"directories": ["contracts", "pacts"], "mocks": "none", "after": ["unit"]},
        "e2e": False,
    }
    categories = categories_from(table, origin="here")
    assert categories.names == ("unit", "integration", "mission_critical", "contract")
    assert categories.by_name["unit"].test_seconds == 5
    assert categories.by_name["contract"].mocks is MockPolicy.NONE
    assert categories.of_path("tests/pacts/test_a.py") == "contract"
    assert categories.place("", ["contract"]).category == "contract"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"unit": {"test-second": 5}}, "Did you mean 'test-seconds'?"),
        ({"unit": {"mocks": "some"}}, "mocks"),
        ({"unit": {"after": ["intergation"]}}, "Did you mean 'integration'?"),
        ({"unit": {"after": ["e2e"]}}, "in a circle: e2e, integration, unit"),
        ({"fast": {"marker": "unit"}}, "share the marker 'unit'"),
        ({"fast": {"directories": ["unit"]}}, "share the directory 'unit'"),
        ({"not a name": {}}, "cannot name a category"),
        ({"mission_critical": False}, "is not a table"),
    ],
)
def test_a_category_that_cannot_be_is_refused_with_the_way_out(table: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        categories_from(table, origin="here")
    assert said in str(error.value)
