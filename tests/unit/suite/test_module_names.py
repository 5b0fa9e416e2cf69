from collections.abc import Sequence
from pathlib import Path

import pytest

from ci_toolkit.suite.module_names import namesakes


@pytest.mark.parametrize(
    ("there", "pairs"),
    [
        (["a/test_x.py", "b/test_x.py"], [("a/test_x.py", "b/test_x.py")]),
        (
            ["a/test_x.py", "b/test_x.py", "c/test_x.py"],
            [("a/test_x.py", "b/test_x.py"), ("a/test_x.py", "c/test_x.py")],
        ),
        (["a/test_x.py", "b/test_y.py"], []),
        (["a/__init__.py", "a/test_x.py", "b/__init__.py", "b/test_x.py"], []),
        (["a/__init__.py", "a/test_x.py", "b/test_x.py"], []),
        (
            ["a/p/__init__.py", "a/p/test_x.py", "b/p/__init__.py", "b/p/test_x.py"],
            [("a/p/test_x.py", "b/p/test_x.py")],
        ),
        (["a/README.rst", "b/README.rst"], []),  # no modules
    ],
)
def test_files_of_one_module_name_are_paired(
    tmp_path: Path, there: Sequence[str], pairs: list[tuple[str, str]]
) -> None:
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    files = {name: tmp_path / name for name in there if not name.endswith("__init__.py")}
    assert list(namesakes(files)) == pairs
