"""Which quarantine counts for a change, by a real repository and the event of its pull request."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from git_samples import git

from ci_toolkit.workflow.quarantine import quarantine_in_force

HELD_BACK_ALL = "every entry, for the base is not in this checkout: check it out with `fetch-depth: 2`"


def an_entry(test: str, signature: str = "0123456789abcdef") -> str:
    return f"""[[quarantine]]
test = "{test}"
reason = "race"
owner = "@team"
issue = "#42"
since = 2026-11-01
expires = 2026-12-01
signatures = ["{signature}"]
"""


OLD, NEW = an_entry("test_a.py::test_old"), an_entry("test_a.py::test_new")


class Repository:
    """A repository with one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str) -> str:
        return git(self.folder, *args)

    def commit(self, quarantine: str, *, below: str = ".") -> str:
        path = self.folder / below / "quarantine.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(quarantine)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def event(self, content: object) -> dict[str, str]:
        path = self.folder / "event.json"
        path.write_text(json.dumps(content))
        return {"GITHUB_EVENT_PATH": str(path)}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def what_counts(root: Path, environment: Mapping[str, str]) -> tuple[list[str], tuple[str, ...]]:
    quarantine = quarantine_in_force(root, environment)
    assert quarantine is not None
    return [entry.test for entry in quarantine.entries], quarantine.held_back


def pull_request(base: object) -> object:
    return {"pull_request": {"base": {"sha": base}, "head": {"sha": "1" * 40}}}


def test_of_a_pull_request_only_what_the_base_has_counts(repository: Repository) -> None:
    base = repository.commit(OLD)
    repository.commit(OLD + NEW)
    only_old = (["test_a.py::test_old"], ("the entry of test_a.py::test_new",))
    for event in (pull_request(base), {"merge_group": {"base_sha": base}}):
        assert what_counts(repository.folder, repository.event(event)) == only_old
    gitlab = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    assert what_counts(repository.folder, gitlab) == only_old


@pytest.mark.parametrize(
    "event", [{}, {"ref": "refs/heads/main"}, pull_request(7), pull_request("--upload-pack=x"), []]
)
def test_a_run_of_no_pull_request_takes_the_whole_file(repository: Repository, event: object) -> None:
    repository.commit(OLD)
    repository.commit(OLD + NEW)
    environment = {**repository.event(event), "CI_MERGE_REQUEST_DIFF_BASE_SHA": "--upload-pack=x"}
    assert what_counts(repository.folder, environment) == (["test_a.py::test_old", "test_a.py::test_new"], ())


def test_nothing_counts_where_the_base_has_no_such_file_or_one_that_cannot_be_read(repository: Repository) -> None:
    without = repository.commit("")
    repository.git("rm", "-q", "quarantine.toml")
    repository.git("commit", "-q", "-m", "none")
    none = repository.git("rev-parse", "HEAD")
    broken = repository.commit("[[quarantine]]\nowner = 7\n")
    repository.commit(OLD)
    for base, said in (
        (without, "the entry of test_a.py::test_old"),
        (none, "the entry of test_a.py::test_old"),
        (broken, "every entry, for the file of the base cannot be read"),
        ("1" * 40, HELD_BACK_ALL),
    ):
        assert what_counts(repository.folder, repository.event(pull_request(base))) == ([], (said,))


def test_a_shallow_checkout_fetches_the_base_or_excuses_nothing(repository: Repository, tmp_path: Path) -> None:
    base = repository.commit(OLD)
    repository.commit(OLD + NEW)
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    event = repository.event(pull_request(base))
    shallow = tmp_path / "shallow"
    repository.git("clone", "-q", "--depth=1", repository.folder.as_uri(), str(shallow))
    assert what_counts(shallow, event)[0] == ["test_a.py::test_old"]
    git(shallow, "remote", "set-url", "origin", str(tmp_path / "gone"))
    assert what_counts(shallow, event)[0] == ["test_a.py::test_old"]  # it is here now
    assert what_counts(shallow, repository.event(pull_request("2" * 40))) == ([], (HELD_BACK_ALL,))


def test_a_project_below_the_top_of_the_repository_has_its_own_file(repository: Repository) -> None:
    base = repository.commit(OLD, below="service")
    repository.commit(OLD + NEW, below="service")
    event = repository.event(pull_request(base))
    assert what_counts(repository.folder / "service", event)[0] == ["test_a.py::test_old"]


def test_where_nothing_is_in_quarantine_there_is_none(repository: Repository) -> None:
    assert quarantine_in_force(repository.folder, {}) is None
    repository.commit("# nothing yet\n")
    assert quarantine_in_force(repository.folder, {}) is None
