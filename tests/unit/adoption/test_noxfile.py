import subprocess

import pytest
from adoption_lab import LIBRARY, PROGRAMS, Stranger

THEIRS = """\
import nox


@nox.session(python=["3.11", "3.12"])
def tests(session):
    session.run("pytest")


@nox.session(name="lint")
def check(session):
    session.run("ruff")


@nox.parametrize("x", [1])
def no_session(x): ...
"""


def sessions_of(stranger: Stranger) -> str:
    words = [str(PROGRAMS / "nox"), "-l"]
    return subprocess.run(words, cwd=stranger.top, check=True, capture_output=True, text=True).stdout


def test_the_written_noxfile_has_the_sessions(stranger: Stranger) -> None:
    stranger.write(LIBRARY)
    stranger.init()
    assert 'session.install("-e", ".[test]", "ci-toolkit==0.1.0")' in stranger.text("noxfile.py")
    listed = sessions_of(stranger)
    for name in ("plan", "merge", "unit", "fast_feedback"):
        assert f"\n- {name} [" in listed


def test_to_a_strangers_noxfile_ours_are_added_but_for_the_names_that_it_has(stranger: Stranger) -> None:
    stranger.write(LIBRARY | {"noxfile.py": THEIRS})
    assert "written    noxfile.py.new  (noxfile.py is kept)" in stranger.init()[1]
    assert stranger.text("noxfile.py") == THEIRS
    new = stranger.text("noxfile.py.new")
    assert new.startswith(THEIRS.rstrip())
    assert 'leave_out={"lint", "tests"}' in new
    (stranger.top / "noxfile.py.new").replace(stranger.top / "noxfile.py")
    listed = sessions_of(stranger)
    assert " lint\n" in listed
    assert "lint [command]" not in listed, "theirs, which says nothing about itself"
    assert "tests-3.12" in listed
    assert "\n- plan [command]" in listed
    assert "unchanged  noxfile.py" in stranger.init()[1]


@pytest.mark.parametrize("content", ["def broken(:\n", "\0", "(" * 3000, ""])
def test_a_noxfile_that_nobody_can_read_is_kept_too(stranger: Stranger, content: str) -> None:
    stranger.write(LIBRARY | {"noxfile.py": content})
    assert stranger.init()[0] == 0
    assert stranger.text("noxfile.py") == content


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        ({"uv.lock": ""}, ['"UV_PROJECT_ENVIRONMENT": session.virtualenv.location', 'session.install("ci-toolkit==0.1.0")']),
        ({"poetry.lock": ""}, ['"poetry",', "external=True,"]),
        ({"pdm.lock": ""}, ['"pdm",', "external=True,"]),
        (
            {"pyproject.toml": LIBRARY["pyproject.toml"] + '[tool.hatch.envs.test]\ndependencies = ["pytest"]\n'},
            ['environment = nox.project.load_toml()["tool"]["hatch"]["envs"]["test"]', '*environment.get("dependencies", []),'],
        ),
        (
            {"pyproject.toml": LIBRARY["pyproject.toml"] + '[dependency-groups]\ntest = ["pytest"]\n'},
            ['session.install("uv")', "session.virtualenv.location,", '"--group",'],
        ),
    ],
)  # fmt: skip
def test_each_package_manager_installs_into_the_environment_of_the_session(
    stranger: Stranger, files: dict[str, str], lines: list[str]
) -> None:
    stranger.write(LIBRARY | files)
    stranger.init()
    text = stranger.text("noxfile.py")
    compile(text, "noxfile.py", "exec")
    for line in lines:
        assert line in text
