import json
from pathlib import Path

import pytest

from ci_toolkit.cli.main import main
from ci_toolkit.cli.settings import TABLES
from ci_toolkit.model.diagnosis import Diagnosis, Finding, Mark, diagnosis_of
from ci_toolkit.report.diagnosis import diagnosis_lines
from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.outlook import Outlook
from ci_toolkit.workflow.doctor import findings
from ci_toolkit.workflow.doctor.facts import FolderFacts, GitFacts, HistoryFacts, SuiteFacts, git_facts
from ci_toolkit.workflow.doctor.wishes import Trouble, Wishes

ON_A_BRANCH = Wishes(history="git:ci-history")
GIT = GitFacts(version=(2, 39, 5), commit="c" * 40)


@pytest.mark.parametrize(
    ("facts", "wishes", "mark", "told"),
    [
        (GIT, Wishes(), Mark.OK, "2.39.5, commit cccccccccccc"),
        (GitFacts(version=(2, 39), commit="c" * 40, is_shallow=True), Wishes(), Mark.OK, "a shallow checkout"),
        (GitFacts(), Wishes(), Mark.OPTIONAL, "there is no git"),
        (GitFacts(), ON_A_BRANCH, Mark.WRONG, "there is no git"),
        (GitFacts(failure="it hangs"), ON_A_BRANCH, Mark.WRONG, "git does not work: it hangs"),
        (GitFacts(version=(2, 25, 1), commit="c"), ON_A_BRANCH, Mark.WRONG, "git 2.25.1"),
        (GitFacts(version=(2, 39), failure="not a git repository"), Wishes(), Mark.OPTIONAL, "no commit here"),
    ],
)
def test_git_is_needed_by_a_history_on_a_branch_alone(facts: GitFacts, wishes: Wishes, mark: Mark, told: str) -> None:
    found = findings.of_git(facts, wishes)
    assert (found.mark, bool(found.advice), found.exit_code) == (mark, mark is not Mark.OK, 2 * (mark is Mark.WRONG))
    assert told in found.told


def test_an_extra_is_wrong_only_where_a_setting_needs_it() -> None:
    packages = {
        "coverage": {"pytest-cov": ""},
        "xdist": {"pytest-xdist": ""},
        "github": {"httpx": "1.0", "stamina": ""},
    }
    found = {one.name: one for one in findings.of_extras(packages, Wishes(extras=(("coverage", "--coverage"),)))}
    assert {name: one.mark for name, one in found.items()} == {
        "coverage": Mark.WRONG,
        "xdist": Mark.OPTIONAL,
        "github": Mark.OPTIONAL,
    }
    assert found["coverage"].told == "pytest-cov is not installed, for --coverage"
    assert found["coverage"].advice == "pip install 'ci-toolkit[coverage]'"
    assert found["github"].told == "stamina is not installed, for ci-toolkit github check"


def test_a_service_is_wrong_only_where_the_settings_ask_for_it() -> None:
    engine = "the engine does not answer\n  Start it."
    missing = f"no provider for redis\n  docker: {engine}"
    outlooks = (
        Outlook(name="postgresql", provider=Provider.NATIVE, told="native: postgres 15"),
        Outlook(name="redis", provider=None, told=missing, advice="Provide one."),
        Outlook(name="clickhouse", provider=None, told="no provider", advice="Provide one."),
    )
    found = list(findings.of_services(outlooks, frozenset({"postgresql", "redis"}), engine))
    assert [(one.mark, one.exit_code) for one in found] == [(Mark.OK, 0), (Mark.WRONG, 4), (Mark.OPTIONAL, 0)]
    assert found[1].told == "no provider for redis\n  docker: see 'docker' above"


@pytest.mark.parametrize(
    ("facts", "exit_code", "told"),
    [
        (SuiteFacts(files_by_category=(("", 1), ("unit", 2))), 0, "3 test files: 1 of no category, 2 unit"),
        (SuiteFacts(), 3, "no test file"),
        (SuiteFacts(trouble=Trouble(message="a\nb\nc\nd\ne", advice="Mend it.", exit_code=2)), 2, "a\nc\nd\ne"),
    ],
)
def test_a_suite_that_pytest_cannot_list_is_wrong(facts: SuiteFacts, exit_code: int, told: str) -> None:
    found = findings.of_suite(facts)
    assert found.exit_code == exit_code
    assert told in found.told


def test_a_folder_that_may_not_be_written_to_or_is_full_is_wrong() -> None:
    good = FolderFacts(path="/a", is_writable=True, free_mib=1000)
    assert findings.of_folders((good,)).mark is Mark.OK
    for bad in (
        FolderFacts(path="/b", is_writable=False, free_mib=1000),
        FolderFacts(path="/b", is_writable=True, free_mib=1),
    ):
        found = findings.of_folders((good, bad))
        assert (found.mark, found.exit_code, "/b" in found.told) == (Mark.WRONG, 4, True)


