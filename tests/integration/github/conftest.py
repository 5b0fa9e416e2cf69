from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina
from github_cases import Step
from github_server import FakeGitHub, github_server


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    # Nobody waits between tries; test_retries.py has how long they would.
    with github_server() as server, stamina.set_testing(True, attempts=4):
        yield server


@pytest.fixture
def step(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Step:
    return Step(tmp_path, github, monkeypatch)
