"""Orders to a keeper that cannot carry them out say what happened, and what to do."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_toolkit.services.catalog.table import ServiceEnvironment
from ci_toolkit.services.errors import KeeperError
from ci_toolkit.services.processes.identity import ProcessIdentity, identity_of
from ci_toolkit.services.supervision.orders import Action, give
from ci_toolkit.services.supervision.session import SessionInfo, session_folder


def session_of(keeper: ProcessIdentity, registry: Path) -> SessionInfo:
    session_folder(registry, "s1").mkdir(parents=True)
    return SessionInfo(
        session="s1",
        guard=keeper,
        keeper=keeper,
        owner=None,
        root="/",
        environment=ServiceEnvironment.TEST,
        data=str(registry),
        services=(),
        migrations={},
        endpoints=(),
    )


@pytest.fixture
def program() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "600"]) as running:
        yield running
        running.kill()


def identity(program: "subprocess.Popen[bytes]") -> ProcessIdentity:
    found = identity_of(program.pid)
    assert found is not None
    return found


def test_a_keeper_that_ends_with_an_order_before_it_is_named(
    program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    """The program does not know the signal, which ends it."""
    with pytest.raises(KeeperError, match="ended before it could kill redis") as caught:
        give(tmp_path, session_of(identity(program), tmp_path), "redis", Action.KILL, seconds=0)
    assert "Run the tests again." in caught.value.advice


def test_an_order_to_a_session_that_has_ended_says_so(program: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    info = session_of(identity(program), tmp_path)
    program.kill()
    program.wait()
    with pytest.raises(KeeperError, match="session s1 with redis has ended") as caught:
        give(tmp_path, info, "redis", Action.START, seconds=0)
    assert "Run the tests again." in caught.value.advice