def test_a_history_may_be_missing_and_not_out_of_reach() -> None:
    assert findings.of_history(None).mark is Mark.OPTIONAL
    assert findings.of_history(HistoryFacts(origin="h")).mark is Mark.OK
    assert findings.of_history(HistoryFacts(origin="h", file_runs=1)).told == "h: 1 run of files"
    unreachable = Trouble(message="m", advice="a", exit_code=2)
    assert findings.of_history(HistoryFacts(origin="h", trouble=unreachable)).mark is Mark.WRONG


def test_a_language_model_is_wrong_only_where_it_is_asked_for() -> None:
    assert findings.of_llm([], Wishes()).mark is Mark.OK
    assert findings.of_llm(["KEY"], Wishes()).mark is Mark.OPTIONAL
    assert findings.of_llm(["KEY"], Wishes(real_llm=True)).exit_code == 1


SAMPLE = diagnosis_of(
    (
        Finding(name="git", mark=Mark.OK, told="2.39.5"),
        Finding(name="history", mark=Mark.WRONG, told="it cannot be reached\n  at all", advice="Mend it.", exit_code=2),
        Finding(name="redis", mark=Mark.WRONG, told="no server", advice="Install it.", exit_code=4),
        Finding(name="browser", mark=Mark.OPTIONAL, told="no \x1bscreen"),
    )
)


def test_the_first_thing_that_is_wrong_gives_the_exit_code() -> None:
    assert SAMPLE.exit_code == 2
    assert diagnosis_of(SAMPLE.findings[:1]).exit_code == 0


def shown(diagnosis: Diagnosis, width: int | None) -> str:
    return "\n".join(line.text for line in diagnosis_lines(diagnosis, width))


def test_what_to_do_stands_below_what_was_seen() -> None:
    assert (
        shown(SAMPLE, None)
        == """\
ok        git      2.39.5
wrong     history  it cannot be reached
                   at all
                   Mend it.
wrong     redis    no server
                   Install it.
optional  browser  no \\x1bscreen
doctor: the settings ask for what is wrong here: history, redis"""
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_fit_the_terminal(width: int) -> None:
    long = Finding(name="docker", mark=Mark.WRONG, told="many words " * 40, advice="do this or that " * 20)
    lines = shown(diagnosis_of((*SAMPLE.findings, long)), width).splitlines()
    assert max(map(len, lines)) <= width


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"[tool.ci-toolkit", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"[tool.ci-toolkit]\nshrads = 3\n", "Did you mean 'shards'?"),
        (b"[tool.ci-toolkit.run]\njobs = 'many'\n", "'jobs'"),
        (b"[tool.ci-toolkit.services.redis]\nprot = 1\n", "Did you mean 'port'?"),
        (b"[tool.ci-toolkit.framework]\napp = 'a:b'\n", "'app'"),
        (b"[tool.ci-toolkit.modes.ci]\nbugdet = 1\n", "'bugdet'"),
    ],
)
def test_settings_that_cannot_be_used_are_found_and_end_nothing_else(
    project: Path, capsys: pytest.CaptureFixture[str], text: bytes, told: str
) -> None:
    (project / "pyproject.toml").write_bytes(text)
    assert main(["doctor"]) == 2
    out = capsys.readouterr().out
    assert told in out
    assert out.endswith("doctor: the settings ask for what is wrong here: settings\n")


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_table_of_the_settings_is_looked_at(
    project: Path, capsys: pytest.CaptureFixture[str], table: str
) -> None:
    (project / "pyproject.toml").write_text(f"[tool.ci-toolkit]\n{table} = 3\n")
    assert main(["doctor"]) == 2
    assert f"[tool.ci-toolkit.{table}] is not a table" in capsys.readouterr().out.replace("\n", " ")


def test_every_mistake_in_the_settings_is_named_at_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text(
        "[tool.ci-toolkit]\nshrads = 3\n[tool.ci-toolkit.services.redis]\nprot = 1\n"
    )
    assert main(["doctor", "--json"]) == 2
    wrong = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["mark"] == "wrong"]
    assert [one["advice"] for one in wrong] == ["Did you mean 'shards'?", "Did you mean 'port'?"]


@pytest.mark.usefixtures("project")
def test_a_variable_that_cannot_be_used_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI_TOOLKIT_JOBS", "many")
    assert main(["doctor"]) == 2
    assert "Invalid value for '--jobs'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("script", "failure"),
    [("exit 1", "git --version ended with status 1"), ("echo nonsense", "it calls itself 'nonsense'")],
)
def test_a_git_that_fails_is_told_from_none(
    project: Path, monkeypatch: pytest.MonkeyPatch, script: str, failure: str
) -> None:
    program = project / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(project))
    assert git_facts(project) == GitFacts(failure=failure)
    program.unlink()
    assert git_facts(project) == GitFacts()
