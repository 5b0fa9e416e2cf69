"""Whatever is killed, and whenever: no process, lease, data or session is left."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from services_lab import GONE_SECONDS, Lab, needs, wait_for

from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.readiness.probe import ProbeStatus, ask
from ci_toolkit.services.stack import StackRequest
from ci_toolkit.services.supervision.session import SessionInfo
from ci_toolkit.services.supervision.sweep import sweep

ROUNDS = int(os.environ.get("CI_TOOLKIT_KILL_ROUNDS", "3"))
"""The longer proof, `nox -s leaks`, sets more."""
OWN = """
import os, sys
from pathlib import Path
from ci_toolkit.services.stack import StackRequest, acquire
from ci_toolkit.services.catalog.table import BUILT_IN
owner = int(sys.argv[1]) if len(sys.argv) > 1 else os.getpid()
request = StackRequest(services=("postgresql", "redis"), dynamic_ports=True)
stack = acquire(request, BUILT_IN, Path.cwd(), owner_pid=owner, report=lambda line: None)
print(*(endpoint.port for endpoint in stack.endpoints), flush=True)
sys.stdin.read()
"""


def moment(round_: int, *, longest: float) -> float:
    """Return a random moment, in seconds, of the part of ``longest`` that is this round's."""
    return (round_ + random.random()) / ROUNDS * longest


@contextmanager
def owning(lab: Lab, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program that asks for PostgreSQL and Redis and waits."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", OWN, *arguments],
        cwd=lab.root, env=lab.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def ports(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    return [int(word) for word in process.stdout.readline().split()]


def only_card(lab: Lab) -> SessionInfo:
    (info,) = lab.ready_sessions()
    return info


@pytest.mark.parametrize("victim", ["owner", "keeper", "guard"])
def test_kill_9_of_one_of_a_running_session_leaves_nothing(lab: Lab, victim: str) -> None:
    needs(Protocol.POSTGRESQL, Protocol.REDIS)
    with owning(lab) as owner:
        assert len(ports(owner)) == 2
        info = only_card(lab)
        os.kill({"owner": owner.pid, "keeper": info.keeper.pid, "guard": info.guard.pid}[victim], signal.SIGKILL)
        lab.wait_until_nothing_is_left()


def test_down_after_kill_9_of_the_guard_leaves_nothing(lab: Lab) -> None:
    needs(Protocol.REDIS)
    stack = lab.acquire("redis")
    os.kill(only_card(lab).guard.pid, signal.SIGKILL)
    stack.stop()
    assert lab.left() == []


def test_kill_9_of_keeper_and_guard_at_once_leaves_no_server_and_clean_removes_the_rest(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL, Protocol.REDIS)
    with owning(lab) as owner, owning(lab) as bystander:
        assert ports(owner)
        assert ports(bystander)
        info, other = sorted(lab.ready_sessions(), key=lambda one: one.owner is None or one.owner.pid != owner.pid)
        for pid in (info.guard.pid, info.keeper.pid):
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not info.guard.is_alive and not info.keeper.is_alive)
        wait_for(lambda: all(ask(endpoint).status is ProbeStatus.CLOSED for endpoint in info.endpoints))
        assert any(info.session in line for line in sweep())
        assert not any(info.session in line for line in lab.left())
        assert all(ask(endpoint).status is ProbeStatus.READY for endpoint in other.endpoints)
        assert sweep() == ()
    lab.wait_until_nothing_is_left()


def test_the_next_run_removes_what_a_dead_one_left(lab: Lab) -> None:
    needs(Protocol.REDIS)
    with owning(lab) as owner:
        assert ports(owner)
        info = only_card(lab)
        for pid in (info.guard.pid, info.keeper.pid):
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not info.guard.is_alive and not info.keeper.is_alive)
    lab.acquire("redis").stop()
    assert lab.left() == []


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("options", [(), ("--force-recreate",)])
def test_kill_9_of_up_at_a_random_moment_leaves_nothing_or_a_whole_stack(
    lab: Lab, round_: int, options: tuple[str, ...]
) -> None:
    needs(Protocol.POSTGRESQL, Protocol.REDIS)
    with subprocess.Popen(
        lab.command("services", "up", "postgresql", "redis", "--dynamic-ports", *options),
        cwd=lab.root, env=lab.environment(), stdout=subprocess.DEVNULL,
    ) as up:  # fmt: skip
        try:
            up.wait(moment(round_, longest=2.5 if options else 1.0))
        except subprocess.TimeoutExpired:
            up.kill()
    # The keeper learns of it a little later, and may just have become ready.
    wait_for(lambda: lab.left() == [] or has_whole_stack(lab), seconds=GONE_SECONDS)
    if lab.left():
        assert lab.ci_toolkit("services", "down").returncode == 0
    lab.wait_until_nothing_is_left()


