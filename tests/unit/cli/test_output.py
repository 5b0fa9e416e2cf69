import io
import os
import pty
from collections.abc import Iterator
from typing import TextIO

import pytest

from ci_toolkit.cli.output import colours_of, show_line
from ci_toolkit.report.text import Line


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, int]]:
    """Return a terminal as a stream, and the descriptor that reads what is written to it."""
    reader, end = pty.openpty()
    with os.fdopen(end, "w", encoding="utf-8") as stream:
        yield stream, reader
    os.close(reader)


@pytest.mark.parametrize(
    ("variables", "has_colours"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colours_are_where_the_terminal_has_them_and_nobody_minds(
    terminal: tuple[TextIO, int], monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, has_colours: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream, _ = terminal
    assert (colours_of(stream, stream) is not None) == has_colours


def test_a_pipe_has_no_colours_even_where_they_are_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    assert colours_of(stream, stream) is None


def test_a_test_s_own_text_moves_no_cursor_where_there_are_colours(
    terminal: tuple[TextIO, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream, reader = terminal
    show_line(Line("\x1b[2J[red]\udc80 ::error::", "red"), colours_of(stream, stream))
    stream.flush()
    assert os.read(reader, 1000) == b"\x1b[31m\\x1b[2J[red]\\xdc80 ::error::\x1b[0m\r\n"
