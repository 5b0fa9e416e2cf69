"""What stands among the imported modules: the digests of the project's own files come from it, and nothing breaks on it."""

import hashlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ci_toolkit.suite.sources import executed_sources

LATER = 9_000_000_000.0


class SaysThatItIsAModule:
    """As a library of cffi does."""

    __slots__ = ()
    __class__ = ModuleType  # type: ignore[assignment]


class HidesItsNames(ModuleType):
    @property
    def __dict__(self) -> dict[str, object]:  # type: ignore[override]
        raise RuntimeError("not now")


def file_of(tmp_path: Path) -> Path:
    path = tmp_path / "pkg.py"
    path.write_text("X = 1\n")
    return path


@pytest.mark.parametrize("odd", [SaysThatItIsAModule(), HidesItsNames("odd"), object(), None])
def test_an_odd_object_among_the_modules_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: object
) -> None:
    module = ModuleType("pkg_of_this_test")
    module.__file__ = str(file_of(tmp_path))
    monkeypatch.setitem(sys.modules, "odd_of_this_test", odd)
    monkeypatch.setitem(sys.modules, "pkg_of_this_test", module)
    digest = hashlib.sha256(b"X = 1\n").hexdigest()
    assert executed_sources(str(tmp_path), LATER).files == (("pkg.py", digest),)
