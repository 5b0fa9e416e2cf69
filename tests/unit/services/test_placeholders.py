from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.services.catalog.placeholders import filled, literal, placeholders

KNOWN = {"PORT": "5432", "DB_URL": "postgresql://db"}
TEXTS = st.lists(st.sampled_from(["{", "}", "port", "db_url", "a", "_", "9", " "])).map("".join)


@given(TEXTS)
def test_what_is_literal_is_filled_in_as_it_was(text: str) -> None:
    assert filled(literal(text), KNOWN) == text
    assert not [*placeholders([literal(text)])]
