from pathlib import Path
from typing import Any

import msgspec
import pytest
from bundle_samples import leave_bundle, merged, plan_of, told
from journal_samples import PYTHON

from ci_toolkit.model.environment import Environment
from ci_toolkit.model.journal_end import Executed
from ci_toolkit.model.merged import MergedRun
from ci_toolkit.model.wording import MOST_NAMED

PLAN = plan_of(["test_a.py"], ["test_b.py"], ["test_c.py"])


def run_of(results: Path, *shards: dict[str, Any], executed: dict[int, dict[str, str]] | None = None) -> MergedRun:
    """A run of which each shard's card says what ``shards`` says, and each journal what it executed."""
    for index, card in enumerate(shards, start=1):
        files = tuple((executed or {}).get(index, {}).items())
        leave_bundle(results, PLAN, index, {"main": [Executed(files=files)]}, **card)
    return merged(results, PLAN)


def ran(**also: Any) -> Environment:
    return msgspec.structs.replace(PYTHON, **also)


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        (["a" * 40, "a" * 40, "a" * 40], []),
        (["", "", ""], []),
        (["a" * 40, "", "a" * 40], []),  # one that has no git says nothing
        (
            ["a" * 40, "b" * 40, "a" * 40],
            [
                (
                    "the shards ran different commits: shards 1, 3: aaaaaaaaaaaa; shard 2: bbbbbbbbbbbb; "
                    "check out one commit in every job"
                )
            ],
        ),
    ],
)
def test_shards_of_different_commits_say_so(tmp_path: Path, commits: list[str], expected: list[str]) -> None:
    run = run_of(tmp_path, *({"commit": commit} for commit in commits))
    assert told(run.disagreements) == [("sources-differ", message) for message in expected]


def test_shards_that_executed_different_versions_of_a_file_say_so(tmp_path: Path) -> None:
    executed = {
        1: {"a.py": "1", "b.py": "1", "only_here.py": "1"},
        2: {"a.py": "1", "b.py": "2"},
        3: {"a.py": "3", "b.py": "3"},
    }
    run = run_of(tmp_path, {}, {}, {}, executed=executed)
    assert told(run.disagreements) == [
        (
            "sources-differ",
            (
                "the shards executed different versions of a.py (shards 1 and 3), b.py (shards 1 and 2); "
                "run every shard on the same sources"
            ),
        )
    ]


def test_of_many_files_that_differ_some_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    files = [f"{number}.py" for number in range(MOST_NAMED + 2)]
    run = run_of(tmp_path, {}, {}, executed={1: dict.fromkeys(files, "1"), 2: dict.fromkeys(files, "2")})
    ((_, message),) = told(run.disagreements)
    assert message.count("(shards 1 and 2)") == MOST_NAMED
    assert " and 2 more; " in message


@pytest.mark.parametrize(
    ("environments", "expected"),
    [
        ([ran(), ran(), ran()], []),
        ([ran(), None, ran(platform="darwin")], []),
        (
            [ran(), ran(python="3.11.0"), ran()],
            ["the shards ran different versions of Python: shards 1, 3: cpython 3.12.1; shard 2: cpython 3.11.0"],
        ),
        (
            [ran(), ran(implementation="pypy"), None],
            ["the shards ran different versions of Python: shard 1: cpython 3.12.1; shard 2: pypy 3.12.1"],
        ),
        (
            [ran(pytest="8.3.0"), ran(), ran()],
            ["the shards ran different versions of pytest: shard 1: 8.3.0; shards 2, 3: 8.4.0"],
        ),
        (
            [ran(plugins=("xdist-3.6",)), ran(plugins=("xdist-3.6", "cov-6.1")), ran(plugins=("xdist-3.6",))],
            ["the shards ran with different plugins: shards 1, 3: none of these; shard 2: cov-6.1"],
        ),
    ],
)
def test_shards_under_different_environments_say_so(
    tmp_path: Path, environments: list[Environment | None], expected: list[str]
) -> None:
    run = run_of(tmp_path, *({"environment": environment} for environment in environments))
    assert told(run.disagreements) == [("environments-differ", message) for message in expected]
