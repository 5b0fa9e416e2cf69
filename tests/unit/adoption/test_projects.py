import pytest

from ci_toolkit.adoption.projects import chosen_projects, count_tests

TOP = ["pyproject.toml", "tests/test_a.py"]
BACKEND = ["backend/pyproject.toml", "backend/tests/test_a.py", "backend/tests/unit/b_test.py"]
JOBS = ["services/jobs/setup.py", "services/jobs/test_a.py"]


@pytest.mark.parametrize(
    ("files", "jobs", "others"),
    [
        ([], (), ()),
        (["README.md"], (), ()),
        (TOP, (".",), ()),
        (BACKEND, ("backend",), ()),
        ([*BACKEND, *JOBS], ("backend", "services/jobs"), ()),
        ([*TOP, *BACKEND], (".",), ("backend",)),
        (["pyproject.toml", *BACKEND], ("backend",), ()),
        (["pyproject.toml"], (".",), ()),
        (["lib/setup.cfg"], ("lib",), ()),
        (["a/setup.cfg", "b/setup.cfg"], (), ("a", "b")),
        (["test_alone.py"], (".",), ()),
        ([*TOP, "tests/data/pyproject.toml", "tests/data/test_b.py", "examples/x/pyproject.toml"], (".",), ()),
        (["manage.py", "polls/tests.py"], (".",), ()),
        (["requirements.txt", "contest.py", "test_data.json"], (".",), ()),
    ],
)
def test_a_project_with_tests_of_its_own_has_a_job(
    files: list[str], jobs: tuple[str, ...], others: tuple[str, ...]
) -> None:
    assert chosen_projects(count_tests(files)) == (jobs, others)


def test_a_test_belongs_to_the_nearest_project_above_it() -> None:
    assert count_tests([*TOP, *BACKEND]) == {".": 1, "backend": 2}
