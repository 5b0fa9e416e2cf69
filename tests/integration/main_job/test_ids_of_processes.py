"""Test ids that are others in each process: the tests of such a function stay together, from the first run on."""

import re

from main_job_project import PLAIN, Project

SEVERAL = """
import random, time, uuid
import pytest

class Thing: pass

@pytest.mark.parametrize("thing", [Thing(), Thing(), Thing()], ids=repr)
def test_address(thing): time.sleep(0.01)

@pytest.mark.parametrize("name", [str(uuid.uuid4()), str(time.time()), str(random.random()), "fixed"])
class TestNames:
    def test_name(self, name): time.sleep(0.01)

@pytest.mark.parametrize("word", {"a", "b", "c", "d"})
def test_set(word): time.sleep(0.01)

def test_plain(): time.sleep(0.01)
"""
OF_CHANGING_NUMBER = """
@pytest.mark.parametrize("number", range(random.randint(2, 9)))
def test_number(number): time.sleep(0.01)

for _ in range(4):
    globals()[f"test_{uuid.uuid4().hex}"] = lambda: None
"""
FUNCTIONS = ["TestNames::test_name", "test_address", "test_plain", "test_set"]


def run(project: Project) -> int:
    done = project.ci_toolkit("run", "--shards", "3", "--jobs", "1", "--history", "history.sqlite", "--", *PLAIN)
    assert (done.returncode, project.verdict["counts"]["lost"]) == (0, 0), done.stdout
    passed: int = project.verdict["counts"]["passed"]
    return passed


def test_each_run_passes_with_every_test(project: Project) -> None:
    project.write({"test_ids.py": SEVERAL + OF_CHANGING_NUMBER})
    for _ in range(2):
        assert 12 + 2 + 4 <= run(project) <= 12 + 9 + 4


def test_the_run_notes_such_a_file_and_its_history_holds_functions(project: Project) -> None:
    project.write({"test_ids.py": SEVERAL})
    assert run(project) == 12
    assert any(note.startswith("test ids differ from process to process") for note in project.verdict["notes"])
    project.ci_toolkit("history", "export", "--history", "history.sqlite", "--out", "times.json").check_returncode()
    assert sorted(project.json("times.json")) == [f"test_ids.py::{function}" for function in FUNCTIONS]


SETS = """
ORDER = [str(value) for value in {"a", "b", "c", "d", "e", "f", "g", "h"}]

def test_order(record_property): record_property("order", "".join(ORDER))
"""


def test_sets_of_text_have_one_order_in_all_shards_of_a_run(project: Project) -> None:
    project.write({f"test_{name}.py": SETS for name in "abc"})
    run(project)
    junit = (project.out / "junit.xml").read_text()
    assert len(set(re.findall('name="order" value="([a-h]+)"', junit))) == 1
