from pathlib import Path

import pytest
from adoption_lab import Stranger
from import_lab import Importer


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Stranger:
    top = tmp_path / "stranger"
    top.mkdir()
    return Stranger(top, monkeypatch, capsys)


@pytest.fixture
def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Importer:
    return Importer(tmp_path, monkeypatch, capsys)
