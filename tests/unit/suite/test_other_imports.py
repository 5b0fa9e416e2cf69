import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from ci_toolkit.suite.other_imports import import_heads

PACKAGE = {
    "heard/__init__.py": "",
    "heard/one.py": "import warnings\nREAD = True\nwarnings.warn('old', DeprecationWarning)\n",
    "heard/two.py": "",
    "heard/breaks.py": "raise SystemExit(3)\n",
    "heard/skips.py": "import pytest\npytest.skip('not here', allow_module_level=True)\n",
    "unheard/__init__.py": "",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder with two packages, of which one is imported."""
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    import_module("heard")
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in {"heard", "unheard"}]:
        del sys.modules[name]


def imported(folder: Path, text: str) -> set[str]:
    """Return which modules of the packages are there after the head of a file with ``text``."""
    file = folder / "test_other.py"
    file.write_text(text)
    import_heads([file, folder / "gone.py"])
    return {name for name in sys.modules if name.startswith(("heard.", "unheard"))}


@pytest.mark.parametrize(
    "text",
    [
        "import heard.one\n",
        "import os, heard.one as one\n",
        "from heard import one\n",
        "from heard.one import READ\n",
        "from heard import (\n    READ,\n    one,\n)\n",
        '"""Says what.\n\nimport heard.two\n"""\n\n# why\nfrom __future__ import annotations\nimport heard.one\n',
        "import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    from heard import one\n",
        "try:\n    # if it is there\n    import heard.one\nexcept ImportError:\n    one = None\n",
        "import heard.breaks\nimport heard.skips\nimport no_such_module\nimport heard.one\n",
        "from unheard import what\nimport heard.one\n",
    ],
)
def test_what_another_file_begins_with_is_imported_as_far_as_its_package_is_known(folder: Path, text: str) -> None:
    assert imported(folder, text) == {"heard.one"}


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.environ.get('A')\nimport heard.one\n",
        "with open('x'):\n    import heard.one\n",
        "if True:\n    import heard.one\n",
        "from . import one\n",
        "import unheard\n",
        "import (heard.one\n",
        '"""import heard.one\n',
    ],
)
def test_what_may_need_something_else_is_left_alone(folder: Path, text: str) -> None:
    assert imported(folder, text) == set()
