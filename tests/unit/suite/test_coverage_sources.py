from pathlib import Path

from ci_toolkit.suite.coverage_sources import sources_gone


def test_what_is_no_file_is_gone(tmp_path: Path) -> None:
    (tmp_path / "code.py").touch()
    (tmp_path / "templates").mkdir()  # also the name under which a test compiles something
    assert sources_gone({"code.py", "templates", "removed.py", "\0"}, tmp_path) == ("\0", "removed.py", "templates")
