"""IsolatedEnvironment: sources, isolation that restores, protection, files, masking, threads and forks."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.isolated_environment import Change, IsolatedEnvironment, ProtectedVariableError, get_env


@pytest.fixture
def process() -> dict[str, str]:
    return {"HOME": "/home/me", "LANG": "C"}


@pytest.fixture
def env(process: dict[str, str]) -> IsolatedEnvironment:
    return IsolatedEnvironment(process)


def test_in_isolation_nothing_reaches_the_process(env: IsolatedEnvironment, process: dict[str, str]) -> None:
    env.enable_isolation()
    env.set("API_URL", "http://x", source="test")
    assert env.delete("HOME")
    assert not env.delete("NEVER_SET")
    assert (env.get("API_URL"), env.get("HOME"), env.get("HOME", "none")) == ("http://x", None, "none")
    assert env.get_all() == {"LANG": "C", "API_URL": "http://x"}
    assert process == {"HOME": "/home/me", "LANG": "C"}
    env.disable_isolation()
    assert env.get_all() == process
    assert not env.is_isolated


def test_without_isolation_writes_reach_the_process_and_reset_takes_them_back(
    env: IsolatedEnvironment, process: dict[str, str]
) -> None:
    env.update({"A": "1", "LANG": "de"})
    env.delete("HOME")
    assert process == {"A": "1", "LANG": "de"}
    env.reset()
    assert process == {"HOME": "/home/me", "LANG": "C"}
    assert env.get_changes() == ()


def test_isolations_nest_and_each_restores_what_was_before_it(env: IsolatedEnvironment) -> None:
    env.enable_isolation()
    env.set("LEVEL", "outer", source="outer")
    env.protect("LEVEL")
    with env.isolation():
        env.unprotect("LEVEL")
        env.set("LEVEL", "inner", source="inner")
        env.set("EXTRA", "1")
    assert (env.get("LEVEL"), env.get_variable_source("LEVEL"), env.get("EXTRA")) == ("outer", "outer", None)
    with pytest.raises(ProtectedVariableError):
        env.set("LEVEL", "x")
    env.reset()
    assert env.is_isolated
    assert env.get("LEVEL") is None
    env.set("LEVEL", "free again")


def test_every_value_has_a_source(env: IsolatedEnvironment, process: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FROM_FILE=1\n")
    env.enable_isolation()
    env.set("MINE", "1", source="test")
    env.load_from_file(tmp_path / ".env")
    env.delete("LANG")
    assert [env.get_variable_source(key) for key in ("MINE", "FROM_FILE", "HOME", "LANG", "NO")] == [
        "test",
        str(tmp_path / ".env"),
        "process environment",
        None,
        None,
    ]
    env.disable_isolation()
    env.set("A", "mine", source="test")
    process["A"] = "somebody else's"
    assert env.get_variable_source("A") == "process environment"


def test_isolation_sees_what_others_change_in_the_process(env: IsolatedEnvironment, process: dict[str, str]) -> None:
    env.set("A", "1", source="conftest")
    with env.isolation():
        assert (env.get("A"), env.get_variable_source("A")) == ("1", "conftest")
        process["A"] = "monkeypatched"
        assert (env.get("A"), env.get_variable_source("A")) == ("monkeypatched", "process environment")
        env.set("A", "mine", source="test")
        process["A"] = "hidden"
        assert (env.get("A"), env.get_variable_source("A")) == ("mine", "test")


def test_changes_are_listed_by_name_with_secrets_masked(env: IsolatedEnvironment) -> None:
    env.enable_isolation()
    env.set("STRIPE_API_KEY", "sk_live_1", source="test")
    env.set("DATABASE_URL", "postgresql://me:hunter2@db:5432/app", source="test")
    env.set("DB_PASS", "hunter2", source="test")
    env.set("LANG", "de", source="test")
    env.set("LANG", "fr", source="later")
    env.set("HOME", "/elsewhere")
    env.set("HOME", "/home/me")
    assert env.get_changes() == (
        Change(key="DATABASE_URL", old=None, new="postgresql://me:***@db:5432/app", source="test"),
        Change(key="DB_PASS", old=None, new="***", source="test"),
        Change(key="LANG", old="C", new="fr", source="later"),
        Change(key="STRIPE_API_KEY", old=None, new="***", source="test"),
    )
    shown = f"{env!r} {env.get_changes()!r} {env.checkpoint()!r}"
    assert "sk_live" not in shown
    assert "hunter2" not in shown


def test_an_env_file_is_text_and_nothing_in_it_is_expanded_or_run(env: IsolatedEnvironment, tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    (tmp_path / ".env").write_text(
        f"# a comment\nexport A=1\nB='two words'\nC=\"line\\nline\"\nD=${{HOME}}/x\nE=$(touch {trap})\nF=`touch {trap}`\nG\nH=\n",
        encoding="utf-8-sig",
    )
    env.enable_isolation()
    assert env.load_from_file(tmp_path / ".env") == ("A", "B", "C", "D", "E", "F", "H")
    values = [env.get(name) for name in "ABCDEFGH"]
    assert values == [
        "1", "two words", "line\nline", "${HOME}/x", f"$(touch {trap})", f"`touch {trap}`", None, "",
    ]  # fmt: skip
    assert not trap.exists()


def test_an_env_file_may_leave_alone_what_is_set(env: IsolatedEnvironment, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HOME=/file\nNEW=1\n")
    env.enable_isolation()
    assert env.load_from_file(tmp_path / ".env", override=False) == ("NEW",)
    assert env.get("HOME") == "/home/me"


def test_a_line_that_is_no_assignment_is_named_by_number_and_its_text_is_not_shown(
    env: IsolatedEnvironment, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("A=1\nsecret stuff 'here\n")
    with pytest.raises(ConfigurationError) as caught:
        env.load_from_file(tmp_path / ".env")
    assert ".env:2 " in str(caught.value)
    assert "stuff" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        env.load_from_file(tmp_path / "missing.env")


@pytest.mark.parametrize(("key", "value"), [("", "x"), ("A=B", "x"), ("A\0", "x"), ("A", "hidden\0value")])
def test_what_no_process_can_hold_is_refused_without_showing_the_value(
    env: IsolatedEnvironment, key: str, value: str
) -> None:
    with pytest.raises(ValueError, match="cannot be set") as caught:
        env.update({"GOOD": "1", key: value})
    assert "hidden" not in str(caught.value)
    assert env.get("GOOD") is None  # all or nothing


def test_a_value_that_is_not_text_is_refused(env: IsolatedEnvironment) -> None:
    with pytest.raises(TypeError, match="'PORT' was given a int"):
        env.set("PORT", 5434)  # type: ignore[arg-type]


def test_protection_holds_for_set_delete_and_update(env: IsolatedEnvironment) -> None:
    env.protect("HOME")
    for write in (lambda: env.set("HOME", "x"), lambda: env.delete("HOME"), lambda: env.update({"HOME": "x"})):
        with pytest.raises(ProtectedVariableError, match="HOME is protected"):
            write()
    assert env.get("HOME") == "/home/me"


def test_callbacks_hear_each_change_and_the_restoring_and_end_with_the_isolation(env: IsolatedEnvironment) -> None:
    heard: list[tuple[str, str | None, str | None]] = []

    def hear(change: Change) -> None:
        heard.append((change.key, change.old, change.new))

    env.enable_isolation()
    env.add_change_callback(hear)
    env.set("LANG", "de")
    env.set("LANG", "de")
    env.set("TOKEN", "t")
    env.disable_isolation()
    env.set("LANG", "unheard")
    assert heard == [
        ("LANG", "C", "de"), ("TOKEN", None, "***"), ("LANG", "de", "C"), ("TOKEN", "***", None),
    ]  # fmt: skip


def test_a_callback_may_be_removed_and_may_write_itself(env: IsolatedEnvironment) -> None:
    def mirror(change: Change) -> None:
        if change.key == "A":
            env.set("B", env.get("A", ""))

    env.enable_isolation()
    env.add_change_callback(mirror)
    env.set("A", "1")
    env.remove_change_callback(mirror)
    env.set("A", "2")
    assert env.get("B") == "1"


def test_a_subprocess_gets_the_whole_environment_with_what_is_added() -> None:
    with get_env().isolation() as env:
        env.set("CI_TOOLKIT_SEEN", "yes", source="test")
        child = subprocess.run(
            [sys.executable, "-c", "import os; print(os.environ['CI_TOOLKIT_SEEN'], os.environ['MORE'])"],
            env=env.get_subprocess_env({"MORE": "too"}), capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
    assert child.stdout == "yes too\n"
    assert "CI_TOOLKIT_SEEN" not in os.environ


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.one_of(st.none(), st.sampled_from("xyz")))))
def test_whatever_is_written_isolation_restores_it(writes: list[tuple[str, str | None]]) -> None:
    process = {"A": "1", "B": "2"}
    env = IsolatedEnvironment(process)
    with env.isolation():
        expected = dict(process)
        for key, value in writes:
            if value is None:
                env.delete(key)
                expected.pop(key, None)
            else:
                env.set(key, value)
                expected[key] = value
        assert env.get_all() == expected
        assert {change.key for change in env.get_changes()} == {
            key for key in "ABC" if expected.get(key) != process.get(key)
        }
    assert env.get_all() == process == {"A": "1", "B": "2"}


def test_threads_lose_no_write(env: IsolatedEnvironment) -> None:
    env.enable_isolation()
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        for index in range(50):
            env.set(f"T{number}_{index}", "1")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(env.get_all()) == 2 + 8 * 50


FORKING = """
import os, threading
from ci_toolkit.isolated_environment import get_env
env = get_env(); env.enable_isolation(); env.set("WHO", "parent")
stop = threading.Event()
def busy():
    while not stop.is_set():
        env.set("BUSY", "1")
threads = [threading.Thread(target=busy) for _ in range(2)]
for thread in threads: thread.start()
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        env.set("WHO", "child")
        os._exit(0 if env.get("WHO") == "child" else 1)
    assert os.waitpid(pid, 0)[1] == 0
stop.set()
for thread in threads: thread.join()
assert env.get("WHO") == "parent"
"""


def test_a_child_forked_while_threads_write_is_never_stuck_and_keeps_its_writes_to_itself() -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKING], check=True, timeout=120)


def test_get_env_is_one_environment_for_the_process() -> None:
    assert get_env() is get_env()
    assert get_env().get("PATH") == os.environ["PATH"]
