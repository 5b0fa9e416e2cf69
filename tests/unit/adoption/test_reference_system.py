"""examples/netra has adopted ci-toolkit as `ci-toolkit init` would write it: the workflow, the noxfile, the settings."""

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from adoption_lab import WORKFLOW, Stranger

EXAMPLE = Path(__file__).parents[3] / "examples" / "netra"
WRITTEN = (WORKFLOW, "noxfile.py")
TABLES_OF_CI_TOOLKIT = re.compile(r"^\[tool\.ci-toolkit.*?(?=^\[(?!tool\.ci-toolkit)|\Z)", re.MULTILINE | re.DOTALL)
THE_TEAMS_OWN = re.compile(r"^      prepare: \|.*\Z", re.MULTILINE | re.DOTALL)
"""The end of the workflow, which starts the scripted language model: init knows no such services."""
IGNORED_BY_GIT = [line.strip("/") for line in (EXAMPLE.parents[1] / ".gitignore").read_text().split()]
"""Patterns of names: what tools leave beside the example is no part of it."""
OF_THE_SERVICES = (" 'docker>=7.1'", '      shard-options: "--real-services"\n')
"""What init adds to the workflow where it knows of services: from the team's table, which no file of another tool has."""


def example() -> dict[str, bytes]:
    paths = {path.relative_to(EXAMPLE): path for path in sorted(EXAMPLE.rglob("*")) if path.is_file()}
    return {name.as_posix(): path.read_bytes() for name, path in paths.items() if not is_ignored(name)}


def is_ignored(path: Path) -> bool:
    return any(fnmatchcase(part, pattern) for part in path.parts for pattern in IGNORED_BY_GIT)


def pinned() -> str:
    """Return the commit of ci-toolkit that the example's workflow calls."""
    (commit,) = re.findall(r"@([0-9a-f]{40}) # v", (EXAMPLE / WORKFLOW).read_text())
    return str(commit)


def as_written(files: dict[str, bytes]) -> str:
    """Return the workflow without what the team added to it."""
    text, added = THE_TEAMS_OWN.subn("", files[WORKFLOW].decode())
    assert added == 1
    return text


def test_init_writes_what_the_example_has_and_nothing_into_its_settings(stranger: Stranger) -> None:
    files = example()
    stranger.write({path: content for path, content in files.items() if path not in WRITTEN})
    code, _, _ = stranger.init("--commit", pinned())
    assert code == 0
    assert stranger.contents() == files | {WORKFLOW: as_written(files).encode()}


def test_init_in_the_adopted_example_changes_nothing(stranger: Stranger) -> None:
    files = example()
    stranger.write(files | {WORKFLOW: as_written(files)})
    _, told, _ = stranger.init("--commit", pinned())
    assert told.count("unchanged ") == len((*WRITTEN, "pyproject.toml"))


def test_without_the_teams_table_only_its_services_are_missing(stranger: Stranger) -> None:
    """How a team's own services start is in its table alone; init does not guess it."""
    files = {path: content.decode() for path, content in example().items()}
    bare = TABLES_OF_CI_TOOLKIT.sub("", files["pyproject.toml"])
    assert "tool.ci-toolkit" not in bare
    stranger.write({path: text for path, text in files.items() if path not in WRITTEN} | {"pyproject.toml": bare})
    stranger.init("--commit", pinned())
    wanted = as_written(example())
    for words in OF_THE_SERVICES:
        assert words in wanted
        wanted = wanted.replace(words, "")
    assert stranger.text(WORKFLOW) == wanted
    assert stranger.text("pyproject.toml") == bare


def test_the_noxfile_has_a_session_for_each_category_and_mode(tmp_path: Path) -> None:
    for name in ("noxfile.py", "pyproject.toml"):
        shutil.copy(EXAMPLE / name, tmp_path)
    listed = subprocess.run(
        [sys.executable, "-m", "nox", "-l"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    for name in (
        "unit",
        "integration",
        "e2e",
        "mission_critical",
        "fast_feedback",
        "nightly",
        "plan",
        "shard",
        "merge",
    ):
        assert f"\n- {name} [" in listed
