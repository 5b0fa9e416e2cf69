from pathlib import Path

import pytest
from adoption_lab import Stranger


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Stranger:
    top = tmp_path / "stranger"
    top.mkdir()
    return Stranger(top, monkeypatch, capsys)
