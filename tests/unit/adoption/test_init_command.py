import os
import subprocess
import sys
from pathlib import Path

import pytest
from adoption_lab import COMMIT, LIBRARY, PROGRAMS, WORKFLOW, Stranger
from ruamel.yaml import YAML

from ci_toolkit.adoption.change import Fate, Step
from ci_toolkit.adoption.writing import write
from ci_toolkit.errors import ExitCode, InfrastructureError


def test_a_plain_repository_gets_a_workflow_and_sessions_and_keeps_the_rest(stranger: Stranger) -> None:
    stranger.write(LIBRARY)
    code, told, talked = stranger.init()
    assert code == ExitCode.PASSED
    assert told.splitlines() == [
        f"written    {WORKFLOW}",
        "unchanged  pyproject.toml",
        "written    noxfile.py",
        "require    tests / verdict",
    ]
    assert "1 test file, pip (pyproject.toml), Python 3.12" in talked
    assert {name: stranger.contents()[name].decode() for name in LIBRARY} == LIBRARY
    workflow = YAML(typ="safe").load(stranger.text(WORKFLOW))
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["on"]["push"]["branches"] == ["main"]
    assert workflow["jobs"]["tests"]["uses"] == f"ci-toolkit/ci-toolkit/.github/workflows/ci-toolkit.yml@{COMMIT}"
    assert workflow["jobs"]["tests"]["with"] == {
        "python-version": "3.12",
        "install": "pip install -e '.[test]' ci-toolkit==0.1.0\n",
    }


def test_a_dry_run_writes_nothing_and_git_applies_what_it_prints(stranger: Stranger) -> None:
    stranger.write(LIBRARY | {"tests/functional/test_all.py": "", "pyproject.toml": LIBRARY["pyproject.toml"].rstrip()})
    before = stranger.contents()
    code, told, _ = stranger.init("--dry-run")
    assert code == ExitCode.PASSED
    assert stranger.contents() == before
    stranger.git("apply", given=told)
    applied = stranger.contents()
    assert set(applied) - set(before) == {WORKFLOW, "noxfile.py"}
    assert applied["pyproject.toml"] != before["pyproject.toml"]
    assert stranger.init()[1].count("unchanged") == 3
    assert stranger.contents() == applied


def test_a_second_run_changes_nothing(stranger: Stranger) -> None:
    stranger.write(LIBRARY | {"tests/functional/test_all.py": ""})
    stranger.init()
    before = stranger.contents()
    stranger.commit()
    code, told, _ = stranger.init()
    assert code == ExitCode.PASSED
    assert told.count("unchanged") == 3
    assert stranger.contents() == before
    assert stranger.init("--dry-run")[1] == ""


def test_what_somebody_wrote_is_kept_and_the_new_file_stands_beside_it(stranger: Stranger) -> None:
    theirs = {WORKFLOW: "name: ours\non: [push]\njobs: {}\n", "noxfile.py": "import nox\n"}
    stranger.write(LIBRARY | theirs)
    for _ in range(2):
        code, told, _ = stranger.init()
        assert code == ExitCode.PASSED
        assert {name: stranger.text(name) for name in theirs} == theirs
        assert f"{WORKFLOW}.new  ({WORKFLOW} is kept)" in told
    assert "uses: ci-toolkit/" in stranger.text(f"{WORKFLOW}.new")


def test_a_file_beside_that_is_not_ours_any_more_is_kept_too(stranger: Stranger) -> None:
    stranger.write(LIBRARY | {WORKFLOW: "name: ours\n", f"{WORKFLOW}.new": "half merged\n"})
    before = stranger.contents()
    code, _, talked = stranger.init()
    assert code == ExitCode.USAGE
    assert "remove it, and run this again" in talked
    assert stranger.contents() == before


