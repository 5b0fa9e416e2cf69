import re

import pytest

from ci_toolkit.adoption.yaml_document import Spot, YamlError, load


def test_a_value_is_a_string_none_a_list_or_a_mapping_and_knows_its_line() -> None:
    document = load("a: 0x10\nb:\n  - on\n  - !!python/object:os.system {c: !reset ~}\nd: ''\ne: null\n")
    assert document == {"a": "0x10", "b": ["on", {"c": "~"}], "d": "", "e": None}
    assert document.spots == {"a": Spot(1), "b": Spot(2), "d": Spot(5), "e": Spot(6)}
    assert [spot.line for spot in document["b"].spots] == [3, 4]
    assert document["b"][1].spots["c"] == Spot(4, "!reset")


def test_a_merge_brings_what_a_mapping_lacks_and_the_earlier_of_several_wins() -> None:
    document = load(
        "x-one: &one {a: 1, b: 1}\nx-two: &two {b: 2, c: 2}\nd:\n  <<: [*one, *two]\n  a: own\ne: {<<: *two}\n"
    )
    assert document["d"] == {"a": "own", "b": "1", "c": "2"}
    assert document["d"].spots["c"].line == 2
    assert document["e"] is not document["x-two"]
    assert document["x-two"] == {"b": "2", "c": "2"}


BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))
WIDE = (
    "a: &a {"
    + ", ".join(f"k{n}: 1" for n in range(500))
    + "}\nb:\n"
    + "".join(f"  - <<: *a  # {n}\n" for n in range(300))
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" * 5000, "line 1: it is nested more than 100 deep"),
        ("{" * 50_000, "line 1: it is nested more than 100 deep"),
        ("- " * 5000, "line 1: it is nested more than 100 deep"),
        ("\n".join(" " * depth + "a:" for depth in range(300)), "line 101: it is nested more than 100 deep"),
        ("a: &a [*a]", "line 1: *a names nothing that ended before it"),
        ("a: 1\nb: {c: 1,\n    c: 2}", "line 3: the key 'c' stands twice in one mapping"),
        ("? [a]\n: 1", "line 1: a list or a mapping is used as a key"),
        ("a: &a {}\n*a : 1", "line 2: a list or a mapping is used as a key"),
        ("a: 1\n---\nb: 2", "line 2: a second document begins"),
        ("<<: 3", "line 1: << names something that is no mapping"),
        ("services: [", "line 1: expected the node content, but found '<stream end>'"),
        ("a: \0", "unacceptable character #x0000"),
        (WIDE, "merges copy more than 100000 keys"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_document_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(YamlError, match=re.escape(told)):
        load(text)


def test_a_hundred_levels_are_read_and_aliases_of_aliases_take_no_room() -> None:
    assert str(load("[" * 100 + "]" * 100)).count("[") == 100
    document = load(BOMB)
    assert document["a2"][0] is document["a2"][8] is document["a1"]


def test_an_empty_text_is_no_document() -> None:
    assert load("# nothing\n") is None
