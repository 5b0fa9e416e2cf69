import io
import json
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.cli.guard import GuardedOutput, guarded_output, harmless, harmless_json

COMMAND = re.compile(r"^\s*::|##\w*\[", re.MULTILINE)
"""What GitHub's runner, or Azure's agent, would take for a command."""
TEXTS = st.lists(st.sampled_from([*"\r\n\t\x1b :#[]ab\u2028\xa0\x85", "::error::x", "##[", "##vso["]), max_size=8).map(
    "".join
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("3 passed\n\tin 2 s: a::b #1 [x]\n", "3 passed\n\tin 2 s: a::b #1 [x]\n"),
        ("::error::x", ": :error::x"),
        (" \t::error::x", " \t: :error::x"),
        ("\xa0::error::x", "\xa0: :error::x"),
        ("a\n::add-mask::x\nb", "a\n: :add-mask::x\nb"),
        ("a\n\n  ::x", "a\n\n  : :x"),
        ("test_a[##[error]y]", "test_a[# #[error]y]"),
        ("###[error]", "## #[error]"),
        ("##vso[task.complete]", "# #vso[task.complete]"),
        ("## a title", "## a title"),
        ("a\r::error::x", "a\\x0d::error::x"),
        ("\x1b[2J\x07\x7f\x9b", "\\x1b[2J\\x07\\x7f\\x9b"),
        ("\u2028::x", "\\x2028::x"),
        ("a\udcffb", "a\\xdcffb"),
    ],
)
def test_commands_and_control_characters_become_text_and_the_rest_stays(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_colons_in_the_middle_of_a_line_stay() -> None:
    assert harmless("::test_a\n::x", is_line_begun=True) == "::test_a\n: :x"


@given(st.lists(TEXTS, max_size=6))
def test_no_line_is_a_command_however_its_parts_are_written(parts: list[str]) -> None:
    binary = io.BytesIO()
    stream = GuardedOutput(binary, encoding="utf-8", errors="backslashreplace")
    for part in parts:
        assert stream.write(part) == len(part)
    stream.flush()
    written = binary.getvalue().decode()
    assert not COMMAND.search(written)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", written)
    assert written.count("\n") == sum(part.count("\n") for part in parts)


@pytest.mark.parametrize(
    "parts", [("#", "#[error]x"), ("##", "[error]x"), ("##v", "so[x]"), (":", ":error::x"), (" ", "::x"), ("a", "::x")]
)
def test_a_command_in_several_parts_is_none(parts: tuple[str, ...]) -> None:
    binary = io.BytesIO()
    stream = GuardedOutput(binary, encoding="utf-8")
    for part in parts:
        stream.write(part)
    stream.flush()
    assert not COMMAND.search(binary.getvalue().decode())


@given(st.dictionaries(TEXTS, TEXTS))
def test_json_keeps_its_value_and_holds_no_command(value: dict[str, str]) -> None:
    data = json.dumps(value, indent=2).encode()
    written = harmless_json(data)
    assert json.loads(written) == value
    assert not COMMAND.search(written.decode())


def test_what_a_stream_cannot_spell_is_written_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    binary = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(binary, encoding="iso-8859-1"))
    with guarded_output():
        print("a \u2588 b")  # noqa: T201 (this is what is under test)
    assert binary.getvalue() == b"a \\u2588 b\n"


def test_the_streams_are_as_before_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    binary = io.BytesIO()
    before = io.TextIOWrapper(binary, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", before)
    with guarded_output():
        print("::x")  # noqa: T201
    assert sys.stdout is before
    print("y", flush=True)  # noqa: T201
    assert binary.getvalue() == b": :x\ny\n"