@pytest.mark.parametrize("link", [".github", ".github/workflows", WORKFLOW, "noxfile.py", "pyproject.toml"])
@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_nothing_is_written_through_a_link(
    stranger: Stranger, tmp_path: Path, link: str, words: tuple[str, ...]
) -> None:
    stranger.write({name: text for name, text in LIBRARY.items() if name != link})
    outside = tmp_path / "outside"
    outside.mkdir()
    target = outside if not link.endswith((".yml", ".py", ".toml")) else outside / "file"
    if target != outside:
        target.write_text(LIBRARY["pyproject.toml"] if link == "pyproject.toml" else "theirs")
        stranger.write({"tests/functional/test_all.py": ""})
    path = stranger.top / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    before = stranger.contents()
    code, _, talked = stranger.init(*words)
    assert code == ExitCode.USAGE
    assert f"{path} is a link" in talked
    assert stranger.contents() == before
    assert list(outside.iterdir()) == [target] * (target != outside)


@pytest.mark.parametrize("place", [".github", ".github/workflows"])
def test_a_file_in_the_place_of_a_folder_is_said(stranger: Stranger, place: str) -> None:
    stranger.write(LIBRARY | {place: "a file\n"})
    before = stranger.contents()
    code, _, talked = stranger.init()
    assert code == ExitCode.USAGE
    assert f"{stranger.top / place} is no folder" in talked
    assert stranger.contents() == before


def test_without_a_repository_it_says_what_to_do(
    tmp_path: Path, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, talked = stranger.init()
    assert code == ExitCode.USAGE
    assert "error [init]: git cannot read a repository" in talked
    assert "git init -b main" in talked


def test_a_detached_head_asks_for_the_branch_where_none_has_a_usual_name(stranger: Stranger) -> None:
    stranger.write(LIBRARY)
    stranger.commit()
    stranger.git("checkout", "-q", "--detach")
    assert stranger.init("--dry-run")[0] == ExitCode.PASSED, "there is main"
    stranger.git("branch", "-D", "main")
    code, _, talked = stranger.init()
    assert code == ExitCode.USAGE
    assert "--branch NAME" in talked
    assert stranger.init("--branch", "release")[0] == ExitCode.PASSED
    assert 'branches: ["release"]' in stranger.text(WORKFLOW)


def test_the_default_branch_is_the_remotes(stranger: Stranger) -> None:
    stranger.write(LIBRARY)
    stranger.commit()
    stranger.git("update-ref", "refs/remotes/origin/stable", "HEAD")
    stranger.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/stable")
    stranger.init()
    assert 'branches: ["stable"]' in stranger.text(WORKFLOW)


@pytest.mark.parametrize("name", ["$(touch${IFS}x)", "a;reboot", 'it\'s+"quoted"', "!not", "x`id`", "umläut"])
def test_a_branch_named_like_a_command_is_a_string(stranger: Stranger, name: str) -> None:
    stranger.write(LIBRARY)
    stranger.git("symbolic-ref", "HEAD", f"refs/heads/{name}")
    assert stranger.init()[0] == ExitCode.PASSED
    (pattern,) = YAML(typ="safe").load(stranger.text(WORKFLOW))["on"]["push"]["branches"]
    assert pattern.replace("\\", "") == name


def test_a_name_that_github_would_compute_is_refused(stranger: Stranger) -> None:
    stranger.write({f"${{{{ github.token }}}}/{name}": text for name, text in LIBRARY.items()})
    code, _, talked = stranger.init()
    assert code == ExitCode.USAGE
    assert "an expression of GitHub's" in talked


@pytest.mark.parametrize("content", [b"[project\n", b"# caf\xe9\n"])
def test_a_broken_pyproject_is_named(stranger: Stranger, content: bytes) -> None:
    stranger.write({**LIBRARY, "pyproject.toml": content})
    before = stranger.contents()
    code, _, talked = stranger.init()
    assert code == ExitCode.USAGE
    assert "pyproject.toml cannot be read" in talked
    assert stranger.contents() == before


def test_an_empty_repository_holds_no_project(stranger: Stranger) -> None:
    code, _, talked = stranger.init()
    assert code == ExitCode.USAGE
    assert "holds no Python project" in talked


def test_tests_without_a_pyproject_are_a_project(stranger: Stranger) -> None:
    stranger.write({"requirements.txt": "pytest\n", "test_one.py": ""})
    assert stranger.init()[0] == ExitCode.PASSED
    assert "pip install -r requirements.txt ci-toolkit==0.1.0" in stranger.text(WORKFLOW)
    assert not (stranger.top / "pyproject.toml").exists()


CHECKS = (
    ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
    ("zizmor", "--offline", "--quiet", "--persona=pedantic"),
)


@pytest.mark.skipif(
    not all((PROGRAMS / words[0]).exists() for words in CHECKS),
    reason="needs zizmor and check-jsonschema: the group `dev` of pyproject.toml has them",
)
def test_the_written_workflow_passes_the_checks_that_ours_pass(stranger: Stranger) -> None:
    projects = {f"{folder}/{name}": text for folder in ("a", "b") for name, text in LIBRARY.items()}
    stranger.write(projects | {"compose.yml": "services: {db: {image: postgres}}\n"})
    stranger.init()
    for words in CHECKS:
        done = subprocess.run(
            [PROGRAMS / words[0], *words[1:], WORKFLOW], cwd=stranger.top, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("answer", ["y", "n"])
def test_at_a_terminal_it_asks_before_a_file_is_replaced(stranger: Stranger, answer: str) -> None:
    stranger.write(LIBRARY | {WORKFLOW: "name: ours\n"})
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())
    command = [sys.executable, "-m", "ci_toolkit", "init", "--commit", COMMIT]
    done = subprocess.run(command, cwd=stranger.top, stdin=theirs, capture_output=True, text=True, check=True)
    os.close(ours)
    os.close(theirs)
    assert f"{WORKFLOW} is there and differs. Replace it? [y/N]" in done.stderr
    assert (stranger.text(WORKFLOW) == "name: ours\n") is (answer == "n")
    assert (stranger.top / f"{WORKFLOW}.new").exists() is (answer == "n")


def test_what_the_machine_refuses_to_write_is_said_with_what_was_written(tmp_path: Path) -> None:
    first, second = (
        Step(path=path, fate=Fate.WRITTEN, before=None, after=b"x") for path in ("folder/first", "n" * 300)
    )
    with pytest.raises(InfrastructureError, match=r"cannot be written: .*; written so far: folder/first") as caught:
        write(tmp_path, [first, second])
    assert caught.value.exit_code == ExitCode.INFRASTRUCTURE
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "first"], "no temporary file is left"


