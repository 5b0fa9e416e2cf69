import warnings

import pytest

from ci_toolkit.model.syntax_tree import UNREADABLE_SOURCE, syntax_tree


@pytest.mark.parametrize(
    "source", ['dubious = "\\d"', "1 is 1", "assert (1, 'always')", b'# coding: latin-1\na = "\\d\xe9"']
)
@pytest.mark.parametrize("action", ["always", "error"])
def test_what_python_warns_of_in_a_source_that_is_only_read_is_not_said(source: bytes | str, action: str) -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter(action)  # type: ignore[arg-type]  # a literal of typeshed's
        assert len(syntax_tree(source).body) == 1
    assert heard == []


@pytest.mark.parametrize("source", ["def (", b"\xff\xfe", "a = '\0'", "x" + "[0]" * 100_000, "-" * 200_000 + "1"])
def test_what_python_cannot_read_is_told_in_one_way(source: bytes | str) -> None:
    with pytest.raises(UNREADABLE_SOURCE):
        syntax_tree(source)
