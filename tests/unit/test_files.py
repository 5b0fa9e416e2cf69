from pathlib import Path

from ci_toolkit.files import make_folder


def test_git_and_pytest_look_away_from_our_own_state_folder(tmp_path: Path) -> None:
    make_folder(tmp_path / ".ci-toolkit" / "results")
    make_folder(tmp_path / "elsewhere")
    made = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert made == [
        ".ci-toolkit",
        ".ci-toolkit/.gitignore",
        ".ci-toolkit/conftest.py",
        ".ci-toolkit/results",
        "elsewhere",
    ]


def test_what_a_user_wrote_there_stays(tmp_path: Path) -> None:
    own = tmp_path / ".ci-toolkit" / ".gitignore"
    own.parent.mkdir()
    own.write_text("results\n")
    make_folder(own.parent)
    assert own.read_text() == "results\n"
