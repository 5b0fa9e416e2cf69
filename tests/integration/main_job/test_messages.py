from main_job_project import PLAIN, Project

SUITE = {
    "test_missing.py": "def test_it(no_such_fixture): pass\n",
    "test_recursive.py": """
import pytest
@pytest.fixture
def one(two): pass
@pytest.fixture
def two(one): pass
def test_it(one): pass
""",
    "test_import.py": "import no_such_module\n",
    "test_prints.py": "def test_it():\n    print('the', 'clue')\n    assert 0\n",
}


def test_what_went_wrong_is_in_the_message_and_what_was_printed_beside_it(project: Project) -> None:
    project.write(SUITE)
    done = project.ci_toolkit("run", "--shards", "1", "--no-history", "--", *PLAIN)
    told = {failure["node_id"]: failure for failure in project.verdict["failures"]}
    assert {name: (failure["message"], failure["line"]) for name, failure in told.items()} == {
        "test_missing.py::test_it": ("fixture 'no_such_fixture' not found", 1),
        "test_recursive.py::test_it": ("recursive dependency involving fixture 'one' detected", 5),
        "test_import.py": ("ModuleNotFoundError: No module named 'no_such_module'", 0),
        "test_prints.py::test_it": ("assert 0", 3),
    }
    assert "the clue" in told["test_prints.py::test_it"]["output"]
    assert "the clue" in (project.out / "report.html").read_text()
    summary = (project.out / "summary.md").read_text()
    for name in ("no_such_fixture", "no_such_module"):
        assert name in done.stdout
        assert name in summary
