import pytest

from ci_toolkit.model.node_id import node_id_of, split_node_id, suffix_below


@pytest.mark.parametrize(
    ("node_id", "suffix"),
    [
        ("tests/test_a.py::test_b", "test_b"),
        ("tests/test_a.py::TestA::test_b[x::y]", "TestA::test_b[x::y]"),
        ("tests/test_a.py", ""),  # an item that is its file
        ("tests/test_a.py::", "::"),  # an item without a name
    ],
)
def test_a_node_id_is_put_together_as_it_was_taken_apart(node_id: str, suffix: str) -> None:
    assert split_node_id(node_id) == ("tests/test_a.py", suffix)
    assert suffix_below("tests/test_a.py", node_id) == suffix
    assert node_id_of("tests/test_a.py", suffix) == node_id
