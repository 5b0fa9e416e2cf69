"""What a verdict may rest on: everything that pytest collects has an owner, and nothing else counts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from main_job_project import PLAIN, Project

ITEMS = """
import pytest

class Check(pytest.Item):
    def runtest(self):
        assert self.name != 'bad'

    def reportinfo(self):
        return self.path, 0, self.name

def two(parent):
    return [Check.from_parent(parent, name=name) for name in ('good', 'bad')]
"""
COLLECTOR = """
class Spec(pytest.Collector):
    def collect(self):
        return two(self)

def pytest_collect_file(file_path, parent):
    if file_path.suffix == '.spec':
        return Spec.from_parent(parent, name=file_path.name)
"""
FOLDER = """
class Folder(pytest.Dir):
    def collect(self):
        yield from two(self)
        yield from super().collect()

def pytest_collect_directory(path, parent):
    if path.name == 'm':
        return Folder.from_parent(parent, path=path)
"""
MANIFEST = """
class Listed(pytest.Directory):
    def collect(self):
        for name in (self.path / 'manifest').read_text().split():
            yield from self.ihook.pytest_collect_file(file_path=self.path / name, parent=self)

def pytest_collect_directory(path, parent):
    if (path / 'manifest').exists():
        return Listed.from_parent(parent, path=path)
"""
TWO = "def test_a(): pass\ndef test_b(): assert 0\n"
SUITES = {
    "collector": {"conftest.py": ITEMS + COLLECTOR, "m/a.spec": "", "m/b.spec": "", "n/test_q.py": TWO},
    "folder": {"conftest.py": ITEMS + FOLDER, "m/test_a.py": TWO, "m/test_b.py": TWO, "n/test_q.py": TWO},
    "manifest": {"conftest.py": "import pytest\n" + MANIFEST, "m/manifest": "test_a.py test_z.py", "m/test_a.py": TWO,
                 "m/test_no.py": TWO, "m/test_z.py": TWO, "n/test_q.py": TWO},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SUITES))
def test_every_item_that_pytest_collects_runs_once_whatever_collects_it(project: Project, name: str) -> None:
    project.write(SUITES[name])
    expected = project.plain_pytest()
    project.plan_and_run(2)
    assert project.merge().returncode == 1
    assert project.merged() == expected


def test_tests_outside_the_root_run(project: Project) -> None:
    (project.folder / "pytest.ini").unlink()
    project.write({"conf/pytest.ini": "[pytest]\n", "tests/test_x.py": TWO, "tests/sub/test_y.py": TWO})
    expected = project.plain_pytest("-c", "conf/pytest.ini", "tests")
    done = project.ci_toolkit("run", "--shards", "2", "tests", "--", *PLAIN, "-c", "conf/pytest.ini")
    assert done.returncode == 1, done.stderr
    assert project.merged() == expected


def test_a_conftest_that_counts_on_tests_does_not_meet_a_listing_without_any(project: Project) -> None:
    conftest = "def pytest_collection_modifyitems(items):\n    items[0].add_marker('slow')\n"
    project.write({"conftest.py": conftest, "test_a.py": "def test_a(): pass\n"})
    assert project.ci_toolkit("run", "--shards", "1", "--", *PLAIN).returncode == 0


def test_a_test_file_that_came_after_the_plan_is_named(project: Project) -> None:
    project.write({"test_a.py": "def test_a(): pass\n", "sub/test_b.py": "def test_b(): pass\n"})
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    project.write({"sub/test_late.py": "def test_late(): assert 0\n", "sub/helper.py": ""})
    project.ci_toolkit("shard", "1")
    assert project.merge().returncode == 5
    assert [(breach["gate"], breach["message"].split()[0]) for breach in project.verdict["breaches"]] == [
        ("file-unplanned", "'sub/test_late.py'")
    ]


def test_a_planned_file_that_became_empty_is_noted(project: Project) -> None:
    project.write({"test_a.py": "def test_a(): pass\n", "test_b.py": "def test_b(): pass\n"})
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    project.write({"test_b.py": ""})
    project.ci_toolkit("shard", "1")
    assert project.merge().returncode == 0
    assert "1 planned file holds no test: test_b.py" in project.verdict["notes"]


@pytest.mark.parametrize("arguments", [("--ignore=test_a.py",), ("-p", "no:python")])
def test_a_shard_that_does_not_collect_its_files_has_not_finished(project: Project, arguments: tuple[str, ...]) -> None:
    project.write({"test_a.py": "def test_a(): pass\n"})
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    assert project.ci_toolkit("shard", "1", "--", *arguments).returncode == 5
    assert project.json(".ci-toolkit/results/shard-1/shard.json")["state"] == "broken"


def without_card(folder: Path) -> None:
    (folder / "shard.json").unlink()


def half_a_card(folder: Path) -> None:
    (folder / "shard.json").rename(folder / ".shard.json.k3j2h1")


@pytest.mark.parametrize("leave", [without_card, half_a_card])
def test_what_a_killed_shard_left_is_not_in_the_way_of_the_next_try(
    project: Project, leave: Callable[[Path], None]
) -> None:
    project.write({"test_a.py": "def test_a(): pass\n"})
    project.plan_and_run(1)
    leave(project.results / "shard-1")
    assert project.ci_toolkit("shard", "1").returncode == 0
    assert project.merge().returncode == 0


def test_a_folder_that_is_no_bundle_is_never_removed(project: Project) -> None:
    project.write({"test_a.py": "def test_a(): pass\n", ".ci-toolkit/results/shard-1/notes.txt": "mine"})
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    assert project.ci_toolkit("shard", "1").returncode == 2
    assert (project.results / "shard-1/notes.txt").read_text() == "mine"
