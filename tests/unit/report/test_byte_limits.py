import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.report.byte_limits import Block, cut_to, fitted

TEXT = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), min_size=1, max_size=30)
BLOCKS = st.lists(st.builds(lambda rows: Block(noun="rows", opening=("", "head"), rows=tuple(rows)), st.lists(TEXT)))


@given(BLOCKS, st.integers(min_value=0, max_value=500))
def test_no_text_is_over_its_limit_and_every_row_is_there_or_counted(blocks: list[Block], room: int) -> None:
    limit = room + 70 * len(blocks)
    text = fitted(blocks, limit, "the file")
    assert len(text.encode()) <= limit
    whole = fitted(blocks, 1_000_000, "the file")
    assert text == whole or "rows are cut here; the file has all of them" in text


def test_the_most_important_comes_first() -> None:
    blocks = [Block(noun="failures", rows=("f1", "f2")), Block(noun="notes", rows=("n" * 80,))]
    assert fitted(blocks, 130, "X") == "f1\nf2\n\n_1 notes are cut here; X has all of them._\n"


@pytest.mark.parametrize(("text", "limit", "cut"), [("abc", 3, "abc"), ("äöü", 5, "ä…"), ("\udc80", 9, "\\udc80")])
def test_a_text_is_cut_between_characters(text: str, limit: int, cut: str) -> None:
    assert cut_to(text, limit) == cut
