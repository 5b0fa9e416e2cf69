from pathlib import Path

import pytest

from ci_toolkit.config.categories import categories_from
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.category import Categories
from ci_toolkit.model.suite import SuiteFile
from ci_toolkit.suite.mentions import MentionReader
from ci_toolkit.workflow.category_selection import select_categories


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("@pytest.mark.unit\ndef test_a(): pass\n", ("unit",)),
        ("pytestmark = [pytest.mark.e2e, pytest.mark.mission_critical]\n", ("e2e", "mission_critical")),
        ("@mark.no_skip\ndef test_a(): pass\n", ("mission_critical",)),
        ("class TestA(MissionCriticalTest): pass\n", ("mission_critical",)),
        ("@pytest.mark.unit_of_work\ndef test_unit(): pass\n", ()),
        ("@pytest.mark.pact\ndef test_a(): pass\n", ("contract",)),
        ("", ()),
    ],
)
def test_a_text_speaks_of_the_categories_that_it_marks(tmp_path: Path, text: str, mentions: tuple[str, ...]) -> None:
    categories = categories_from({"contract": {"marker": "pact"}}, origin="here")
    (tmp_path / "test_a.py").write_text(text)
    assert MentionReader(categories).read(tmp_path / "test_a.py") == mentions


def test_what_cannot_be_read_speaks_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_bytes(b"\xff\xfe\x00 mark.unit")
    assert MentionReader(Categories()).read(tmp_path / "test_a.py") == ("unit",)
    assert MentionReader(Categories()).read(tmp_path / "none.py") == ()


def test_a_run_needs_the_services_of_the_categories_that_its_files_can_hold(tmp_path: Path) -> None:
    choice = select_categories(tmp_path)
    unit = SuiteFile(path="unit/test_a.py", category="unit")
    integration = SuiteFile(path="test_b.py", mentions=("integration",))
    assert choice.services_of((unit,)) == ()
    assert choice.services_of((unit, integration)) == ("postgresql", "redis")


def test_settings_choose_the_categories_of_the_thresholds(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.ci-toolkit.categories.unit]\ncoverage-threshold = 80\n"
        "[tool.ci-toolkit.categories.e2e]\ncoverage-threshold = 30\n"
    )
    assert select_categories(tmp_path).coverage_thresholds == {"unit": 80, "e2e": 30}
    assert select_categories(tmp_path, mode="fast_feedback").coverage_thresholds == {"unit": 80}


@pytest.mark.parametrize(
    ("mode", "category", "said"), [("fast_feedbak", "", "fast_feedback"), ("", "intergation", "integration")]
)
def test_a_wrong_name_is_refused_with_the_nearest(tmp_path: Path, mode: str, category: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        select_categories(tmp_path, mode=mode, categories=(category,) if category else ())
    assert f"Did you mean '{said}'?" in str(error.value)
