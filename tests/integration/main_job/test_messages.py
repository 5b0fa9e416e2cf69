import pytest
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
    "test_passes.py": "def test_it():\n    print('a', 'good', 'clue')\n",
    "test_prints.py": "def test_it():\n    print('the', 'clue')\n    assert 0\n",
    "test_tells.py": "def test_it():\n    url = 'redis://:hu' + 'sh@h/0'\n    print(url)\n    raise ValueError(url)\n",
}


def test_what_went_wrong_is_in_the_message_and_what_was_printed_beside_it(project: Project) -> None:
    project.write(SUITE)
    done = project.ci_toolkit("run", "--shards", "1", "--no-history", "--show-output", "--", *PLAIN)
    told = {failure["node_id"]: failure for failure in project.verdict["failures"]}
    assert {name: (failure["message"], failure["line"]) for name, failure in told.items()} == {
        "test_missing.py::test_it": ("fixture 'no_such_fixture' not found", 1),
        "test_recursive.py::test_it": ("recursive dependency involving fixture 'one' detected", 5),
        "test_import.py": ("ModuleNotFoundError: No module named 'no_such_module'", 0),
        "test_prints.py::test_it": ("assert 0", 3),
        "test_tells.py::test_it": ("ValueError: redis://:hush@h/0", 4),
    }
    for report in ("summary.md", "report.html"):
        shown = (project.out / report).read_text()
        assert "hush" not in shown
        assert "the clue" in shown or report == "summary.md"
    assert "PASSED test_passes.py::test_it\n--- Captured stdout call ---\na good clue\n" in done.stderr
    assert "a good clue" not in done.stdout
    assert "\n>       assert 0\nE       assert 0\n" in done.stdout
    assert (
        "\n----------------------------- Captured stdout call -----------------------------\nthe clue\n" in done.stdout
    )
    assert "the clue" in told["test_prints.py::test_it"]["output"]
    assert "the clue" in (project.out / "report.html").read_text()
    summary = (project.out / "summary.md").read_text()
    for name in ("no_such_fixture", "no_such_module"):
        assert name in done.stdout
        assert name in summary


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        ("pytest_configure(): raise RuntimeError('the reason')", "RuntimeError: the reason"),
        ("pytest_collection(): raise RuntimeError('the reason')", "RuntimeError: the reason"),
        ("pytest_sessionstart(): __import__('os')._exit(0)", "before the tests were listed, and said nothing"),
    ],
)
def test_a_conftest_that_ends_pytest_is_named_as_the_reason_why_there_is_no_plan(
    project: Project, hook: str, said: str
) -> None:
    project.write({"conftest.py": f"def {hook}\n", "test_a.py": "def test_a(): pass\n"})
    done = project.ci_toolkit("plan", "--shards", "1")
    assert done.returncode == 2
    assert said in done.stderr
    assert "without ci-toolkit's plugin" not in done.stderr


def test_what_a_conftest_raises_at_the_end_fails_the_run_by_name_and_not_the_plan(project: Project) -> None:
    project.write(
        {
            "conftest.py": "def pytest_sessionfinish(): raise RuntimeError('the reason')\n",
            "test_a.py": "def test_a(): pass\n",
        }
    )
    done = project.ci_toolkit("run", "--shards", "1", "--no-history")
    assert done.returncode == 1
    (breach,) = project.verdict["breaches"]
    assert breach["gate"] == "pytest-exit"
    assert "(RuntimeError: the reason)" in breach["message"]


def test_a_layout_without_categories_is_shown_the_lines_that_give_it_some(project: Project) -> None:
    project.write({"tests/core/test_a.py": "def test_a(): pass\n"})
    done = project.ci_toolkit("run", "--category", "unit")
    assert done.returncode == 3
    assert '[tool.ci-toolkit.categories.unit]\n  directories = ["unit", "core"]\n' in done.stderr
    project.write({"pyproject.toml": '[tool.ci-toolkit.categories.unit]\ndirectories = ["unit", "core"]\n'})
    assert project.ci_toolkit("run", "--category", "unit", "--shards", "1", "--no-history").returncode == 0
