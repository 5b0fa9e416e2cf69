from datetime import date

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_toolkit.config.quarantine_edit import entry_text, with_entry, without_entry
from ci_toolkit.config.quarantine_file import read_quarantine
from ci_toolkit.model.quarantine import QuarantineEntry

ENTRY = QuarantineEntry(
    test="test_a.py::test_a",
    reason="race",
    owner="@team",
    issue="#42",
    since=date(2026, 11, 1),
    expires=date(2026, 12, 1),
    signatures=("0123456789abcdef", "fedcba9876543210"),
)
OTHER = msgspec.structs.replace(ENTRY, test="test_a.py::test_b")
WORDS = st.text(min_size=1, max_size=30).filter(str.strip)
ENTRIES = st.builds(
    QuarantineEntry,
    test=st.text(
        min_size=1, max_size=20, alphabet=st.characters(exclude_characters="*:[", exclude_categories=["Cs"])
    ).map(lambda name: f"test_a.py::{name}"),
    reason=WORDS,
    owner=WORDS,
    issue=WORDS,
    since=st.just(date(2026, 11, 1)),
    expires=st.dates(min_value=date(2026, 11, 1), max_value=date(2100, 1, 1)),
    signatures=st.lists(st.sampled_from(["0" * 16, "f" * 16]), min_size=1, unique=True).map(tuple),
)


@settings(max_examples=50)
@given(st.lists(ENTRIES, max_size=3, unique_by=lambda entry: entry.test))
def test_what_is_added_is_read_again_whatever_it_holds(entries: list[QuarantineEntry]) -> None:
    text = "# ours\n"
    for entry in entries:
        text = with_entry(text, entry)
    read = read_quarantine(text.encode()).entries
    assert [msgspec.structs.replace(entry, line=0) for entry in read] == entries
    for entry in reversed(read):
        text = without_entry(text, entry)
    assert text.strip() == "# ours"


def test_what_has_no_form_in_a_file_is_written_as_records_have_it() -> None:
    entry = msgspec.structs.replace(ENTRY, test="test_a.py::test_\udcff[\x7f\x00]")
    (read,) = read_quarantine(entry_text(entry).encode()).entries
    assert read.test == "test_a.py::test_\\udcff[\x7f\x00]"


def test_an_entry_is_added_at_the_end_and_nothing_else_changes() -> None:
    for text in ("", "# a comment", "# a comment\n", entry_text(OTHER), entry_text(OTHER) + "# the end"):
        added = with_entry(text, ENTRY)
        assert added.startswith(text)
        assert added.endswith(entry_text(ENTRY))


def test_an_entry_is_taken_out_and_every_comment_stays_but_those_in_it() -> None:
    text = (
        "# what we owe\n\n# the old one\n"
        + entry_text(ENTRY).replace('"race"', '"""\n[[quarantine]]\n"""  # inside')
        + "# after it\n\n# the other\n"
        + entry_text(OTHER)
    )
    entry, other = read_quarantine(text.encode()).entries
    assert without_entry(text, entry) == "# what we owe\n\n# the old one\n# after it\n\n# the other\n" + entry_text(
        OTHER
    )
    assert without_entry(text, other) == text.removesuffix(entry_text(OTHER))
