import re

import pytest

from ci_toolkit.cli.main import COMMANDS, main

WORDS = re.compile(r"[a-z]-$", re.MULTILINE)


@pytest.mark.parametrize("width", ["60", "80", "200"])
@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=" ".join)
def test_no_word_of_the_help_is_divided(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str], width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    assert main([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert not WORDS.search(text)
    assert "\u2011" not in text
    assert text.startswith("Usage: ci-toolkit")