def has_whole_stack(lab: Lab) -> bool:
    endpoints = [endpoint for info in lab.ready_sessions() for endpoint in info.endpoints]
    return bool(endpoints) and all(ask(endpoint).status is ProbeStatus.READY for endpoint in endpoints)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_kill_9_of_down_and_a_second_down_leave_nothing(lab: Lab, round_: int) -> None:
    needs(Protocol.POSTGRESQL, Protocol.REDIS)
    assert lab.ci_toolkit("services", "up", "postgresql", "redis", "--dynamic-ports").returncode == 0
    with subprocess.Popen(lab.command("services", "down"), cwd=lab.root, env=lab.environment()) as down:
        try:
            down.wait(moment(round_, longest=0.6))
        except subprocess.TimeoutExpired:
            down.kill()
    assert lab.ci_toolkit("services", "down").returncode == 0
    lab.wait_until_nothing_is_left()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_kill_9_of_a_random_process_of_a_starting_run_leaves_nothing(lab: Lab, round_: int) -> None:
    needs(Protocol.POSTGRESQL, Protocol.REDIS)
    with owning(lab) as owner:
        with suppress(subprocess.TimeoutExpired):
            owner.wait(moment(round_, longest=1.0))
        keepers = [pid for pid, command in lab.processes() if "ci_toolkit.services.supervision.keeper" in command]
        os.kill(random.choice([owner.pid, *keepers]), signal.SIGKILL)
        if owner.poll() is None:
            assert owner.stdin is not None
            owner.stdin.close()
            owner.wait(120)
    lab.wait_until_nothing_is_left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_leaves_nothing(lab: Lab, number: signal.Signals) -> None:
    needs(Protocol.POSTGRESQL)
    (lab.root / "pyproject.toml").write_text(
        f"[tool.ci-toolkit.services.postgresql]\nmigrate = {[sys.executable, 'migrate.py']}\nmigrations = ['migrate.py']\n"
    )
    (lab.root / "migrate.py").write_text("import signal\nopen('started', 'w').close()\nsignal.pause()\n")
    with subprocess.Popen(
        lab.command("services", "up", "postgresql", "redis", "--dynamic-ports", "--force-recreate"),
        cwd=lab.root, env=lab.environment(), stderr=subprocess.PIPE, text=True,
    ) as up:  # fmt: skip
        wait_for((lab.root / "started").exists)  # and now it is not ready before it is interrupted
        up.send_signal(number)
        _, said = up.communicate(timeout=120)
    if number is signal.SIGINT:
        assert up.returncode == 130
        assert "interrupted" in said
        assert lab.left() == []
    lab.wait_until_nothing_is_left()


def test_four_workers_of_one_run_share_a_stack_which_ends_with_the_run(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL, Protocol.REDIS)
    with subprocess.Popen(["sleep", "60"]) as run:
        try:
            with owning(lab, str(run.pid)) as a, owning(lab, str(run.pid)) as b, owning(lab, str(run.pid)) as c:
                seen = [ports(worker) for worker in (a, b, c)]
                assert len(seen[0]) == 2
                assert seen[0] == seen[1] == seen[2]
            assert all(ask(endpoint).status is ProbeStatus.READY for endpoint in only_card(lab).endpoints)
        finally:
            run.kill()
    lab.wait_until_nothing_is_left()


def test_two_runs_at_once_have_stacks_of_their_own(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL, Protocol.REDIS)
    with owning(lab) as one, owning(lab) as two:
        assert not set(ports(one)) & set(ports(two))
        assert len({info.session for info in lab.ready_sessions()}) == 2
    lab.wait_until_nothing_is_left()


def test_up_is_found_by_the_next_command_and_by_a_run_until_down(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL, Protocol.REDIS)
    assert lab.ci_toolkit("services", "up", "redis", "postgresql", "--dynamic-ports").returncode == 0
    (session,) = json.loads(lab.ci_toolkit("services", "status", "--json").stdout)
    assert [row["state"] for row in session["services"]] == ["ready", "ready"]
    assert session["owner_pid"] is None
    exports = lab.ci_toolkit("services", "ports", "--export").stdout
    assert f"export REDIS_PORT={session['services'][1]['port']}\n" in exports
    with lab.acquire(request=StackRequest(services=("redis",))) as run:
        assert run.endpoint("redis").port == session["services"][1]["port"]
    again = lab.ci_toolkit("services", "up", "redis", "--dynamic-ports")
    assert "already running" in again.stdout
    fresh = lab.ci_toolkit("services", "up", "redis", "--dynamic-ports", "--force-recreate")
    assert "already running" not in fresh.stdout
    assert only_card(lab).session != session["session"]
    assert "ended redis" in lab.ci_toolkit("services", "down").stdout
    assert lab.left() == []
    assert "has started nothing in this project" in lab.ci_toolkit("services", "down").stderr
