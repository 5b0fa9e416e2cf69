import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
TOWNCRIER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]
KINDS = {kind["directory"] for kind in TOWNCRIER["type"]}


def test_every_fragment_has_a_name_that_towncrier_reads_and_a_text() -> None:
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.name not in TOWNCRIER["ignore"]]
    assert fragments
    for path in fragments:
        words = path.name.split(".")
        assert len(words) == 3, f"{path.name}: name it NAME.KIND.md"
        assert words[1] in KINDS, f"{path.name}: kinds are {', '.join(sorted(KINDS))}"
        assert path.read_text().strip(), f"{path.name} is empty"


def test_the_changelog_has_the_line_under_which_towncrier_writes() -> None:
    assert TOWNCRIER["start_string"] in (ROOT / "CHANGELOG.md").read_text()
