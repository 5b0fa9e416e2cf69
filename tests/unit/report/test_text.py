import pytest

from ci_toolkit.model.wording import number_of, some_of
from ci_toolkit.report.text import View, heading, one_line, sentences, span

SENTENCE = "proof: 2 of 3 planned files collected, tests/unit/test-the-long-name.py::test_it took 12.3 s of 2 min 01 s"


@pytest.mark.parametrize("width", [1, 20, 60, 80, 200])
def test_sentences_are_divided_between_words_only(width: int) -> None:
    told = sentences(SENTENCE, View(width=width))
    assert told.split() == SENTENCE.split()
    longest = max(len(word) for word in SENTENCE.split())
    assert all(len(line) <= max(width, longest + 2) for line in told.splitlines())
    assert not any(line.strip() in {"s", "min"} for line in told.splitlines())
    assert all(line.startswith("  ") for line in told.splitlines()[1:])


def test_without_a_width_a_sentence_stays_one_line() -> None:
    assert sentences(SENTENCE, View()) == SENTENCE


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (3.44, "3.4 s"), (59.94, "59.9 s"), (60, "1 min 00 s"), (121.4, "2 min 01 s"), (3725, "1 h 02 min")],
)
def test_times_are_written_as_people_read_them(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 tests"), (1, "1 test"), (2, "2 tests")])
def test_one_is_singular(count: int, text: str) -> None:
    assert number_of(count, "test") == text


@pytest.mark.parametrize(
    ("names", "text"), [("", ""), ("a", "a"), ("ab", "a, b"), ("abc", "a, b and 1 more"), ("abcde", "a, b and 3 more")]
)
def test_of_many_names_some_are_told_and_the_rest_is_counted(names: str, text: str) -> None:
    assert some_of(list(names), 2) == text


@pytest.mark.parametrize(
    ("title", "width", "line"),
    [
        ("x", 7, "== x =="),
        ("x", 8, "== x ==="),
        ("a long name", 5, "= a long name ="),
        ("x", None, f"{'=' * 38} x {'=' * 39}"),
    ],
)
def test_a_heading_stands_in_the_middle(title: str, width: int | None, line: str) -> None:
    assert heading(title, View(width=width)) == line


def test_a_name_of_a_stranger_is_one_printable_line() -> None:
    assert one_line("a\nb\x1b[2J\udc80", 100) == "a\\nb\\x1b[2J\\xdc80"
    assert one_line("x" * 300) == "x" * 197 + "..."
