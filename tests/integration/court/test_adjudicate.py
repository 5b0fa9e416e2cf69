import pytest
from court_lab import SETTINGS, Repository

OUTAGE = """
import os
from pathlib import Path

import pytest


def ask():
    if Path(os.environ["OUTSIDE"], "outage").exists():
        raise ConnectionError("the service does not answer")
    return 200


@pytest.mark.parametrize("number", range(12))
def test_service(number):
    assert ask() == 200
"""
PLAN = ("--plan", ".ci-toolkit/plan.json")


def kinds(repository: Repository) -> set[tuple[str, bool]]:
    return set(repository.judged().values())


def test_an_outage_is_excused_only_after_each_test_passed_on_another_machine(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"pyproject.toml": SETTINGS, "tests/test_service.py": OUTAGE})
    repository.commit({"notes.txt": "a change"})
    (repository.outside / "outage").touch()
    repository.ci_toolkit("plan", "--shards", "1", "--out", ".ci-toolkit/plan.json")
    code, printed = repository.ci_toolkit("shard", "1", *PLAN)
    assert code == 1, printed

    monkeypatch.setenv("CI_TOOLKIT_MACHINE", "another")
    assert repository.ci_toolkit("adjudicate", *PLAN)[0] == 1
    assert repository.ci_toolkit("merge", *PLAN)[0] == 1
    assert kinds(repository) == {("outage", False)}
    assert "failed on another machine too" in repository.why("test_service[3]")

    (repository.outside / "outage").unlink()
    monkeypatch.delenv("CI_TOOLKIT_MACHINE")  # it is the machine of the shard again, which is no other one
    assert repository.ci_toolkit("adjudicate", *PLAN)[0] == 1
    assert repository.ci_toolkit("merge", *PLAN)[0] == 1
    assert {is_excused for _, is_excused in kinds(repository)} == {False}

    monkeypatch.setenv("CI_TOOLKIT_MACHINE", "another")
    code, printed = repository.ci_toolkit("adjudicate", *PLAN)
    assert code == 0, printed
    code, printed = repository.ci_toolkit("merge", *PLAN)
    assert code == 0, printed
    assert kinds(repository) == {("outage", True)}
    assert "it passed on another machine" in repository.why("test_service[3]")
