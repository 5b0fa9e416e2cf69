"""An engine that is not there: what a suite whose warnings are errors meets on most machines without Docker."""

import gc
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
