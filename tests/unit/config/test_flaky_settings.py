from pathlib import Path

import pytest

from ci_toolkit.config.flaky import LEAST_SECONDS, FlakySettings, read_flaky
from ci_toolkit.errors import ConfigurationError


def settings(folder: Path, text: str) -> FlakySettings | None:
    (folder / "pyproject.toml").write_text(text)
    return read_flaky(folder)


def test_without_the_table_nothing_is_tried_again(tmp_path: Path) -> None:
    assert read_flaky(tmp_path) is None
    assert settings(tmp_path, "[tool.ci-toolkit]\n") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0.02, LEAST_SECONDS, True)),
        ('budget = "5%"', (0.05, LEAST_SECONDS, True)),
        ('budget = "90s"', (0.0, 90.0, True)),
        ("budget = 45", (0.0, 45.0, True)),
        ('budget = "0%"', (0.0, 0.0, True)),
        ("excuse = false", (0.02, LEAST_SECONDS, False)),
    ],
)
def test_the_table_says_what_trials_may_cost(tmp_path: Path, text: str, expected: tuple[float, float, bool]) -> None:
    found = settings(tmp_path, f"[tool.ci-toolkit.flaky]\n{text}\n")
    assert found is not None
    assert (found.budget_share, found.least_seconds, found.excuses) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('budget = "much"', "'much' is no budget"),
        ('budget = "101%"', "not between 0% and 100%"),
        ('budget = "-1%"', "not between 0% and 100%"),
        ('budget = "nan%"', "not between 0% and 100%"),
        ("budget = true", "budget"),
        ("buget = 3", "Did you mean 'budget'?"),
        ('excuse = "yes"', "excuse"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings(tmp_path, f"[tool.ci-toolkit.flaky]\n{text}\n")
    assert said in str(refused.value)
