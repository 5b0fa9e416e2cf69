"""The URL of a history in a database: what can be read, and what is said of what cannot."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ci_toolkit.cli.history_place import history_option
from ci_toolkit.history.locations import open_history, shown
from ci_toolkit.history.store import HistoryError, UnreachableHistoryError


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hun#zzter2@h/d",
        "postgresql://me:hun/zzter2@h/d",
        "postgresql://me:1/zzter2@h/d",
        "postgresql://me:1#zzter2@h/d",
        "postgresql://me:1?zzter2@h/d",
        "postgresql://me:hun[zzter2@h/d",
        "postgresql://me:hun]zzter2@h/d",
        "postgresql://me:hun@zzter2@h/d",
        "postgresql://me:hun zzter2@h/d",
        "postgresql://me:hun%zzter2@h/d",
        "postgresql://h/d?password=hun%zzter2",
        "postgresql://h/d?password=hun=zzter2",
        "postgresql://me:zzter2",
        "postgresql://h/d?pasword=1&zzter2",
    ],
)
def test_a_password_that_cannot_be_read_is_told_without_it(url: str) -> None:
    with pytest.raises(HistoryError, match="percent-encode the password") as caught:
        open_history(url)
    assert not isinstance(caught.value, UnreachableHistoryError)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://me:h%23h@127.0.0.1:1/d#team/app", "postgresql://me:***@127.0.0.1:1/d#team/app"),
        ("postgres://me@[::1]:1/d", "postgres://me@[::1]:1/d"),
        ("postgresql://127.0.0.1:1,127.0.0.1:2/d?sslmode=disable", "postgresql://127.0.0.1:1,127.0.0.1:2/d?sslmode=disable"),
        ("postgresql://%2Fnowhere/d?password=hush", "postgresql://%2Fnowhere/d?password=***"),
        ("postgresql:///d?host=/nowhere", "postgresql:///d?host=/nowhere"),
    ],
)  # fmt: skip
def test_a_url_as_libpq_knows_it_is_read_and_shown_without_secrets(url: str, name: str) -> None:
    assert shown(url) == name
    with pytest.raises(UnreachableHistoryError):
        open_history(url)


@pytest.mark.parametrize("password", ["hun%zzter2", "hun#zzter2", "hun[zzter2"])
def test_no_command_shows_a_password_that_cannot_be_read(tmp_path: Path, password: str) -> None:
    (tmp_path / "test_a.py").write_text("def test_it(): pass\n")
    (tmp_path / "pyproject.toml").write_text("[tool.ci-toolkit]\n")
    url = f"postgresql://me:{password}@127.0.0.1:1/d"
    variables = {**os.environ, "CI_TOOLKIT_HISTORY": url, "PYTHONDONTWRITEBYTECODE": "1"}
    plan = ["plan", "--shards", "1"]
    for args, code in ((plan, 2), ([*plan, "--show-settings"], 0), (["history", "show"], 2)):
        done = subprocess.run(
            [sys.executable, "-m", "ci_toolkit", *args],
            cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert "zzter2" not in said
    assert not [path for path in tmp_path.rglob("*.json") if "zzter2" in path.read_text()]


@pytest.mark.parametrize(
    "url", ["postgresql://me:hunter2@h/d", "postgresql://h/d?password=hunter2", "mysql://me:hunter2@h"]
)
def test_a_password_on_the_command_line_is_warned_of_without_showing_it(url: str) -> None:
    assert warnings_of("--history", url).count("CI_TOOLKIT_HISTORY") == 1
    assert "hunter2" not in warnings_of("--history", url)


@pytest.mark.parametrize("place", ["postgresql://me@h/d", "git:history", "a=b@c:d.sqlite"])
def test_a_place_without_a_password_is_no_reason_to_warn(place: str) -> None:
    assert warnings_of("--history", place) == ""


def test_a_password_in_the_environment_is_where_it_belongs() -> None:
    assert warnings_of(CI_TOOLKIT_HISTORY="postgresql://me:hunter2@h/d") == ""


def warnings_of(*arguments: str, **environment: str) -> str:
    @click.command()
    @history_option("Where.")
    def command(history: str) -> None:
        assert history

    done = CliRunner().invoke(command, arguments, env=environment)
    assert done.exit_code == 0
    return done.stderr
