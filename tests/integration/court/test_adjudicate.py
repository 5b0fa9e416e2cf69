import os

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


@pytest.fixture
def failed(repository: Repository) -> Repository:
    """A run of one shard in which a service was away."""
    repository.commit({"pyproject.toml": SETTINGS, "tests/test_service.py": OUTAGE})
    repository.commit({"notes.txt": "a change"})
    (repository.outside / "outage").touch()
    repository.ci_toolkit("plan", "--shards", "1", "--out", ".ci-toolkit/plan.json")
    code, printed = repository.ci_toolkit("shard", "1", *PLAN)
    assert code == 1, printed
    return repository


def kinds(repository: Repository) -> set[tuple[str, bool]]:
    return set(repository.judged().values())


def test_an_outage_is_excused_after_each_test_passed_on_another_machine(
    failed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert failed.ci_toolkit("merge", *PLAN)[0] == 1
    assert kinds(failed) == {("outage", False)}

    (failed.outside / "outage").unlink()
    monkeypatch.setitem(os.environ, "CI_TOOLKIT_MACHINE", "another")
    code, printed = failed.ci_toolkit("adjudicate", *PLAN)
    assert code == 0, printed
    code, printed = failed.ci_toolkit("merge", *PLAN)

    assert code == 0, printed
    assert kinds(failed) == {("outage", True)}
    assert "it passed on another machine" in failed.why("test_service[3]")


def test_what_fails_on_another_machine_too_stays_red(failed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "CI_TOOLKIT_MACHINE", "another")
    assert failed.ci_toolkit("adjudicate", *PLAN)[0] == 1
    assert failed.ci_toolkit("merge", *PLAN)[0] == 1
    assert kinds(failed) == {("outage", False)}
    assert "failed on another machine too" in failed.why("test_service[3]")


def test_the_machine_of_the_shard_is_no_other_one(failed: Repository) -> None:
    (failed.outside / "outage").unlink()
    code, printed = failed.ci_toolkit("adjudicate", *PLAN)

    assert code == 1, printed
    assert failed.ci_toolkit("merge", *PLAN)[0] == 1
    assert {is_excused for _, is_excused in kinds(failed)} == {False}