def test_names_that_are_no_text_do_not_stop_it(stranger: Stranger) -> None:
    stranger.write(LIBRARY | {"tests/test_latin.py": b"# -*- coding: latin-1 -*-\n# caf\xe9\n"})
    (stranger.top / os.fsdecode(b"tests/f\xff")).mkdir()
    (stranger.top / os.fsdecode(b"tests/f\xff/test_\xff.py")).touch()
    code, _, talked = stranger.init()
    assert code == ExitCode.PASSED
    assert "3 test files" in talked


def test_what_a_refused_word_should_have_been_is_said(stranger: Stranger) -> None:
    stranger.write({f"backend/{name}": text for name, text in LIBRARY.items()})
    for words, told in (
        (("bakend",), "Did you mean 'backend'?"),
        (("..",), "is not in the repository"),
        (("--python", "3.9"), "Use 3.11, 3.12"),
        (("--branch", "a b"), "no branch can be called 'a b'"),
        (("--dryrun",), "Did you mean '--dry-run'?"),
    ):
        code, _, talked = stranger.init(*words)
        assert code == ExitCode.USAGE
        assert told in talked
    assert not (stranger.top / ".github").exists()


def test_a_workflow_that_calls_ours_under_another_name_is_the_one(stranger: Stranger) -> None:
    stranger.write(LIBRARY)
    stranger.init()
    moved = ".github/workflows/tests.yml"
    (stranger.top / WORKFLOW).replace(stranger.top / moved)
    assert stranger.init()[1].startswith(f"unchanged  {moved}\n")
    stranger.write({moved: stranger.text(moved) + "# ours\n"})
    assert f"written    {moved}.new  ({moved} is kept)" in stranger.init()[1]
    assert not (stranger.top / WORKFLOW).exists()


@pytest.mark.parametrize(
    ("folder", "advice"),
    [("", "Name a folder with tests, or none for the top."), ("backend/", "Did you mean 'backend'?")],
)
def test_a_mistyped_folder_is_told_what_to_name(stranger: Stranger, folder: str, advice: str) -> None:
    stranger.write({f"{folder}{name}": text for name, text in LIBRARY.items()})
    code, _, talked = stranger.init("bakend")
    assert code == ExitCode.USAGE
    assert advice in talked
