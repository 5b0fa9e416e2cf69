import pytest

from ci_toolkit.report.markdown import code


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("test_a.py::test_it", "test_a.py::test_it"),
        ("_emphasis_ __strong__", "&#95;emphasis&#95; &#95;&#95;strong&#95;&#95;"),
        ("a|b `c` <d>", "a&#124;b &#96;c&#96; &#60;d&#62;"),
    ],
)
def test_text_stays_text_and_names_stay_as_they_are(text: str, shown: str) -> None:
    assert code(text) == f"<code>{shown}</code>"
