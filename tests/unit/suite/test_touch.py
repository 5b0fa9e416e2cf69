import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from ci_toolkit.model.journal import Failure
from ci_toolkit.model.traced_lines import TracedFile
from ci_toolkit.suite.touch import Touch

CODE = """
def one():
    return 1

def two():
    return 2
"""
TEST = "/nowhere/test_shop.py"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = tmp_path / "touched" / "shop.py"
    path.parent.mkdir()
    path.write_text(CODE)
    spec = importlib.util.spec_from_file_location("touched_shop", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "touched_shop", module)
    return module


def in_thread(function: Callable[[], object]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


@pytest.mark.parametrize(
    ("run", "touches"),
    [
        (lambda shop: shop.one(), True),
        (lambda shop: in_thread(shop.one), True),
        (lambda shop: shop.two(), False),
        (lambda _: None, False),
        (lambda _: subprocess.run([sys.executable, "-c", ""], check=True), None),
        (lambda _: sys.settrace(None), None),
    ],
    ids=["its line", "in a thread", "another line", "nothing", "another process", "untraced"],
)
def test_a_test_touches_what_it_runs(
    shop: ModuleType,
    run: Callable[[ModuleType], object],
    touches: bool | None,  # noqa: FBT001 (a column of the table)
) -> None:
    touch = Touch([TracedFile(path=str(shop.__file__), lines=((3, 3),))])
    before = sys.gettrace()
    with touch.watched():
        run(shop)
    assert sys.gettrace() is before
    assert touch.of(TEST, [], "/nowhere") is touches

    with touch.watched():
        pass
    assert touch.of(TEST, [], "/nowhere") is False


def test_what_runs_at_the_import_touches_every_test_of_a_process_that_imports_it(shop: ModuleType) -> None:
    path = str(shop.__file__)
    assert Touch([TracedFile(path=path, at_import=True)]).of(TEST, [], "/nowhere") is True
    assert Touch([TracedFile(path=f"{path}x", at_import=True)]).of(TEST, [], "/nowhere") is False


def test_the_file_of_the_test_and_the_frames_of_its_failure_are_touched(shop: ModuleType) -> None:
    path = Path(str(shop.__file__))
    touch = Touch([TracedFile(path=str(path), lines=((3, 3),))])
    root = str(path.parents[1])
    frames = Failure(message="", detail="touched/shop.py:3: in one\n    return 1\ntests/test_a.py:9: AssertionError")
    assert touch.of(TEST, [frames], root) is True
    assert touch.of(TEST, [Failure(message="", path="touched/shop.py", line=3)], root) is True
    assert touch.of(TEST, [Failure(message="", path="touched/shop.py", line=6)], root) is False
    assert touch.of(str(path), [], root) is True


@pytest.mark.usefixtures("shop")
def test_of_what_is_installed_and_not_imported_from_the_checkout_nobody_knows(tmp_path: Path) -> None:
    copy = tmp_path / "checkout" / "touched" / "shop.py"
    assert Touch([TracedFile(path=str(copy), lines=((3, 3),))]).of(TEST, [], "/nowhere") is None
