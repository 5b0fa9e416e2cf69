"""What the environment of a trial names."""

from pathlib import Path

import pytest

from ci_toolkit.suite.moved_variables import moved_variables


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PWD", "{checkout}", "{tree}"),
        ("DATA", "{checkout}/data/a.json", "{tree}/data/a.json"),
        ("DATA", "{link}/data/a.json", "{tree}/data/a.json"),
        ("PATH", "/usr/bin:{checkout}/.venv/bin:{checkout}/data", "/usr/bin:{checkout}/.venv/bin:{tree}/data"),
        ("BUILT", "{checkout}/built.json", None),
        ("DATA", "{checkout}s/data", None),
        ("DATA", "data/a.json", None),
        ("DATA", "", None),
        ("TREE", "{tree}/data", None),
        ("HOME", "{checkout}", None),
        ("VIRTUAL_ENV", "{checkout}", None),
    ],
)
@pytest.mark.parametrize("inside", ["", "checkout/tmp/"], ids=["beside the checkout", "in the checkout"])
def test_what_the_work_tree_has_is_named_there(
    tmp_path: Path, inside: str, name: str, value: str, expected: str | None
) -> None:
    places = {"checkout": tmp_path / "checkout", "tree": tmp_path / f"{inside}tree", "link": tmp_path / "link"}
    for folder in (places["checkout"], places["tree"]):
        (folder / "data").mkdir(parents=True)
        (folder / "data" / "a.json").touch()
    (places["checkout"] / "built.json").touch()
    places["link"].symlink_to(places["checkout"])
    found = dict(moved_variables({name: value.format(**places)}, places["checkout"], places["tree"]))
    assert found == ({} if expected is None else {name: expected.format(**places)})
