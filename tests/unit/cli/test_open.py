import os
import shlex
import sys
from pathlib import Path

import pytest

from ci_toolkit.cli.main import main


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a report, seen from a machine without a screen."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    page = tmp_path / "report.html"
    page.write_text("the report")
    return page


def test_without_a_screen_the_report_is_named(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", "--out", str(report.parent)]) == 0
    assert capsys.readouterr().out == f"{report}\n"


def test_a_browser_is_given_the_report(report: Path) -> None:
    said = report.parent / "said"
    browser = [sys.executable, "-c", "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"]
    # webbrowser registers the browsers that it finds once in a process: a process of its own asks.
    program = shlex.join([*browser, str(said), "%s"])
    environment = {**os.environ, "BROWSER": program}
    assert os.spawnve(os.P_WAIT, sys.executable, _command(report), environment) == 0
    assert said.read_text() == report.as_uri()


def _command(report: Path) -> list[str]:
    return [sys.executable, "-m", "ci_toolkit", "open", "--out", str(report.parent)]


def test_where_no_run_was_the_way_to_a_report_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", "--out", str(tmp_path)]) == 2
    assert "Run the suite with `ci-toolkit run`" in capsys.readouterr().err
