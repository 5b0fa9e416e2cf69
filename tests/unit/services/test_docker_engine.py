"""An engine that is not there: what a suite whose warnings are errors meets on most machines without Docker."""

import gc
import hashlib
import json
import socket
import warnings
from pathlib import Path

import pytest

from ci_toolkit.services.errors import EngineError
from ci_toolkit.services.providers.docker.containers.engine import connect


@pytest.mark.parametrize("is_left_over", [False, True])
def test_an_engine_that_is_not_there_leaves_no_socket_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_left_over: bool
) -> None:
    address = tmp_path / "docker.sock"
    if is_left_over:
        with socket.socket(socket.AF_UNIX) as gone:
            gone.bind(str(address))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{address}")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(EngineError, match=str(address)):
            connect(seconds=1)
        gc.collect()
    assert [str(warning.message) for warning in warned] == []


@pytest.mark.parametrize("told_by", ["DOCKER_CONTEXT", "config.json"])
def test_a_context_that_is_not_there_is_told_rather_than_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told_by: str
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    config = {"currentContext": "gone"} if told_by == "config.json" else {}
    (tmp_path / "config.json").write_text(json.dumps(config))
    if not config:
        monkeypatch.setenv("DOCKER_CONTEXT", "gone")
    with pytest.raises(EngineError, match=f"{told_by} names the Docker context 'gone', which cannot be used: there is"):
        connect(seconds=1)


def test_the_engine_of_a_context_is_the_one_that_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONTEXT", "other")
    (tmp_path / "config.json").write_text("{}")
    socket_path = tmp_path / "other.sock"
    endpoint = {"docker": {"Host": f"unix://{socket_path}", "SkipTLSVerify": False}}
    folder = tmp_path / "contexts" / "meta" / hashlib.sha256(b"other").hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Name": "other", "Metadata": {}, "Endpoints": endpoint}))
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(socket_path))
        engine.listen()
        engine.settimeout(5)
        with pytest.raises(EngineError, match="the context other"):
            connect(seconds=1, patience=1)
        engine.accept()[0].close()
